"""BMP (Windows and OS/2 bitmaps): the header checked here, the pixels by Pillow."""

from __future__ import annotations

from PIL import BmpImagePlugin

from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes, unpack
from feedline.codecs.pillow import channels_of, open_as, pixels
from feedline.errors import DecodeError
from feedline.types import Header, Image

_HEAD = 4096
"""More than all that comes before the pixels: at most 14 + 124 bytes, masks and 256 colours."""
_RUNS = (1, 2)
"""Run lengths of 8 and 4 bits: how long their data are, they alone know."""
_OLD = 12  # the length of the header of OS/2 1, whose sizes have 16 bits
_MOST_MISSING = 1000  # times what is there: a header that claims more is not believed


def read_header(data: Bytes) -> Header:
    """Size, channels (a palette counts as 3, one of greys as 1) and bits.

    Raises:
        DecodeError: a header that ends early, or a size of zero, or a kind that does not exist.
    """
    width, height, _, _ = _sizes(data)
    image = open_as("BMP", BmpImagePlugin.BmpImageFile, data[:_HEAD])
    channels = channels_of(image, "BMP")
    return Header("bmp", width, abs(height), channels, 1 if image.mode == "1" else 8)


def decode(data: bytes, how: How = PLAIN) -> Image:
    """Pixels, HxWxC uint8, as L, RGB or RGBA. ``how.partial`` takes a file that ends early: what is missing is 0.

    Raises:
        DecodeError: truncated or not decodable.
    """
    width, height, bits, packing = _sizes(data)
    (start,) = unpack("<I", data, 10)
    missing = 0 if packing in _RUNS else start + (width * bits + 31) // 32 * 4 * abs(height) - len(data)
    if missing > 0 and (not how.partial or start > len(data) or missing > _MOST_MISSING * len(data)):
        raise DecodeError(f"truncated BMP: {missing} bytes are missing behind its {len(data)}", "truncated")
    whole = data + bytes(missing) if missing > 0 else data
    return pixels(open_as("BMP", BmpImagePlugin.BmpImageFile, whole), "BMP")


def _sizes(data: Bytes) -> tuple[int, int, int, int]:
    """Width, height (negative where the rows run downward), bits a pixel, kind of packing."""
    if len(data) < 26:
        raise DecodeError(f"truncated BMP: {len(data)} bytes end within its header", "truncated")
    (length,) = unpack("<I", data, 14)
    if len(data) < 14 + length <= 14 + 124:
        raise DecodeError(f"truncated BMP: {len(data)} bytes end within its header", "truncated")
    if length == _OLD:
        width, height, _, bits = unpack("<HHHH", data, 18)
        packing = 0
    elif length >= 40 and len(data) >= 34:
        width, height, _, bits, packing = unpack("<iiHHI", data, 18)
    else:
        raise DecodeError(f"corrupt BMP: its header says that it is {length} bytes long", "corrupt")
    if width <= 0 or not height:
        raise DecodeError(f"corrupt BMP: its header says {width} x {height} pixels", "corrupt")
    return width, height, bits, packing
