"""GIF (87a and 89a): blocks walked here, frames by Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import GifImagePlugin

from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes, unpack
from feedline.codecs.pillow import open_as, pixels
from feedline.errors import DecodeError
from feedline.types import Header, Image

_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_CONTROL = 0xF9


@dataclass(frozen=True, slots=True)
class _Frame:
    right: int
    bottom: int
    transparent: bool


def read_header(data: Bytes, page: int = 0) -> Header:
    """The size of the canvas, grown to hold the frames up to the asked one; 3 channels, 4 with transparency; 8 bits.

    Raises:
        DecodeError: it ends before that frame, or has no size.
        ValueError: no such frame.
    """
    frames = _frames(data)
    width, height = unpack("<HH", data, 6) if len(data) >= 10 else (0, 0)
    transparent = False
    for number in range(page + 1):
        frame = next(frames, None)
        if frame is None and number:
            raise ValueError(f"page must be below {number}, the number of its frames, not {page}")
        if frame is None:
            raise DecodeError(f"truncated GIF: no frame in {len(data)} bytes", "truncated")
        width, height = max(width, frame.right), max(height, frame.bottom)
        transparent = transparent or frame.transparent
    if not width or not height:
        raise DecodeError(f"corrupt GIF: its header says {width} x {height} pixels", "corrupt")
    return Header("gif", width, height, 4 if transparent else 3, 8)


def decode(data: bytes, how: How = PLAIN) -> Image:
    """Pixels of a frame on its canvas, HxWxC uint8, RGB or RGBA.

    ``how.partial`` takes a file whose frames up to the asked one are whole.

    Raises:
        DecodeError: truncated (no end) or not decodable.
    """
    if not how.partial:
        for _ in _frames(data):
            pass
    image = open_as("GIF", GifImagePlugin.GifImageFile, data)
    return _colours(pixels(image, "GIF", how.page))


def _colours(image: Image) -> Image:
    """Grey palettes are palettes too."""
    return image[:, :, [0, 0, 0, *range(1, image.shape[2])]] if image.shape[2] < 3 else image


def _frames(data: Bytes) -> Iterator[_Frame]:
    """The frames, by their descriptors.

    Raises:
        DecodeError: the file ends before the block that says that it does.
    """
    if len(data) < 13:
        raise DecodeError(f"truncated GIF: {len(data)} bytes end within its header", "truncated")
    position, transparent = 13 + _table(data[10]), False
    while position < len(data) and data[position] != _END:
        if data[position] == _EXTENSION:
            if data[position + 1 : position + 3] == bytes((_CONTROL, 4)):
                transparent = bool(data[position + 3 : position + 4] > b"" and data[position + 3] & 1)
            position = _behind(data, position + 2)
        elif data[position] == _FRAME and position + 10 <= len(data):
            left, top, width, height, flags = unpack("<HHHHB", data, position + 1)
            yield _Frame(left + width, top + height, transparent)
            position, transparent = _behind(data, position + 11 + _table(flags)), False
        else:
            position += 1  # what lies between blocks is passed over, as readers do
    if position >= len(data):
        raise DecodeError(f"truncated GIF: {len(data)} bytes have no end", "truncated")


def _behind(data: Bytes, position: int) -> int:
    """Where the sub-blocks that begin at ``position`` end."""
    while position < len(data):
        size = data[position]
        position += 1 + size
        if not size:
            break
    return position


def _table(flags: int) -> int:
    """The bytes of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0
