"""Names that are safe on a disk, of names that came from anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TypeVar

from feedline.sources.scan import SUFFIXES

_FORBIDDEN = frozenset('/\\:*?"<>|')
_LONGEST = 120  # bytes; names have 255, and a number may come behind
_ENDINGS = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "bmp": (".bmp",),
    "gif": (".gif",),
    "npy": (".npy",),
}
Made = TypeVar("Made")


def safe(name: str, otherwise: str) -> str:
    """A name of one file or folder, that is not hidden and leads nowhere; ``otherwise`` where nothing is left of it."""
    plain = "".join("_" if letter in _FORBIDDEN or not letter.isprintable() else letter for letter in name)
    short = plain.strip(" .").encode()[:_LONGEST].decode("utf-8", "ignore")
    return short.strip(" .") or otherwise


def stem_of(path: str) -> str:
    """The safe name of the file at a path, in the way of any system, without its ending."""
    return safe(os.path.splitext(path.replace("\\", "/").rpartition("/")[2])[0], "image")


def ending_of(path: str, form: str) -> str:
    """What the name of an image of this format ends in, with the dot: as its path's, where that fits.

    Args:
        path: that it had.
        form: its format; of raw pixels, that which they are written in.
    """
    own = os.path.splitext(path)[1]
    usual = _ENDINGS.get(form)
    if usual is not None:
        return own if own.lower() in usual else usual[0]
    return own if own.lower() in SUFFIXES else f".{safe(form, 'image')}"


def first_free(folder: Path, stem: str, ending: str, number: int, make: Callable[[Path], Made]) -> Made:
    """What ``make`` gives for the first name in the folder that is not taken; it raises FileExistsError where one is.

    The disk is asked, and no list of names is kept: it also knows which letters are the same to it.
    """
    for name in _names(stem, number):
        try:
            return make(folder / f"{name}{ending}")
        except FileExistsError:
            continue
    raise AssertionError("there is always another name")


def _names(stem: str, number: int) -> Iterator[str]:
    yield stem
    yield f"{stem}-{number}"
    yield from (f"{stem}-{number}-{again}" for again in count(2))
