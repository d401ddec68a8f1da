"""A PNG that ends early, made whole: the rows that are there, and zeros."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from feedline.errors import DecodeError

_SIGNATURE = 8
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type, as they lie in a row
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS"})
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: first column, first row, step of columns, step of rows."""
_PIECE = 1024


def mend(data: bytes) -> bytes:
    """A whole PNG of what the cut one still says.

    Raises:
        DecodeError: not even its header is whole ("truncated").
    """
    kept, packed = [], []
    for kind, body, whole in _parts(data):
        if kind == b"IDAT":
            packed.append(body)
        elif kind in _KEPT and whole:
            kept.append((kind, body))
    if not kept or kept[0][0] != b"IHDR" or not packed:
        raise DecodeError(f"truncated PNG: no pixels in {len(data)} bytes", "truncated")
    size = raw_size(kept[0][1])
    rows = _inflate(b"".join(packed), size).ljust(size, b"\0")
    chunks = [*kept, (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    return data[:_SIGNATURE] + b"".join(_chunk(kind, body) for kind, body in chunks)


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    position = _SIGNATURE
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        yield kind, data[position + 8 : end], end <= len(data)
        position = end + 4


def _inflate(packed: bytes, size: int) -> bytes:
    """At most ``size`` bytes: as many as come before the cut, or before damage."""
    inflater, parts, length = zlib.decompressobj(), [], 0
    try:
        for start in range(0, len(packed), _PIECE):
            piece = packed[start : start + _PIECE]
            while piece and length < size:
                parts.append(inflater.decompress(piece, size - length))
                length += len(parts[-1])
                piece = inflater.unconsumed_tail
    except zlib.error:
        pass
    return b"".join(parts)


def raw_size(header: bytes) -> int:
    """The bytes of all rows with their filters, before they are packed."""
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    deep = _SAMPLES.get(colour, 1) * bits
    steps = _PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(width - left) // across), -(-(height - top) // down)) for left, top, across, down in steps]
    return sum(rows * (1 + (columns * deep + 7) // 8) for columns, rows in sizes if columns > 0 and rows > 0)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
