"""TIFF and BigTIFF: tags checked here, 8 bits and less by Pillow, more by OpenCV."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes
from feedline.codecs.pillow import open_as, pixels
from feedline.codecs.tiff_tags import Directory, directories, single
from feedline.errors import DecodeError
from feedline.types import Header, Image

_WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS = 256, 257, 258, 259, 262
_STRIPS, _STRIP_BYTES, _SAMPLES, _STRIP_ROWS, _LAYOUT = 273, 279, 277, 278, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_ORIENTATION, _EXTRA, _FORMAT = 274, 338, 339
_KEPT = frozenset(
    {_WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS, _STRIPS, _STRIP_BYTES, _SAMPLES, _STRIP_ROWS, _LAYOUT, _TILE_WIDTH}
    | {_TILE_HEIGHT, _TILES, _TILE_BYTES, _EXTRA, _FORMAT}
    | {266, 292, 293, 317, 320, 332, 347, *range(512, 522), 529, 530, 531, 532}
)
"""All that pixels depend on: no orientation, no EXIF, no other page."""
_INVERTED, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_NARROW = {
    _INVERTED: (1, 2, 4, 8),
    _GREY: (1, 2, 4, 8),
    _RGB: (8,),
    _PALETTE: (1, 2, 4, 8),
    _CMYK: (8, 16),
    _YCBCR: (8,),
}
_WIDE = {(1, 16): "u2", (2, 16): "i2", (1, 32): "u4", (2, 32): "i4", (3, 32): "f4", (3, 64): "f8"}
_PACKINGS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000, 50001})
_PERHAPS = frozenset({34925, 50000, 50001})
"""LZMA, Zstandard and WebP: not every libtiff is built with them."""
_LARGE = 2**26
"""Pillow warns of pixels beyond some 89 million and refuses twice as many, by a limit that all its users share."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What the tags say of the pixels."""

    width: int
    height: int
    colours: int
    samples: int
    bits: int
    form: int  # 1 unsigned, 2 signed, 3 float
    alpha: int  # 0 none, 1 multiplied into the colours, 2 beside them
    apart: bool  # each channel in a plane of its own
    packing: int

    @property
    def channels(self) -> int:
        base = {_INVERTED: 1, _GREY: 1, _CMYK: 4}.get(self.colours, 3)
        return base + (1 if self.alpha else 0)

    @property
    def plain(self) -> bool:
        """Greys or colours of 8 bits without alpha."""
        return self.bits == 8 and self.colours in (_GREY, _RGB) and not self.alpha

    @property
    def wide(self) -> bool:
        return self.bits > 8 and self.colours in (_INVERTED, _GREY, _RGB)


def read_header(data: Bytes, page: int = 0) -> Header:
    """Size, channels (a palette counts as 3), bits and orientation of a page.

    Raises:
        DecodeError: tags that lie beyond the end of the file, or have no size.
        ValueError: no such page.
    """
    directory = _find(data, page)
    about = _describe(directory)
    orientation = directory.first(_ORIENTATION, 1)
    bits = 8 if about.colours == _PALETTE else about.bits
    return Header("tiff", about.width, about.height, about.channels, bits, orientation if 1 <= orientation <= 8 else 1)


def decode(data: bytes, how: How = PLAIN) -> Image:
    """Pixels of a page as stored, HxWxC, as L, LA, RGB or RGBA, of its own type; up to 8 bits as uint8.

    White is the largest value, also where the file says that it is 0. A file that ends early gives none,
    ``how.partial`` or not.

    Raises:
        DecodeError: truncated, not decodable, or of a kind that is not read ("unsupported").
        ValueError: no such page.
    """
    directory = _find(data, how.page)
    about = _describe(directory)
    _check_kind(about)
    _check_places(directory, about)
    if about.apart and about.samples > 1 and about.colours in (_INVERTED, _GREY, _RGB):
        image = np.concatenate([_plane(data, directory, about, plane) for plane in range(about.channels)], axis=2)
    else:
        image = _pixels(single(data, directory, _KEPT, {}), about)[:, :, : about.channels]
    if about.wide and about.colours == _INVERTED and about.form == 1:
        image = np.iinfo(image.dtype).max - image
    return image


def _find(data: Bytes, page: int) -> Directory:
    pages = directories(data)
    for number, directory in enumerate(islice(pages, page + 1)):
        if number == page:
            return directory
        count = number + 1
    if not page:
        raise DecodeError("corrupt TIFF: it has no directory", "corrupt")
    raise ValueError(f"page must be below {count}, the number of pages, not {page}")


