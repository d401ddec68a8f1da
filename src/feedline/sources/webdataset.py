"""WebDataset's naming: members of one key are one sample, the rest of the name says what each of them is."""

from __future__ import annotations

import json
from typing import Any

from feedline.errors import DecodeError

SIDES = frozenset({"cls", "json", "txt"})
"""What may lie beside an image: its class, what is known of it, a caption."""
MOST_SIDE = 2**24
_LONGEST = 1000


def split(name: str) -> tuple[str, str]:
    """Key and extension: all behind the first dot of the last part of the name, in small letters."""
    folder, slash, file = name.rpartition("/")
    key, _, extension = file.partition(".")
    return f"{folder}{slash}{key}", extension.lower()


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
    """The class as a ``.cls`` or a ``.json`` says it, a number or a name; None where it says none."""
    if extension == "cls":
        return _short(read_text(data))
    found = read_json(data)
    label = found.get("label") if isinstance(found, dict) else None
    plain = isinstance(label, int | str) and not isinstance(label, bool)
    return _short(str(label)) if plain else None


def _short(label: str) -> str | None:
    label = label.strip()
    if len(label) > _LONGEST:
        raise DecodeError(f"a class has a name of at most {_LONGEST} letters, not {len(label):,}", "corrupt")
    return label or None
