"""WebP (RFC 9649): the header by its chunks, stills by OpenCV, animations by Pillow."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from PIL import WebPImagePlugin

from feedline.codecs.exif import find_orientation, xmp_orientation
from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes, unpack
from feedline.codecs.pillow import open_as, pixels
from feedline.errors import DecodeError
from feedline.types import Header, Image

_FIRST = 12  # RIFF, length, WEBP
_ALPHA, _ANIMATED, _EXIF, _XMP = 0x10, 0x02, 0x08, 0x04
_LOSSLESS_MARK, _LOSSY_MARK = b"\x2f", b"\x9d\x01\x2a"


def read_header(data: Bytes, page: int = 0) -> Header:
    """Size (of all frames of an animation), channels and the orientation of its EXIF chunk; 8 bits.

    Raises:
        DecodeError: no whole first chunk, or none that a WebP begins with.
        ValueError: a page above 0 of a picture that does not move.
    """
    kind, start, length = next(_chunks(data), (b"", 0, 0))
    if start + min(length, 10) > len(data) or not kind:
        raise DecodeError(f"truncated WebP: {len(data)} bytes end within its first chunk", "truncated")
    if page and not (kind == b"VP8X" and data[start] & _ANIMATED):
        raise ValueError(f"page must be below 1, the number of its frames, not {page}")
    width, height, alpha = _size(kind, data[start : start + 10])
    if not width or not height:
        raise DecodeError(f"corrupt WebP: its header says {width} x {height} pixels", "corrupt")
    return Header("webp", width, height, 4 if alpha else 3, 8, _orientation(data, kind, start))


def decode(data: bytes, how: How = PLAIN) -> Image:
    """Pixels of a frame, HxWxC uint8, RGB or RGBA. A file that ends early gives none, ``how.partial`` or not.

    Raises:
        DecodeError: truncated or not decodable.
        ValueError: no such frame.
    """
    (size,) = unpack("<I", data, 4)
    if size + 8 > len(data):
        raise DecodeError(
            f"truncated WebP: {size + 8 - len(data)} bytes are missing behind its {len(data)}", "truncated"
        )
    kind, start, _ = next(_chunks(data), (b"", 0, 0))
    if kind == b"VP8X" and data[start] & _ANIMATED:
        return _frame(data, how.page)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DecodeError("corrupt WebP: its compressed data cannot be decoded", "corrupt")
    if image.shape[2] == 4 and read_header(data).channels == 3:
        image = image[:, :, :3]
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def _frame(data: bytes, page: int) -> Image:
    image = open_as("WebP", WebPImagePlugin.WebPImageFile, data)
    if page >= image.n_frames:
        raise ValueError(f"page must be below {image.n_frames}, the number of its frames, not {page}")
    return pixels(image, "WebP", page)


def _size(kind: bytes, head: bytes) -> tuple[int, int, bool]:
    """Width, height, and whether there is alpha."""
    if kind == b"VP8X" and len(head) == 10:
        flags = head[0]
        width, height = int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
        return width, height, bool(flags & _ALPHA)
    if kind == b"VP8L" and head[:1] == _LOSSLESS_MARK:
        packed = int.from_bytes(head[1:5], "little")
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1, bool(packed >> 28 & 1)
    if kind == b"VP8 " and head[3:6] == _LOSSY_MARK:
        width, height = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
        return width & 0x3FFF, height & 0x3FFF, False
    raise DecodeError(f"corrupt WebP: it begins with a chunk {kind!r} of {head!r}", "corrupt")


def _orientation(data: Bytes, kind: bytes, start: int) -> int:
    """EXIF's, or else XMP's."""
    if kind != b"VP8X" or not data[start] & (_EXIF | _XMP):
        return 1
    stated: dict[bytes, int | None] = {}
    for name, place, length in _chunks(data):
        if name == b"EXIF":
            stated[name] = find_orientation(data[place : place + length].removeprefix(b"Exif\0\0"))
        elif name == b"XMP ":
            stated[name] = xmp_orientation(data[place : place + length])
    return stated.get(b"EXIF") or stated.get(b"XMP ") or 1


def _chunks(data: Bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, where the body begins, and its length."""
    position = _FIRST
    while position + 8 <= len(data):
        kind, length = unpack("<4sI", data, position)
        yield kind, position + 8, length
        position += 8 + length + (length & 1)
