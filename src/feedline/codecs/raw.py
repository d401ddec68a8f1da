"""Camera RAW: told by content, read by LibRaw through rawpy (the extra "raw").

LibRaw never turns the picture here: ``decode`` gives it as it lies on the sensor, ``read_header`` says the orientation
that the camera noted, and whoever decodes other formats too turns it, once, as it turns a JPEG.

LibRaw holds no interpreter lock while it works, and each call has a LibRaw object of its own, so that threads decode
side by side. Its own threads (OpenMP) are left out while a picture is decoded: feedline's workers use the cores, and a
process forked behind OpenMP's threads would wait for them without end.
"""

from __future__ import annotations

import ctypes
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import cv2
import numpy as np

from feedline._optional import require
from feedline.codecs.how import PLAIN, How
from feedline.codecs.ifd import directories
from feedline.codecs.lazy import Bytes
from feedline.codecs.limits import check_file_size
from feedline.errors import DecodeError, Kind
from feedline.types import Header, Image

_SIGNATURES = (
    b"IIRO",  # Olympus ORF
    b"IIRS",
    b"MMOR",
    b"IIU\0",  # Panasonic RW2
    b"FUJIFILMCCD-RAW",  # Fujifilm RAF
    b"FOVb",  # Sigma X3F
    b"\0MRM",  # Minolta MRW
    b"II\x1a\0\0\0HEAPCCDR",  # Canon CRW
)
_CANON_2, _CANON_3 = b"CR", b"ftypcrx "
_DNG_VERSION, _PHOTOMETRIC, _MAKE, _ORIENTATION = 0xC612, 262, 271, 274
_MOSAIC = 32803  # a colour filter array, TIFF/EP
_PATTERN, _PLANES = 33422, 50710  # the colours of the mosaic's cells, and which colours there are
_COLOURS = ({0}, {0, 1}, {0, 1, 2}, {3, 4, 5}, {1, 3, 4, 5})
"""Those that LibRaw knows by themselves: of any other set it reads memory that nobody has written."""
_PIECES = ((273, 279), (324, 325))  # offsets and byte counts, of strips and of tiles
_EXIF_OF_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7, 90: 6, 180: 3, 270: 8}  # LibRaw: 4 transposes first
_KINDS: dict[str, Kind] = {
    "LibRawIOError": "truncated",
    "LibRawFileUnsupportedError": "unsupported",
    "LibRawNotImplementedError": "unsupported",
    "LibRawUnsufficientMemoryError": "too large",
    "LibRawTooBigError": "too large",
}


def is_raw(data: Bytes) -> bool:
    """Whether the bytes are a camera's RAW file, by what they hold.

    DNG, and the TIFFs of cameras (NEF, ARW, PEF, SRW ...) by a mosaic and a maker in their directories, so that a
    camera's plain TIFF stays a TIFF; CR2, CR3, CRW, ORF, RW2, RAF, X3F and MRW by how they begin.
    """
    head = data[:16]
    if head.startswith(_SIGNATURES) or head[4:12] == _CANON_3:
        return True
    if head[:4] == b"II*\0" and head[8:10] == _CANON_2:
        return True
    return _is_dng(data) or _is_mosaic(data)


