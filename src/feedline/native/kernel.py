"""The C kernel behind the names of its twin, which does what the kernel has no code for: wide types, many channels.

Import it where :data:`feedline.native.choice.extension` is not None. ``FEEDLINE_SIMD`` chooses among the instructions
that this processor has (``plain``, ``sse2``, ``avx2``, ``neon``); all of them give the same.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.native import _kernel, twin
from feedline.native.weights import FILTERS, Filter, Grid, Taps, taps

Pixels = NDArray[Any]
_MOST = (1 << 31) // 4
"""Pixels of a side, so that those of a row can be counted in 32 bits."""

_MANY = 4
"""Channels that the kernel takes."""
_ROWS = {np.dtype(np.uint8): 256, np.dtype(np.uint16): 65536}
_KINDS = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))
_FORMS = {form: place for place, form in enumerate(FILTERS)}


def warp(image: Pixels, back: tuple[float, ...], size: tuple[int, int], form: Filter) -> Pixels:
    """As :func:`feedline.native.warping.warp`."""
    if image.dtype != np.uint8 or image.shape[2] > _MANY:
        return twin.warp(image, back, size, form)
    warped = np.empty((*size, image.shape[2]), np.uint8)
    try:
        _kernel.warp(_whole(image), back, _FORMS[form], warped)
    except _kernel.Declined:
        return twin.warp(image, back, size, form)
    return warped


def look_up(image: Pixels, table: Pixels) -> Pixels:
    """As :func:`feedline.native.pixels.look_up`."""
    shapes = (_ROWS.get(image.dtype), 1), (_ROWS.get(image.dtype), image.shape[2])
    if table.shape not in shapes or table.dtype not in _KINDS:
        return twin.look_up(image, table)
    found = np.empty(image.shape, table.dtype)
    _kernel.look_up(_whole(image), _whole(table), found)
    return found


def mix(image: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    """As :func:`feedline.native.pixels.mix`."""
    fits = image.dtype == np.uint8 and image.shape[2] in (3, 4) and matrix.dtype == np.float64
    if not fits or matrix.shape not in ((1, 4), (3, 4)):
        return twin.mix(image, matrix)
    mixed = np.empty((*image.shape[:2], len(matrix) + image.shape[2] - 3), np.uint8)
    try:
        _kernel.mix(_whole(image), _whole(matrix), mixed)
    except _kernel.Declined:
        return twin.mix(image, matrix)
    return mixed


def scale_shift(image: Pixels, factor: NDArray[np.float32], offset: NDArray[np.float32]) -> NDArray[np.float32]:
    """As :func:`feedline.native.pixels.scale_shift`."""
    each = (image.shape[2],)
    fits = image.dtype in _KINDS and 1 <= each[0] <= _MANY
    if not fits or any(np.shape(one) != each or one.dtype != np.float32 for one in (factor, offset)):
        return twin.scale_shift(image, factor, offset)
    turned = np.empty(image.shape, np.float32)
    _kernel.scale_shift(_whole(image), _whole(factor), _whole(offset), turned)
    return turned


def _whole(array: Pixels) -> Pixels:
    """In one piece, as the kernel reads it."""
    return array if array.flags.c_contiguous and array.flags.aligned else array.copy("C")


def regrid(image: Pixels, rows: Grid, columns: Grid, form: Filter) -> Pixels:
    """As :func:`feedline.native.resample.regrid`."""
    if not _fits(image, rows.size, columns.size):
        return twin.regrid(image, rows, columns, form)
    made = np.empty((rows.size, columns.size, image.shape[2]), np.uint8)
    try:
        _kernel.regrid(np.ascontiguousarray(image), rows, columns, FILTERS.index(form), made)
    except _kernel.Declined:
        return twin.regrid(image, rows, columns, form)
    return made


def scale(image: Pixels, rows: Taps, columns: Taps) -> Pixels:
    """As :func:`feedline.native.resample.scale`."""
    down, across = _in_a_row(rows), _in_a_row(columns)
    if down is None or across is None or not _fits(image, len(rows.index), len(columns.index)):
        return twin.scale(image, rows, columns)
    made = np.empty((len(rows.index), len(columns.index), image.shape[2]), np.uint8)
    _kernel.scale(np.ascontiguousarray(image), *down, *across, made)
    return made


def _fits(image: Pixels, height: int, width: int) -> bool:
    """Whether the kernel has code for such an image and such a size of the output."""
    sides = (*image.shape[:2], height, width)
    return image.dtype == np.uint8 and 1 <= image.shape[2] <= 4 and min(sides) > 0 and max(sides) < _MOST


def _in_a_row(taps: Taps) -> tuple[NDArray[np.int32], NDArray[np.int16]] | None:
    """First pixels, and weights of an even number of neighbours from there on: what meets in a pixel is added up.

    None where the pixels lie so far apart that nearly all weights would be 0, or where 16 bits are too few.
    """
    if not taps.index.size:
        return None
    first = taps.index.min(1)
    behind = taps.index - first[:, None]
    count = int(behind.max()) + 1
    if count > 2 * behind.shape[1]:
        return None
    weight = np.zeros((len(first), count + count % 2), np.int64)
    np.add.at(weight, (np.arange(len(first))[:, None], behind), taps.weight)
    return (first.astype(np.int32), weight.astype(np.int16)) if np.abs(weight).max() < 1 << 15 else None


if os.environ.get("FEEDLINE_SIMD"):
    _kernel.choose_simd(os.environ["FEEDLINE_SIMD"])

__all__ = ["look_up", "mix", "regrid", "scale", "scale_shift", "taps", "warp"]
