"""Pictures onto another grid, in integers: the weighted sum of a few pixels, rounded once an axis.

8 bits and 16 bits are summed as 32-bit (a warp of 16 bits: 64-bit) integers and rounded half up, floats as float32 in
the order of the taps, so that the same picture comes out on every machine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.native.weights import BITS, SUPPORT, Filter, Taps, kernel, whole_weights

Pixels = NDArray[Any]
"""HxWxC, uint8, uint16 or float32."""

_PLACE = 24
"""Bits behind the point of a place in a warped picture."""
_FRACTION = 11
"""Of these, the bits that choose the weights."""
_HALF_STEP = 1 << (_PLACE - _FRACTION - 1)


def scale(image: Pixels, rows: Taps, columns: Taps) -> Pixels:
    """The image on a grid along its axes: first every column, then every row.

    Args:
        image: HxWxC uint8, uint16 or float32.
        rows, columns: taps within the image's height and width.

    Returns:
        N x M x C of the same type, where N is the number of ``rows``' taps and M that of ``columns``'.
    """
    tall = _summed(image.reshape(len(image), -1), rows, 0).reshape(-1, *image.shape[1:])
    return _summed(tall, columns, 1)


def _summed(image: Pixels, taps: Taps, axis: int) -> Pixels:
    """Along one axis of an array of two or three."""
    kind = np.float32 if image.dtype.kind == "f" else np.int32
    weights: Pixels = taps.weight.astype(kind)
    if kind is np.float32:
        weights *= 2.0**-BITS
    shape = (-1,) + (1,) * (image.ndim - 1 - axis)
    total = np.multiply(image.take(taps.index[:, 0], axis), weights[:, 0].reshape(shape), dtype=kind)
    part = np.empty_like(total)
    for place in range(1, taps.index.shape[1]):
        np.multiply(image.take(taps.index[:, place], axis), weights[:, place].reshape(shape), out=part, dtype=kind)
        total += part
    return _rounded(total, BITS, image.dtype)


def warp(image: Pixels, back: tuple[float, ...], size: tuple[int, int], form: Filter) -> Pixels:
    """The image under a matrix that may turn it; what lies beyond its edge is its outermost pixel.

    Nothing is antialiased here: shrink first. Places are rounded to 1/2048 pixel.

    Args:
        image: HxWxC uint8, uint16 or float32.
        back: from output to input, 3x3 row by row, in pixels whose corner is at 0.
        size: (height, width) of the output.
        form: of the filter.
    """
    x, y = _places(back, size)
    height, width = image.shape[:2]
    flat: Pixels = image.reshape(height * width, -1)
    if form == "nearest":
        near: Pixels = flat.take(_inside(y, height) * width + _inside(x, width), 0)
        return near.reshape(*size, -1)
    reach = int(SUPPORT[form])
    kind = np.float32 if image.dtype.kind == "f" else np.int64 if image.dtype.itemsize > 1 else np.int32
    across, down = (_fractions(form, axis - (1 << _PLACE - 1) + _HALF_STEP, kind) for axis in (x, y))
    columns, rows = across[0], down[0]
    total: Pixels = np.zeros((x.size, flat.shape[1]), kind)
    for line in range(2 * reach):
        start = np.clip(rows + line, 0, height - 1) * width
        row: Pixels = np.zeros_like(total)
        for place in range(2 * reach):
            row += flat.take(start + np.clip(columns + place, 0, width - 1), 0) * across[1][place]
        total += row * down[1][line]
    return _rounded(total, 2 * _FRACTION, image.dtype).reshape(*size, -1)


def _places(back: tuple[float, ...], size: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """X and y of each output pixel's centre in the input, in 1/2**24 pixels, flat."""
    a, b, c, d, e, f, g, h, i = back
    across, down = np.arange(size[1]), np.arange(size[0])[:, None]
    if g == 0.0 and h == 0.0:  # whole numbers from the start: the same sum in whatever order
        numbers = a, b, c + (a + b) / 2, d, e, f + (d + e) / 2
        p, q, r, s, t, u = (round(number / i * (1 << _PLACE)) for number in numbers)
        return (across * p + (down * q + r)).ravel(), (across * s + (down * t + u)).ravel()
    right, below = across + 0.5, down + 0.5
    depth = right * g + (below * h + i)
    depth = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
    x, y = (right * a + (below * b + c)) / depth, (right * d + (below * e + f)) / depth
    far = 2.0**30
    places = (np.rint(np.clip(axis, -far, far) * (1 << _PLACE)).astype(np.int64).ravel() for axis in (x, y))
    return next(places), next(places)


def _inside(place: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    near: NDArray[np.int64] = np.clip(place >> _PLACE, 0, limit - 1)
    return near


def _fractions(form: Filter, place: NDArray[np.int64], kind: Any) -> tuple[NDArray[np.int64], list[Pixels]]:
    """The first tap's index, and each tap's weights, N x 1."""
    table = _table(form)
    first = (place >> _PLACE) - (int(SUPPORT[form]) - 1)
    chosen = table.take((place >> _PLACE - _FRACTION) & ((1 << _FRACTION) - 1), 1)
    if kind is np.float32:
        return first, [row[:, None] * np.float32(2.0**-_FRACTION) for row in chosen.astype(np.float32)]
    return first, [row[:, None] for row in chosen.astype(kind)]


@lru_cache(maxsize=4)
def _table(form: Filter) -> NDArray[np.int16]:
    """Weights of each tap, taps x 2048, for each fraction of a pixel."""
    fraction = np.arange(1 << _FRACTION) / (1 << _FRACTION)
    reach = int(SUPPORT[form])
    share = kernel(form, np.arange(1 - reach, 1 + reach) - fraction[:, None])
    return np.ascontiguousarray(whole_weights(share, _FRACTION).T)


def _rounded(total: Pixels, bits: int, dtype: np.dtype[Any]) -> Pixels:
    """Sums of weighted pixels as pixels again, within their range."""
    if dtype.kind == "f":
        return total.astype(dtype, copy=False)
    total += 1 << (bits - 1)
    total >>= bits
    return np.clip(total, 0, np.iinfo(dtype).max, out=total).astype(dtype)
