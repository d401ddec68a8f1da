"""What ``feedline train`` was asked to do: the content of ``args.yaml``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from feedline.errors import RunError

_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "int | None": (int, type(None)),
    "float | None": (float, int, type(None)),
    "str | None": (str, type(None)),
}

S = TypeVar("S", bound="CommonSettings")


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What every task is told, by the names of the command's options."""

    data: str
    size: int | None = None
    val: float = 0.2
    workers: int = 2
    seed: int = 0
    device: str = "auto"
    on_error: str = "raise"
    check: bool = True

    @classmethod
    def from_options(cls: type[S], options: Mapping[str, Any]) -> S:
        """From those options that are of this task; of those that nobody gave (None) the defaults."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in options.items() if name in names and value is not None})

    @classmethod
    def from_args(cls: type[S], args: Mapping[str, Any]) -> S:
        """From the content of ``args.yaml``; what it holds besides is passed over.

        Raises:
            RunError: a setting is missing, or of another type.
        """
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in args]
        if missing:
            raise RunError(f"args.yaml lacks {', '.join(missing)}")
        for field in fields(cls):
            kinds = _KINDS[str(field.type)]
            if not isinstance(args[field.name], kinds):
                raise RunError(f"args.yaml: {field.name} must be {field.type}, not {args[field.name]!r}")
        return cls(**{name: args[name] for name in names})

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def name(self) -> str:
        """What a run on this data is called."""
        return os.path.splitext(os.path.basename(os.path.normpath(self.data)))[0] or "run"


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """Of a classifier."""

    model: str = "cnn"
    epochs: int = 10
    batch_size: int = 64
    lr: float = 3e-3
    mode: str = "auto"
    augment: str = "light"


@dataclass(frozen=True, kw_only=True)
class TranslateSettings(CommonSettings):
    """Of a translator: the numbers of pix2pix where nobody says otherwise.

    ``model`` None is the U-Net whose size is nearest to that of the images, ``discriminator`` None what suits it, and
    ``norm`` None is instance norm for single pictures, batch norm else: over one picture they are the same while
    training, and only the former is in use as it was then.
    """

    pair: str | None = None
    mask: str | None = None
    derive: str | None = None
    direction: str = "AtoB"
    model: str | None = None
    width: float = 1.0
    norm: str | None = None
    dropout: float = 0.5
    discriminator: int | None = None
    loss: str = "bce"
    l1: float = 100.0
    gan: float = 1.0
    epochs: int = 200
    constant: int | None = None
    batch_size: int = 1
    lr: float = 2e-4
    resize: bool = True
    augment: str = "flip"
    colours: str = "none"


def place_of_data(data: str) -> str:
    """A path that stays the same in another working directory; "glyphs" and addresses as they are."""
    return data if data == "glyphs" or "://" in data else os.path.abspath(data)
