"""What ``feedline train`` was asked to do: the content of ``args.yaml``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from feedline.errors import RunError

_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "int | None": (int, type(None)),
}


@dataclass(frozen=True)
class Settings:
    """As the options of the command, by their names."""

    data: str
    model: str
    epochs: int
    batch_size: int
    lr: float
    size: int | None
    mode: str
    augment: str
    val: float
    workers: int
    seed: int
    device: str
    on_error: str
    check: bool

    @classmethod
    def from_args(cls, args: Mapping[str, Any]) -> Settings:
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
