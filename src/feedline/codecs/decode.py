"""Bytes or a path to an upright image in the asked mode, type, part and size."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from types import ModuleType

import cv2
import numpy as np
from numpy.typing import DTypeLike

from feedline.codecs import jpeg
from feedline.codecs.color import BACKGROUND, to_mode
from feedline.codecs.depth import to_dtype
from feedline.codecs.how import How
from feedline.codecs.lazy import Bytes, LazyBytes, read_file
from feedline.codecs.limits import MAX_BYTES, MAX_PIXELS, check_limits, check_size
from feedline.codecs.shape import Region, check_region, crop, reduction, resize, turn
from feedline.codecs.sniff import CODECS, PAGED, REDUCING, sniff
from feedline.codecs.wish import Truncated, Wish, wish
from feedline.errors import DecodeError
from feedline.native.counters import count
from feedline.types import Header, Image, Mode

Data = bytes | bytearray | memoryview | str | os.PathLike[str]
"""A whole encoded file, or the path of one."""
_CHANNELS = {"RGB": 3, "L": 1, "RGBA": 4, "unchanged": 1}


def decode(
    data: Data,
    mode: Mode = "RGB",
    *,
    dtype: DTypeLike | None = None,
    region: Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    background: int | Sequence[int] = BACKGROUND,
    page: int = 0,
    truncated: Truncated = "raise",
    linear: bool = False,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
) -> Image:
    """The image in ``data``, its format known by content, as HxWxC, upright as its orientation tag says.

    Args:
        data: a whole file as bytes, or a path. JPEG, PNG, WebP, TIFF, BMP, GIF, .npy and (extra
            "raw") camera RAW are read.
        mode: "RGB" (3 channels), "L" (1), "RGBA" (4) or "unchanged" (L, LA, RGB or RGBA as stored; palettes and
            CMYK as RGB).
        dtype: "uint8", "uint16" or "float32": full range to full range, so uint16 to uint8 is round(v / 257), and
            floats within 0 to 1 are black to white (other floats are refused). None keeps what is stored, in every
            mode: uint8 (also for fewer bits), uint16, int32, float32 and so on.
        region: (top, left, height, width) in pixels of the upright image; equal to slicing the whole.
        size: (height, width) of the result: sides shrink by the mean over areas and grow linearly. A JPEG without a
            region may be decoded at 1/2, 1/4 or 1/8 first, as long as that is no smaller than the size.
        background: what shows through transparent pixels where the mode has no alpha: a grey or (red, green, blue).
        page: of a TIFF, or the frame of a GIF or WebP.
        truncated: "accept" decodes what is there of a JPEG (the rest is grey), PNG, BMP or npy (the rest is 0) that
            ends early; "raise" refuses it.
        linear: a camera's RAW as uint16 in proportion to light, and not developed for the eye; nothing to others.
        max_pixels: the largest width times height that is decoded.
        max_bytes: the largest size in bytes of the decoded array.

    Raises:
        DecodeError: unreadable, empty, no image, not read, broken, truncated or too large; ``kind`` says which.
        ValueError: a parameter that breaks its rule, a region that is not inside the image, a page that is not there.
    """
    wanted = wish(mode, dtype, region, size, background, page, truncated, linear)
    if isinstance(data, str | os.PathLike):
        return _decode_file(os.fspath(data), wanted, max_pixels, max_bytes)
    return _decode(bytes(data), wanted, max_pixels, max_bytes)


def probe(data: Data) -> Header:
    """Format, stored size, channels, bits and orientation, from the header alone: of a path little more is read.

    Raises:
        DecodeError: unreadable, empty, not an image, a format that is not read, or a header that is broken.
    """
    if not isinstance(data, str | os.PathLike):
        return _header(bytes(data), 0)[1]
    path = os.fspath(data)
    try:
        with LazyBytes(path) as lazy:
            return _header(lazy, 0)[1]
    except DecodeError as error:
        raise error.at(path, None) from error


def _decode_file(path: str, wanted: Wish, max_pixels: int, max_bytes: int) -> Image:
    try:
        return _decode(read_file(path), wanted, max_pixels, max_bytes)
    except DecodeError as error:
        raise error.at(path, None) from error


def _decode(data: bytes, wanted: Wish, max_pixels: int, max_bytes: int) -> Image:
    codec, header = _header(data, wanted.page)
    itemsize = 1 if wanted.dtype is None else wanted.dtype.itemsize
    check_limits(header, _CHANNELS[wanted.mode], itemsize, max_pixels, max_bytes)
    if wanted.size is not None:
        check_size(wanted.size, max(header.channels, _CHANNELS[wanted.mode]) * itemsize, max_bytes)
    if wanted.region is not None:
        check_region(wanted.region, header)
        image = _part(codec, data, header, wanted, wanted.region)
    else:
        reduce = reduction(header, wanted.size) if header.format in REDUCING else 1
        image = _finish(_stored(codec, data, header, wanted, reduce), header.orientation, wanted)
    return image if wanted.size is None or image.shape[:2] == wanted.size else resize(image, wanted.size)


def _part(codec: ModuleType, data: bytes, header: Header, wanted: Wish, region: Region) -> Image:
    """A region of the upright image: decoded alone where that can be done, else cut out of the whole."""
    if header.format == "jpeg" and not wanted.partial:
        part = jpeg.decode_part(data, wanted.mode == "L", region, header)
        if part is not None:
            return _finish(part, 1, wanted)
    part = crop(_stored(codec, data, header, wanted, 1), region, header)
    return _finish(part, header.orientation, wanted)


def _stored(codec: ModuleType, data: bytes, header: Header, wanted: Wish, reduce: int) -> Image:
    """What the codec gives, of the size that the header says."""
    try:
        image: Image = codec.decode(data, How(wanted.mode == "L", wanted.page, wanted.partial, reduce, wanted.linear))
    except (
        struct.error,
        IndexError,
        OverflowError,
        TypeError,
        cv2.error,
    ) as error:  # damage that no check of ours names
        raise DecodeError(f"corrupt {header.format}: {error}", "corrupt") from error
    except MemoryError as error:
        raise DecodeError(f"{header.width} x {header.height} pixels do not fit into memory", "too large") from error
    if image.shape[:2] != (-(-header.height // reduce), -(-header.width // reduce)):
        raise DecodeError(
            f"its header says {header.width} x {header.height} pixels, its content {image.shape[1]} x {image.shape[0]}",
            "corrupt",
        )
    count("pixels_decoded", image.shape[0] * image.shape[1])
    return image


def _finish(image: Image, orientation: int, wanted: Wish) -> Image:
    """Type, channels and orientation, in memory of its own."""
    coloured = to_mode(to_dtype(image, wanted.dtype), wanted.mode, wanted.background)
    return np.ascontiguousarray(turn(coloured, orientation))


def _header(data: Bytes, page: int) -> tuple[ModuleType, Header]:
    codec = _codec(data, page)
    try:
        header: Header = codec.read_header(data, page) if page else codec.read_header(data)
    except (struct.error, IndexError) as error:
        raise DecodeError(f"truncated: {len(data)} bytes end within the header", "truncated") from error
    return codec, header


def _codec(data: Bytes, page: int = 0) -> ModuleType:
    if not len(data):
        raise DecodeError("the file is empty", "empty")
    name = sniff(data)
    if name is None:
        raise DecodeError(f"not an image: it begins with {data[:8]!r}", "wrong type")
    if name not in CODECS:
        raise DecodeError(f"{name} is recognised but not read; {', '.join(CODECS)} are", "unsupported")
    if page and name not in PAGED:
        raise ValueError(f"page must be 0 for a {name}, which has one, not {page}")
    return CODECS[name]
