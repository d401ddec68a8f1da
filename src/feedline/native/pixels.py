"""Every pixel on its own: by a table, by a colour matrix, or turned to float."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
_MANY = 4
"""Channels that OpenCV's tables take."""


def look_up(image: Pixels, table: NDArray[Any]) -> Pixels:
    """``table[value]`` of each number: of the type of the table.

    Args:
        image: HxWxC uint8 or uint16.
        table: 256 (or 65536) x 1 for all channels, or x C, of any type.
    """
    channels = image.shape[2]
    if image.dtype == np.uint8 and table.shape[1] in (1, channels) and channels <= _MANY:
        found = cv2.LUT(image, np.ascontiguousarray(table)[None] if table.shape[1] > 1 else table[None])
        return found.reshape(image.shape)
    if table.shape[1] == 1:
        return table[:, 0].take(image)
    return np.stack([table[:, place].take(image[:, :, place]) for place in range(channels)], -1)


def mix(image: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    """A matrix on the colours of each pixel, rounded half up and kept within the range of the type.

    The numbers of the matrix become shares of 2**14; a fourth channel stays, as the last.

    Args:
        image: HxWx3 or HxWx4, uint8, uint16 or float32; floats are kept within 0..1.
        matrix: 3x4, or 1x4 where one channel comes out; the last column in the unit of the image's numbers.
    """
    colours, rest = image[:, :, :3], image[:, :, 3:]
    if image.dtype.kind == "f":
        sums = _summed(colours, matrix.astype(np.float32), np.dtype(np.float32))
        mixed = np.clip(sums, 0.0, 1.0, out=sums).astype(image.dtype, copy=False)
    else:
        shares = np.rint(matrix * (1 << 14)).astype(np.int64)
        shares[:, 3] += 1 << 13
        kind = np.dtype(np.int32) if image.dtype == np.uint8 and np.abs(shares).max() < 1 << 21 else np.dtype(np.int64)
        sums = _summed(colours, shares, kind) >> 14
        mixed = np.clip(sums, 0, np.iinfo(image.dtype).max, out=sums).astype(image.dtype)
    return np.concatenate([mixed, rest], -1) if rest.shape[2] else mixed


def _summed(colours: Pixels, matrix: NDArray[Any], kind: np.dtype[Any]) -> Pixels:
    total = np.empty((*colours.shape[:2], len(matrix)), kind)
    parts = [colours[:, :, place].astype(kind) for place in range(3)]
    for row, numbers in enumerate(matrix.astype(kind)):
        total[:, :, row] = parts[0] * numbers[0] + parts[1] * numbers[1] + parts[2] * numbers[2] + numbers[3]
    return total


def scale_shift(image: Pixels, factor: NDArray[np.float32], offset: NDArray[np.float32]) -> NDArray[np.float32]:
    """``image * factor + offset``, a number a channel each: HxWxC of any type to float32."""
    turned = np.multiply(image, factor, dtype=np.float32)
    turned += offset
    return turned