def decode(data: bytes, how: How = PLAIN) -> Image:
    """As ``develop``; each side is the stored one over ``how.reduce``, rounded up."""
    image = develop(data, half_size=how.reduce > 1, linear=how.linear)
    if how.reduce == 1:
        return image
    header = read_header(data)
    height, width = -(-header.height // how.reduce), -(-header.width // how.reduce)
    if image.shape[:2] != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return image if image.ndim == 3 else image[:, :, np.newaxis]


def read_header(data: Bytes) -> Header:
    """The size that ``decode`` gives, 3 channels (1 from a sensor without colours), 16 bits, and the orientation.

    Raises:
        DecodeError: LibRaw does not know the file, or its header is broken, or rawpy is missing.
    """
    with _opened(data) as raw:
        sizes = raw.sizes
        channels = 1 if raw.num_colors == 1 else 3
    height, width = _stretched(sizes.height, sizes.width, sizes.pixel_aspect)
    if not height or not width:
        raise DecodeError(f"corrupt RAW: its header says {width} x {height} pixels", "corrupt")
    return Header("raw", width, height, channels, 16, _orientation(data, sizes.flip))


def develop(
    data: bytes,
    *,
    grey: bool = False,
    half_size: bool = False,
    linear: bool = False,
    size: tuple[int, int] | None = None,
) -> Image:
    """The developed picture as it lies on the sensor, not turned, HxWxC: sRGB, or grey from a sensor without colours.

    The camera's white balance (the daylight one where it noted none), highlights clipped, AHD demosaicing, and no
    brightness taken from the picture's histogram: the same bytes give the same pixels.

    Args:
        data: a whole RAW file.
        grey: is left to the caller; LibRaw makes colours first.
        half_size: each 2x2 cells of the mosaic become one pixel, several times faster: ceil(H / 2) x ceil(W / 2).
            A file that holds no mosaic (a linear DNG) keeps its size.
        linear: uint16 in proportion to light, and white where the camera says that its sensor is full; else uint8
            with the curve of ITU-R BT.709, white where the sensor is seen to be full.
        size: the height and width that are wanted, as stored; at most half of the stored ones is ``half_size``.

    Raises:
        DecodeError: truncated, corrupt, too large for LibRaw, a camera or compression that it does not know, or rawpy
            is missing.
    """
    del grey
    if _is_dng(data):
        _check_pieces(data)
    with _opened(data) as raw:
        half = half_size or (size is not None and _is_half(size, raw.sizes))
        if linear:
            options: dict[str, Any] = {"gamma": (1, 1), "output_bps": 16, "adjust_maximum_thr": 0.0}
        else:
            options = {"output_bps": 8}
        image: Image = raw.postprocess(
            use_camera_wb=True, no_auto_bright=True, user_flip=0, half_size=half, **options
        ).copy()  # what rawpy gives lies in LibRaw's memory, and keeps the file's bytes too
    return image if image.ndim == 3 else image[:, :, np.newaxis]


def _whole(data: Bytes) -> bytes:
    """LibRaw wants all of a file, for its header too."""
    check_file_size(len(data))
    return data[:]


def _rawpy() -> Any:
    try:
        return require("rawpy", "raw")
    except ImportError as error:
        raise DecodeError(f"camera RAW is read with an extra: {error}", "unsupported") from error


def _is_dng(data: Bytes) -> bool:
    first = next(directories(data), None)
    return first is not None and _DNG_VERSION in first


def _is_mosaic(data: Bytes) -> bool:
    made = mosaic = False
    for directory in directories(data):
        made = made or _MAKE in directory
        mosaic = mosaic or directory.numbers(_PHOTOMETRIC)[:1] == [_MOSAIC]
    return made and mosaic


def _check_mosaic(data: Bytes) -> None:
    """Raises DecodeError where the mosaic has colours that the file does not name."""
    for directory in directories(data):
        cells, named = set(directory.numbers(_PATTERN)), set(directory.numbers(_PLANES))
        if cells and cells not in _COLOURS and not cells <= named:
            raise DecodeError(f"corrupt RAW: no mosaic has just the colours {sorted(cells)[:8]}", "corrupt")


def _check_pieces(data: bytes) -> None:
    """Raises DecodeError where a DNG ends before its pixels do; LibRaw takes a short last row for whole."""
    for directory in directories(data):
        for offsets, counts in _PIECES:
            ends = map(sum, zip(directory.numbers(offsets), directory.numbers(counts), strict=False))
            if (end := max(ends, default=0)) > len(data):
                raise DecodeError(f"truncated RAW: {len(data)} bytes, and its pixels end at {end}", "truncated")


def _orientation(data: Bytes, flip: int) -> int:
    """LibRaw's flip as EXIF says it; 1 where the file states nonsense, of which LibRaw makes a turn."""
    first = next(directories(data), None)
    stated = first.numbers(_ORIENTATION)[:1] if first is not None else []
    return 1 if stated and not 1 <= stated[0] <= 8 else _EXIF_OF_FLIP.get(flip, 1)


def _is_half(size: tuple[int, int], sizes: Any) -> bool:
    return bool(2 * size[0] <= sizes.height and 2 * size[1] <= sizes.width)


def _stretched(height: int, width: int, aspect: float) -> tuple[int, int]:
    """Rows or columns are repeated, as LibRaw does, where the sensor's cells are no squares."""
    if aspect < 1:
        return (int(height / aspect + 0.5) if aspect > 0 else 0), width
    return height, int(width * aspect + 0.5)


@contextmanager
def _opened(data: Bytes) -> Iterator[Any]:
    """A LibRaw object of the caller's own with the file opened; what it raises becomes a DecodeError."""
    rawpy = _rawpy()
    _check_mosaic(data)
    with _one_thread(), rawpy.RawPy() as raw:
        try:
            raw.open_buffer(io.BytesIO(_whole(data)))
            yield raw
        except rawpy.LibRawError as error:
            what = error.args[0] if error.args else ""
            words = what.decode("latin-1") if isinstance(what, bytes) else str(what)
            kind = _KINDS.get(type(error).__name__, "corrupt")
            raise DecodeError(f"{kind} RAW: LibRaw says {words!r}", kind) from error


@contextmanager
def _one_thread() -> Iterator[None]:
    """LibRaw works in the calling thread alone; what other code asked of OpenMP in this thread is put back."""
    libraries = _openmp()
    before = [library.omp_get_max_threads() for library in libraries]
    for library in libraries:
        library.omp_set_num_threads(1)
    try:
        yield
    finally:
        for library, threads in zip(libraries, before, strict=True):
            library.omp_set_num_threads(threads)


@cache
def _openmp() -> tuple[ctypes.CDLL, ...]:
    """The OpenMP that rawpy brings along, and the one that all of the process sees, where there are any.

    LibRaw calls the second where torch was imported first, whose OpenMP then stands before all others.
    """
    places = [_rawpy()._rawpy.__file__, *([None] if os.name == "posix" else [])]
    libraries = [ctypes.CDLL(place) for place in places]
    return tuple(library for library in libraries if hasattr(library, "omp_set_num_threads"))
