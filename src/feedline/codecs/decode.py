"""Bytes to an upright image in the asked mode."""

from __future__ import annotations

from types import ModuleType

from feedline.codecs.color import MODES, to_mode, to_uint8
from feedline.codecs.exif import orient
from feedline.codecs.sniff import CODECS, sniff
from feedline.errors import DecodeError
from feedline.types import Header, Image, Mode

MAX_PIXELS = 2**28
"""The largest image that is decoded, 268 megapixels: a header that claims more is taken for an attack."""


def decode(data: bytes | bytearray | memoryview, mode: Mode = "RGB", *, max_pixels: int = MAX_PIXELS) -> Image:
    """The image in ``data``, chosen by content, as HxWxC uint8, upright as its EXIF orientation says.

    Args:
        data: a whole JPEG or PNG file.
        mode: "RGB" (3 channels), "L" (1) or "unchanged" (L, LA, RGB or RGBA as stored). Alpha is composed on
            white where the mode has none; 16 bits become 8 by round(value / 257).
        max_pixels: the largest width times height that is decoded.

    Raises:
        DecodeError: not an image, a format that is not read, broken, truncated or too large.
        ValueError: an unknown mode.
    """
    check_mode(mode)
    data = bytes(data)
    codec = _codec(data)
    header: Header = codec.read_header(data)
    if header.width * header.height > max_pixels:
        raise DecodeError(
            f"{header.width} x {header.height} pixels are more than max_pixels={max_pixels}; "
            "raise that limit if you trust the file",
            "too large",
        )
    image: Image = codec.decode(data, grey=mode == "L")
    if image.shape[:2] != (header.height, header.width):
        raise DecodeError(
            f"its header says {header.width} x {header.height} pixels, its content {image.shape[1]} x {image.shape[0]}",
            "corrupt",
        )
    upright = orient(to_mode(to_uint8(image), mode), header.orientation)
    return upright if upright.ndim == 3 else upright[:, :, None]


def probe(data: bytes | bytearray | memoryview) -> Header:
    """Format, stored size, channels, bits and orientation, from the header alone.

    Raises:
        DecodeError: not an image, a format that is not read, or a header that is broken.
    """
    data = bytes(data)
    header: Header = _codec(data).read_header(data)
    return header


def check_mode(mode: str) -> None:
    """Raises ValueError where ``mode`` is none of RGB, L and unchanged."""
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")


def _codec(data: bytes) -> ModuleType:
    if not data:
        raise DecodeError("the file is empty", "empty")
    name = sniff(data)
    if name is None:
        raise DecodeError(f"not an image: it begins with {data[:8]!r}", "wrong type")
    if name not in CODECS:
        raise DecodeError(f"{name} is recognised but not read; JPEG and PNG are", "unsupported")
    return CODECS[name]
