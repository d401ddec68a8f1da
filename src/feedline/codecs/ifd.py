"""The directories of a TIFF file (Adobe TIFF 6.0): a walk that ends on any bytes whatever."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from feedline.codecs.lazy import Bytes

MOST_DIRECTORIES = 64
MOST_ENTRIES = 1024
MOST_CHILDREN = 16
"""Cameras write fewer of each; more are not looked at."""

_SUB_DIRECTORIES = 330
_ENTRY = 12
_WHOLE_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 13: "u4"}  # byte, short, long and the place of a directory
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: where the entry of each tag lies in ``data``, ``order`` being "<" or ">"."""

    data: Bytes
    order: str
    places: dict[int, int]

    def __contains__(self, tag: int) -> bool:
        return tag in self.places

    def numbers(self, tag: int) -> list[int]:
        """The whole numbers of a tag; none where it is missing, of another type, or not wholly in the file."""
        if tag not in self.places:
            return []
        place = self.places[tag]
        kind, count = _unpack(self.order + "HI", self.data, place + 2)
        if kind not in _WHOLE_NUMBERS:
            return []
        dtype = np.dtype(self.order + _WHOLE_NUMBERS[kind])
        start = place + 8
        if count * dtype.itemsize > 4:
            (start,) = _unpack(self.order + "I", self.data, start)
        end = start + count * dtype.itemsize
        if end > len(self.data):
            return []
        values: list[int] = np.frombuffer(self.data[start:end], dtype).tolist()
        return values


def directories(data: Bytes) -> Iterator[Directory]:
    """The first directory, then those that follow it or lie below; none where the bytes are no TIFF.

    Each place is visited once, and no more than ``MOST_DIRECTORIES`` are.
    """
    order = _ORDERS.get(data[:4])
    if order is None or len(data) < 8:
        return
    waiting = deque(_unpack(order + "I", data, 4))
    seen: set[int] = set()
    while waiting and len(seen) < MOST_DIRECTORIES:
        start = waiting.popleft()
        if start in seen or not 8 <= start <= len(data) - 2:
            continue
        seen.add(start)
        directory, following = _read(data, order, start)
        yield directory
        waiting.extend(following)
        waiting.extend(directory.numbers(_SUB_DIRECTORIES)[:MOST_CHILDREN])


def _unpack(form: str, data: Bytes, place: int) -> tuple[int, ...]:
    return struct.unpack(form, data[place : place + struct.calcsize(form)])


def _read(data: Bytes, order: str, start: int) -> tuple[Directory, tuple[int, ...]]:
    """The directory at ``start``, as far as it lies in the file, and where the next one is said to be."""
    (count,) = _unpack(order + "H", data, start)
    end = start + 2 + count * _ENTRY
    whole = min(count, MOST_ENTRIES, (len(data) - start - 2) // _ENTRY)
    places: dict[int, int] = {}
    for entry in range(start + 2, start + 2 + whole * _ENTRY, _ENTRY):
        (tag,) = _unpack(order + "H", data, entry)
        places.setdefault(tag, entry)
    following = _unpack(order + "I", data, end) if end + 4 <= len(data) else ()
    return Directory(data, order, places), following
