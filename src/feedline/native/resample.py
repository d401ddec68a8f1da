"""Pictures onto another grid along their axes, in whole numbers: weighted sums of a few pixels, rounded once an axis.

Sums of whole numbers are exact and rounded half up; those of floats run as float32 in the order of the taps, so that
the same picture comes out on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.native.weights import BITS, Filter, Grid, Taps, taps

Pixels = NDArray[Any]
"""HxWxC, uint8, uint16 or float32."""
_TOGETHER = 32
"""Output pixels along an axis that are made by one product of matrices."""
_SMALL = 1 << 18
"""Multiplications up to which OpenBLAS stays in the thread that calls it, where others would only be in its way."""


def regrid(image: Pixels, rows: Grid, columns: Grid, form: Filter) -> Pixels:
    """:func:`scale` by a filter: the image on another grid along its axes.

    Args:
        image: HxWxC uint8, uint16 or float32.
        rows, columns: of the output, in the image's pixels.
        form: of the filter.
    """
    height, width = image.shape[:2]
    return scale(image, taps(*rows, height, form), taps(*columns, width, form))


def scale(image: Pixels, rows: Taps, columns: Taps) -> Pixels:
    """The image on a grid along its axes: first every column becomes as high, then every row as wide.

    Args:
        image: HxWxC uint8, uint16 or float32.
        rows, columns: taps within the image's height and width.

    Returns:
        N x M x C of the same type, where N is the number of ``rows``' taps and M that of ``columns``'.
    """
    if rows.index.shape[1] == columns.index.shape[1] == 1:  # each of one pixel: numbers of any type stay as they are
        nearest: Pixels = image.take(rows.index[:, 0], 0).take(columns.index[:, 0], 1)
        return nearest
    if image.dtype.kind == "f":
        return _in_order(_in_order(image, rows, 0), columns, 1)
    height, width, channels = image.shape
    # whole numbers below 2**24 (of 16 bits: 2**53) that floats hold exactly, so that the order of sums is free
    planes: Pixels = np.empty((channels, height, width), np.float32 if image.dtype.itemsize == 1 else np.float64)
    planes[:] = image.transpose(2, 0, 1)
    limit = np.iinfo(image.dtype).max
    tall = _rounded(_down(planes, rows), limit)
    wide = _rounded(_across(tall.reshape(-1, width), columns), limit).reshape(*tall.shape[:2], -1)
    scaled: Pixels = np.empty((*wide.shape[1:], channels), image.dtype)
    scaled[:] = wide.transpose(1, 2, 0)
    return scaled


def _across(lines: Pixels, taps: Taps) -> Pixels:
    """Of lines N x W, the sums along each: N x M."""
    sums = np.empty((len(lines), len(taps.index)), lines.dtype)
    for start, low, weights in _bands(taps, lines.dtype):
        high, count = low + len(weights), weights.shape[1]
        each = max(1, _SMALL // weights.size)
        for first in range(0, len(lines), each):
            part = slice(first, first + each)
            np.matmul(lines[part, low:high], weights, out=sums[part, start : start + count])
    return sums


def _down(planes: Pixels, taps: Taps) -> Pixels:
    """Of planes C x H x W, the sums down each: C x N x W."""
    channels, _, width = planes.shape
    sums = np.empty((channels, len(taps.index), width), planes.dtype)
    for start, low, weights in _bands(taps, planes.dtype):
        high, count = low + len(weights), weights.shape[1]
        each = max(1, _SMALL // weights.size)
        for first in range(0, width, each):
            part = slice(first, first + each)
            np.matmul(weights.T, planes[:, low:high, part], out=sums[:, start : start + count, part])
    return sums


def _bands(taps: Taps, kind: np.dtype[Any]) -> Iterator[tuple[int, int, Pixels]]:
    """The taps of neighbouring output pixels as a matrix, input by output: (first output, first input, weights)."""
    for start in range(0, len(taps.index), _TOGETHER):
        index, weight = taps.index[start : start + _TOGETHER], taps.weight[start : start + _TOGETHER]
        low, high = int(index.min()), int(index.max()) + 1
        band = np.zeros((high - low, len(index)), kind)
        each = np.arange(len(index))
        for place in range(index.shape[1]):  # one after the other: at the edge, taps meet in one pixel
            band[index[:, place] - low, each] += weight[:, place]
        yield start, low, band


def _rounded(sums: Pixels, limit: int) -> Pixels:
    """Whole pixels within their range, of exact sums of 14 more bits; in place."""
    sums *= 2.0**-BITS
    sums += 0.5
    np.floor(sums, out=sums)
    return np.clip(sums, 0, limit, out=sums)


def _in_order(image: Pixels, taps: Taps, axis: int) -> Pixels:
    """Of floats, tap after tap along an axis."""
    weights = taps.weight.astype(np.float32) * np.float32(2.0**-BITS)
    shape = (-1,) + (1,) * (2 - axis)
    total: Pixels = image.take(taps.index[:, 0], axis) * weights[:, 0].reshape(shape)
    for place in range(1, taps.index.shape[1]):
        total += image.take(taps.index[:, place], axis) * weights[:, place].reshape(shape)
    return total
