"""What is broken about one file: the one definition for the whole package."""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass

from feedline.codecs.decode import decode
from feedline.errors import DecodeError, Kind

VERSION = 1
"""Raised when the answer for some file changes, so that remembered answers are asked for again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that is broken or not read: where, in which way, and why."""

    path: str
    index: int
    kind: Kind
    cause: str

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


def check_file(path: str, index: int) -> Problem | None:
    """Reads and decodes the file once, fully; None where it is good.

    A file is broken where it cannot be read, is empty, is no image, ends early, or does not decode. One kind of damage
    is not seen: bytes lost from the middle of a JPEG that ends as it should, which its decoder makes good with grey.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return Problem(path, index, "unreadable", "not a regular file")
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        return Problem(path, index, "unreadable", error.strerror or str(error))
    return check_data(data, path, index)


def check_data(data: bytes, path: str, index: int) -> Problem | None:
    """Decodes the bytes of a file once, fully; None where they are good."""
    try:
        decode(data, "unchanged")
    except DecodeError as error:
        return Problem(path, index, error.kind, error.cause)
    return None
