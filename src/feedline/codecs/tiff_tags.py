"""The directories of a TIFF (6.0 and BigTIFF): tags by number, and a page written as a file of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedline.codecs.lazy import Bytes, unpack
from feedline.errors import DecodeError

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8"}
_LONG, _LONG8 = 4, 16
_MOST_TAGS = 4096
_LARGEST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry: its type, how many values, and where they begin."""

    kind: int
    count: int
    place: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The tags of one page; their values are read when they are asked for."""

    data: Bytes
    order: str
    tags: dict[int, Tag]

    def values(self, tag: int) -> NDArray[np.uint64]:
        """The whole numbers of a tag; none where it is missing or of another type.

        Raises:
            DecodeError: they lie beyond the end of the file ("truncated").
        """
        entry = self.tags.get(tag)
        if entry is None or entry.kind not in _WHOLE:
            return np.zeros(0, np.uint64)
        return np.frombuffer(self.raw(tag), self.order + _WHOLE[entry.kind]).astype(np.uint64)

    def first(self, tag: int, default: int = 0) -> int:
        values = self.values(tag)
        return int(values[0]) if len(values) else default

    def raw(self, tag: int) -> bytes:
        """The bytes of a tag's values.

        Raises:
            DecodeError: they lie beyond the end of the file ("truncated").
        """
        entry = self.tags[tag]
        size = entry.count * _SIZES[entry.kind]
        if entry.place + size > len(self.data):
            raise DecodeError(f"truncated TIFF: tag {tag} ends beyond its {len(self.data)} bytes", "truncated")
        return self.data[entry.place : entry.place + size]


def directories(data: Bytes) -> Iterator[Directory]:
    """One directory a page, in their order.

    Raises:
        DecodeError: one begins or ends beyond the end of the file ("truncated"), or they run in a circle ("corrupt").
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    if len(data) < (16 if big else 8):
        raise DecodeError(f"truncated TIFF: {len(data)} bytes end within its header", "truncated")
    (place,) = unpack(order + ("Q" if big else "I"), data, 8 if big else 4)
    seen: set[int] = set()
    while place:
        if place in seen:
            raise DecodeError("corrupt TIFF: its directories run in a circle", "corrupt")
        seen.add(place)
        directory, place = _directory(data, order, big, place)
        yield directory


def _directory(data: Bytes, order: str, big: bool, place: int) -> tuple[Directory, int]:
    counter, entry, offset = ("Q", "HHQ", "Q") if big else ("H", "HHI", "I")
    start, step = place + struct.calcsize("=" + counter), struct.calcsize("=" + entry + offset)
    count = unpack(order + counter, data, place)[0] if start <= len(data) else 0
    end = start + count * step
    if start > len(data) or (count <= _MOST_TAGS and end > len(data)):
        raise DecodeError(f"truncated TIFF: a directory at {place} ends beyond its {len(data)} bytes", "truncated")
    if not 0 < count <= _MOST_TAGS:
        raise DecodeError(f"corrupt TIFF: a directory at {place} of {count} tags", "corrupt")
    tags: dict[int, Tag] = {}
    room = struct.calcsize(offset)
    for at in range(start, end, step):
        tag, kind, number = unpack(order + entry, data, at)
        if kind in _SIZES and number:
            inside = number * _SIZES[kind] <= room
            value = at + step - room if inside else unpack(order + offset, data, at + step - room)[0]
            tags.setdefault(tag, Tag(kind, number, value))
    last = end + room <= len(data)
    return Directory(data, order, tags), unpack(order + offset, data, end)[0] if last else 0


def single(data: bytes, directory: Directory, kept: frozenset[int], changed: dict[int, list[int]]) -> bytes:
    """A classic TIFF of one page: the tags of ``kept`` as they are, and those of ``changed`` with these numbers.

    Decoders meet no tag that they do not need, no other page, no 64 bit offset.

    Raises:
        DecodeError: offsets beyond 4 GiB ("unsupported").
    """
    order = directory.order
    if len(data) > _LARGEST - 2**20:
        raise DecodeError("a TIFF of more than 4 GiB is not read", "unsupported")
    found = {tag: _classic(directory, tag) for tag in kept & directory.tags.keys()}
    found |= {
        tag: (_LONG, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers)) for tag, numbers in changed.items()
    }
    start = len(data) + len(data) % 2
    behind, entries = start + 2 + 12 * len(found) + 4, []
    values: list[bytes] = []
    for tag, (kind, count, raw) in sorted(found.items()):
        if len(raw) > 4:
            entries.append(struct.pack(order + "HHII", tag, kind, count, behind))
            values.append(raw + bytes(len(raw) % 2))
            behind += len(values[-1])
        else:
            entries.append(struct.pack(order + "HHI", tag, kind, count) + raw.ljust(4, b"\0"))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    listed = struct.pack(order + "H", len(found)) + b"".join(entries) + bytes(4)
    return b"".join([head, data[8:], bytes(len(data) % 2), listed, *values])


def _classic(directory: Directory, tag: int) -> tuple[int, int, bytes]:
    entry = directory.tags[tag]
    if entry.kind != _LONG8:
        return entry.kind, entry.count, directory.raw(tag)
    numbers = directory.values(tag)
    if len(numbers) and int(numbers.max()) > _LARGEST:
        raise DecodeError(f"truncated TIFF: tag {tag} points beyond the end of the file", "truncated")
    return _LONG, entry.count, numbers.astype(directory.order + "u4").tobytes()
