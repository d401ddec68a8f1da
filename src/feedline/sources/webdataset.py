"""WebDataset's naming: members of one key are one sample, the rest of the name says what each of them is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from feedline.errors import DecodeError

SIDES = frozenset({"cls", "json", "txt"})
"""What may lie beside an image: its class, what is known of it, a caption."""
MASKS = tuple(f"{name}.{kind}" for name in ("seg", "mask", "segmentation") for kind in ("png", "npy", "tif", "tiff"))
"""The extensions of what beside a picture is its mask; of several masks that of the first of these counts."""
MOST_SIDE = 2**24
_LONGEST = 1000
_SHOWN = 50


class LabelError(ValueError):
    """A label that is there, and is neither a number nor a name of a class."""


def split(name: str) -> tuple[str, str]:
    """Key and extension: all behind the first dot of the last part of the name, in small letters."""
    folder, slash, file = name.rpartition("/")
    key, _, extension = file.partition(".")
    return f"{folder}{slash}{key}", extension.lower()


def parted(names: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The images among names that may be images, in their order, and the masks of each key, the one that counts first.

    Beside a picture of the same key what is named as a mask is one, and other arrays are left out.
    """
    kinds = {name: split(name) for name in names}
    pictures = {key for name, (key, kind) in kinds.items() if kind not in MASKS and not is_array(name)}
    masks: dict[str, list[str]] = {}
    for name, (key, kind) in kinds.items():
        if key in pictures and kind in MASKS:
            masks.setdefault(key, []).append(name)
    for found in masks.values():
        found.sort(key=lambda name: MASKS.index(kinds[name][1]))
    beside = {name for name, (key, kind) in kinds.items() if key in pictures and (kind in MASKS or is_array(name))}
    return [name for name in kinds if name not in beside], masks


def is_array(name: str) -> bool:
    return name.lower().endswith(".npy")


def read_json(data: bytes) -> Any:
    """Raises a DecodeError where it is none."""
    try:
        return json.loads(data)
    except RecursionError:
        raise DecodeError("the .json beside it cannot be read: it is nested too deep", "corrupt") from None
    except ValueError as error:
        raise DecodeError(f"the .json beside it cannot be read: {error}", "corrupt") from error


def read_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def label_in(extension: str, data: bytes) -> str | None:
    """The class as a ``.cls`` or a ``.json`` says it, a number or a name; None where it says none.

    Raises:
        DecodeError: it cannot be read, or is a name beyond every reason.
        LabelError: the "label" in a .json is neither a whole number nor a name.
    """
    if extension == "cls":
        return _short(read_text(data))
    found = read_json(data)
    label = found.get("label") if isinstance(found, dict) else None
    if label is None:
        return None
    if isinstance(label, bool) or not isinstance(label, int | str):
        raise LabelError(json.dumps(label)[:_SHOWN])
    return _short(str(label))


def _short(label: str) -> str | None:
    label = label.strip()
    if len(label) > _LONGEST:
        raise DecodeError(f"a class has a name of at most {_LONGEST} letters, not {len(label):,}", "corrupt")
    return label or None
