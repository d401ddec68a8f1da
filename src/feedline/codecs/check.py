"""What is broken about one file: the one definition for the whole package."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from feedline.codecs.decode import decode
from feedline.codecs.lazy import read_file
from feedline.codecs.sniff import sniff
from feedline.errors import DecodeError, Kind
from feedline.types import Mode

VERSION = 2
"""Raised when the answer for some file changes, so that remembered answers are asked for again."""

_MAY_BE_BLANK = ("tiff", "raw")
"""Formats that instruments write, also where the sensor gave nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that is broken or not read, or (kind "blank") suspicious: where, in which way, and why."""

    path: str
    index: int
    kind: Kind
    cause: str

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


def check_file(path: str, index: int, mode: Mode = "unchanged") -> Problem | None:
    """Reads and decodes the file once, fully; None where it is good.

    A file is broken where it cannot be read, is empty, is no image, ends early, does not decode, is larger than the
    limits of :func:`feedline.decode`, or is of a format or kind that is not read, or not as 8 bits where ``mode``, the
    dataset's, asks for that. A TIFF or RAW of nothing but zeros is a problem of kind "blank": it decodes, but something
    may have failed where it was written. Of several pages or frames the first is looked at. Damage that a decoder makes
    good without a word is not seen: bytes lost or overwritten in the middle of a JPEG (or of a TIFF that is packed as
    one, or as a fax), or numbers of a TIFF that stay numbers.
    """
    try:
        return check_data(read_file(path), path, index, mode)
    except DecodeError as error:
        return Problem(path, index, error.kind, error.cause)


def check_data(data: bytes, path: str, index: int, mode: Mode = "unchanged") -> Problem | None:
    """As :func:`check_file`, of a file's bytes; ``path`` is where they came from."""
    try:
        image = decode(data, mode, dtype=None if mode == "unchanged" else "uint8")
    except DecodeError as error:
        return Problem(path, index, error.kind, error.cause)
    colours = image[:, :, :-1] if image.shape[2] in (2, 4) else image
    if sniff(data) in _MAY_BE_BLANK and not colours.any():
        return Problem(path, index, "blank", "every pixel is 0: it decodes, but there may be nothing in it")
    return None