def _describe(directory: Directory) -> _Page:
    width, height = directory.first(_WIDTH), directory.first(_HEIGHT)
    if not width or not height:
        raise DecodeError(f"corrupt TIFF: its header says {width} x {height} pixels", "corrupt")
    colours, samples = directory.first(_COLOURS, _GREY), directory.first(_SAMPLES, 1)
    bits, forms = set(directory.values(_BITS).tolist()), set(directory.values(_FORMAT).tolist())
    if len(bits) > 1 or len(forms) > 1:
        raise DecodeError(
            f"a TIFF whose channels differ in kind is not read: bits {bits}, formats {forms}", "unsupported"
        )
    extra = directory.first(_EXTRA)
    alpha = extra if extra in (1, 2) else 2 if extra == 999 else 0
    if colours == _RGB and samples == 4 and _EXTRA not in directory.tags:
        alpha = 2  # as many writers forget to say
    return _Page(
        width, height, colours, samples, int(next(iter(bits), 1)), int(next(iter(forms), 1)), alpha,
        directory.first(_LAYOUT, 1) == 2, directory.first(_PACKING, 1),
    )  # fmt: skip


def _check_kind(about: _Page) -> None:
    """Raises DecodeError ("unsupported") for what is no picture that either decoder reads right."""
    words = f"colours {about.colours}, {about.samples} samples of {about.bits} bits, format {about.form}"
    if about.packing not in _PACKINGS:
        raise DecodeError(f"TIFF of compression {about.packing} is not read", "unsupported")
    if about.samples < about.channels and about.colours != _PALETTE:
        raise DecodeError(f"corrupt TIFF: too few samples for its colours ({words})", "corrupt")
    if about.wide:
        readable = (
            (about.form, about.bits) in _WIDE and about.alpha != 1 and (about.samples in (1, 3, 4) or about.apart)
        )
    else:
        readable = about.bits in _NARROW.get(about.colours, ()) and about.form in (1, 4)
        readable = readable and not (about.apart and about.colours == _PALETTE and about.samples > 1)
    if not readable:
        raise DecodeError(f"TIFF of this kind is not read: {words}", "unsupported")


def _check_places(directory: Directory, about: _Page) -> None:
    """Raises DecodeError where strips or tiles are missing, or end beyond the end of the file."""
    tiled = _TILES in directory.tags
    starts, sizes = (directory.values(tag) for tag in ((_TILES, _TILE_BYTES) if tiled else (_STRIPS, _STRIP_BYTES)))
    if tiled:
        across, down = directory.first(_TILE_WIDTH), directory.first(_TILE_HEIGHT)
        needed = -(-about.width // across) * -(-about.height // down) if across and down else 2**64
    else:
        rows = min(directory.first(_STRIP_ROWS, about.height) or about.height, about.height)
        needed = -(-about.height // rows)
    needed *= about.samples if about.apart else 1
    if len(starts) < needed:
        raise DecodeError(f"corrupt TIFF: {len(starts)} places of pixels, where its size asks for more", "corrupt")
    ends = starts + (sizes[: len(starts)] if len(sizes) >= len(starts) else np.uint64(1))
    if len(ends) and (int(ends.max()) > len(directory.data) or bool((ends < starts).any())):
        raise DecodeError(
            f"truncated TIFF: its pixels end at byte {int(ends.max())}, the file at {len(directory.data)}", "truncated"
        )


def _plane(data: bytes, directory: Directory, about: _Page, plane: int) -> Image:
    """One channel of a file that keeps its channels apart, HxWx1."""
    changed = {
        _SAMPLES: [1],
        _BITS: [about.bits],
        _COLOURS: [min(about.colours, _GREY)],
        _LAYOUT: [1],
        _FORMAT: [about.form],
    }
    for tag in (_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES):
        places = directory.values(tag)
        if len(places):
            changed[tag] = _part(places, plane, about.samples)
    return _pixels(single(data, directory, _KEPT - {_EXTRA}, changed), about)


def _part(places: NDArray[np.uint64], plane: int, planes: int) -> list[int]:
    each = len(places) // planes
    part: list[int] = places[plane * each : (plane + 1) * each].tolist()
    return part


def _pixels(data: bytes, about: _Page) -> Image:
    try:
        if about.wide:
            return _by_opencv(data)
        if about.plain and about.width * about.height > _LARGE:
            with suppress(DecodeError):  # it does not know all layouts of 8 bits, which Pillow does
                return _by_opencv(data)
        return pixels(open_as("TIFF", TiffImagePlugin.TiffImageFile, data), "TIFF")
    except DecodeError as error:
        if about.packing not in _PERHAPS or error.kind != "corrupt":
            raise
        words = f"TIFF of compression {about.packing} that this libtiff may not be built for: {error.cause}"
        raise DecodeError(words, "unsupported") from error


def _by_opencv(data: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DecodeError("corrupt TIFF: its compressed data cannot be decoded", "corrupt")
    if image.ndim == 2:
        return image[:, :, np.newaxis]
    return np.ascontiguousarray(image[:, :, [2, 1, 0, 3][: image.shape[2]]])
