"""A perceptual hash: pictures that look alike have hashes that differ in few bits."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline.types import Image

_SIDE, _LOW = 32, 8
_LUMA = np.array([299.0, 587.0, 114.0])
"""ITU-R BT.601's shares of red, green and blue, in thousandths."""
_LEVELS = 256
"""Steps that one of the 255 greys is divided into once it is averaged."""
_FINE = 4096
_MOST = 2**31 // 255
"""Pixels up to which a sum of bytes is sure to fit into 32 bits."""
_BITS = 1 << np.arange(63, dtype=np.uint64)
_TEXTURED = 1 << 63


def phash(image: Image) -> int:
    """The 64-bit perceptual hash of a picture by its lowest frequencies, the same on every machine.

    The method is that of the "DCT based hash" in Christoph Zauner, "Implementation and Benchmarking of Perceptual Image
    Hash Functions" (2010): grey, 32 x 32, discrete cosine transform, and one bit for each of 8 x 8 low
    frequencies: whether it is above their median. Here each of the 32 x 32 is the mean of its area, and the
    frequencies are the 63 beside the constant one, which take bits 0 to 62. Bit 63 says that there is anything to see:
    a picture of one colour, whichever, has the hash 0, and only pictures without anything to see at 32 x 32 have it.
    All numbers are whole and below 2**53, where floats are exact: no machine rounds in another way.

    Args:
        image: HxWxC uint8 of 1 to 4 channels: grey or RGB, and alpha, which does not count.

    Raises:
        ValueError: another type or shape.
    """
    cells = _cells(image)
    if (cells == cells[0, 0]).all():
        return 0
    found = (_COSINES @ cells.astype(np.float64) @ _COSINES.T).ravel()[1:]
    middle = np.partition(found, 31)[31]
    return int(_BITS[found > middle].sum()) | _TEXTURED


def _cells(image: Image) -> NDArray[np.int64]:
    """The mean grey of each of 32 x 32 areas, 0 to 255 * _LEVELS, rounded down."""
    if image.dtype != np.uint8 or image.ndim != 3 or not 1 <= image.shape[2] <= 4 or not image.size:
        raise ValueError(f"a picture must be HxWxC uint8 of 1 to 4 channels, not {image.shape} {image.dtype}")
    height, width, channels = image.shape
    colours = image[:, :, :3] if channels > 2 else image[:, :, 0]
    (rows, down), (columns, across) = _edges(height), _edges(width)
    sums = _sums if height * width <= _MOST else _sums_of_strips
    corners = sums(colours, rows).take(columns, 1).astype(np.float64)
    grey = (corners.reshape(-1, 3) @ _LUMA).reshape(len(rows), -1) if corners.ndim == 3 else corners * 1000
    areas = down @ grey @ across.T  # each in parts of 1000 * 32 * 32 to a pixel
    return np.asarray(areas.astype(np.int64) * _LEVELS // (1000 * height * width))


def _sums(image: Image, rows: NDArray[np.intp]) -> NDArray[Any]:
    """For each of the rows the sums of all pixels above it and left of each place, whole numbers."""
    return np.asarray(cv2.integral(np.ascontiguousarray(image), sdepth=cv2.CV_32S).take(rows, 0))


def _sums_of_strips(image: Image, rows: NDArray[np.intp]) -> NDArray[Any]:
    """The same in other memory: not of a word a pixel, of which large pictures have many."""
    ends, places = np.unique(rows, return_inverse=True)
    whole = np.zeros((len(ends), image.shape[1] + 1, *image.shape[2:]), np.int64)
    for number, (first, last) in enumerate(pairwise(ends.tolist()), 1):
        strip = np.ascontiguousarray(image[first:last])
        whole[number, 1:] = cv2.reduce(strip, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).reshape(image.shape[1:])
    return whole.cumsum(0).cumsum(1)[places]


@lru_cache(64)
def _edges(side: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Between which pixels the 32nds of a side begin and end, and 32 x 66 weights that make of sums of pixels up to
    there 32 times the sums within each 32nd.
    """
    ends = np.arange(_SIDE + 1) * side
    places = np.stack([ends // _SIDE, np.minimum(ends // _SIDE + 1, side)], 1).ravel()
    part = ends % _SIDE
    upto = np.zeros((_SIDE + 1, 2 * (_SIDE + 1)))
    numbers = np.arange(_SIDE + 1)
    upto[numbers, 2 * numbers], upto[numbers, 2 * numbers + 1] = _SIDE - part, part
    return places, np.diff(upto, axis=0)


def _cosines() -> NDArray[np.float64]:
    """The first rows of the discrete cosine transform, in whole numbers."""
    angles = np.arange(_LOW)[:, None] * (2 * np.arange(_SIDE) + 1) * np.pi / (2 * _SIDE)
    return np.asarray(np.rint(_FINE * np.cos(angles)))


_COSINES = _cosines()
