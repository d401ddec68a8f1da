"""Pictures under a matrix that turns them, in whole numbers: each place is rounded to 1/2048 pixel, each sum once.

Whole numbers are summed exactly and rounded half up, floats as float32 tap by tap, so that the same picture comes out
on every machine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.native.weights import SUPPORT, Filter, kernel, whole_weights

Pixels = NDArray[Any]
"""HxWxC, uint8, uint16 or float32."""
Places = NDArray[np.int64]
Grid = tuple[list[Places], list[Places]]
"""Rows and columns of taps, each as where it begins among the pixels."""

_PLACE = 24
"""Bits behind the point of a place in the picture."""
_FRACTION = 11
"""Of these, the bits that choose the weights."""
_FAR = 2.0**30
"""Pixels; nothing lies further."""
_TOGETHER = 1 << 13
"""Pixels that are made together: what they need stays in the cache."""
_PACKS = {1: "u1", 2: "u2", 4: "u4", 8: "u8", 16: "c16"}
_STEEP = 2.0**20
"""Pixels of the input from one of the output to the next; more is no picture."""
_LEVEL = 1e-9
"""Depth up to which a plane is seen from its edge."""


def warp(image: Pixels, back: tuple[float, ...], size: tuple[int, int], form: Filter) -> Pixels:
    """The image under a matrix that may turn it; what lies beyond its edge is its outermost pixel.

    Nothing is antialiased here: shrink first. Where a perspective looks behind the horizon, it sees what lies far
    beyond the bottom right corner.

    Args:
        image: HxWxC uint8, uint16 or float32.
        back: from output to input, 3x3 row by row, in pixels whose corner is at 0.
        size: (height, width) of the output.
        form: of the filter.
    """
    height, width, channels = image.shape
    x, y = _places(back, size)
    if form == "nearest":
        index = _inside(y >> _PLACE, height) * width + _inside(x >> _PLACE, width)
        near: Pixels = image.reshape(height * width, channels).take(index, 0)
        return near.reshape(*size, channels)
    pixels = _packed(image)
    kind = np.float32 if image.dtype.kind == "f" else np.int64 if image.dtype.itemsize > 1 else np.int32
    columns, across = _taps(form, x, width, kind)
    rows, down = _taps(form, y, height, kind)
    rows = [row * width for row in rows]
    warped = np.empty((x.size, channels), image.dtype)
    for start in range(0, x.size, _TOGETHER):
        part = slice(start, start + _TOGETHER)
        places = [row[part] for row in rows], [column[part] for column in columns]
        total = _weighed(
            image, pixels, places, [weights[part] for weights in down], [weights[part] for weights in across]
        )
        warped[part] = _rounded(total, image.dtype).T
    return warped.reshape(*size, channels)


def _weighed(image: Pixels, pixels: Pixels, places: Grid, down: list[Pixels], across: list[Pixels]) -> Pixels:
    """The sums for N pixels, C x N: of each line of taps first, then of the lines."""
    total: Pixels = np.zeros((image.shape[2], len(down[0])), down[0].dtype)
    row, term = np.empty_like(total), np.empty_like(total)
    for line, share in zip(places[0], down, strict=True):
        row[:] = 0
        for column, weights in zip(places[1], across, strict=True):
            found = _unpacked(pixels.take(line + column, 0), image)
            term[:] = found.T  # a multiplication that casts would be slower than both
            term *= weights
            row += term
        row *= share
        total += row
    return total


def _packed(image: Pixels) -> Pixels:
    """The pixels of an image, each as one number of 1 to 16 bytes: what finding them takes depends on how many lie."""
    flat: Pixels = image.reshape(-1, image.shape[2])
    lanes = 4 if flat.shape[1] == 3 else flat.shape[1]
    if lanes > 4:
        return flat
    if lanes > flat.shape[1]:
        flat = np.concatenate([flat, flat[:, :1]], 1)
    return np.ascontiguousarray(flat).view(_PACKS[lanes * image.dtype.itemsize])[:, 0]


def _unpacked(found: Pixels, image: Pixels) -> Pixels:
    """N x C, of the image's type."""
    return found.view(image.dtype).reshape(len(found), -1)[:, : image.shape[2]]


def _places(back: tuple[float, ...], size: tuple[int, int]) -> tuple[Places, Places]:
    """X and y of each output pixel's centre in the input, in 1/2**24 pixels, flat."""
    a, b, c, d, e, f, g, h, i = back
    across, down = np.arange(size[1]), np.arange(size[0])[:, None]
    if g == 0.0 and h == 0.0:  # whole numbers from the start: the same sum in whatever order
        numbers = a, b, d, e, c + (a + b) / 2, f + (d + e) / 2
        limits = _STEEP, _STEEP, _STEEP, _STEEP, _FAR, _FAR
        p, q, s, t, r, u = (
            round(min(max(number / i, -limit), limit) * (1 << _PLACE))
            for number, limit in zip(numbers, limits, strict=True)
        )
        return (across * p + (down * q + r)).ravel(), (across * s + (down * t + u)).ravel()
    right, below = across + 0.5, down + 0.5
    depth = right * g + (below * h + i)
    seen = depth > _LEVEL
    depth[~seen] = 1.0
    places = []
    for first, second, third in ((a, b, c), (d, e, f)):
        place = np.where(seen, (right * first + (below * second + third)) / depth, _FAR)
        places.append(np.rint(np.clip(place, -_FAR, _FAR) * (1 << _PLACE)).astype(np.int64).ravel())
    return places[0], places[1]


def _inside(pixel: Places, limit: int) -> Places:
    near: Places = np.clip(pixel, 0, limit - 1)
    return near


def _taps(form: Filter, place: Places, limit: int, kind: Any) -> tuple[list[Places], list[Pixels]]:
    """Of each tap, the pixel along this axis, and its weight."""
    table, reach = _table(form, kind), int(SUPPORT[form])
    corner = place + ((1 << (_PLACE - _FRACTION - 1)) - (1 << (_PLACE - 1)))  # of pixels' centres, to be rounded down
    first, fraction = (corner >> _PLACE) - (reach - 1), (corner >> (_PLACE - _FRACTION)) & ((1 << _FRACTION) - 1)
    pixels = [_inside(first + tap, limit) for tap in range(2 * reach)]
    return pixels, [weights.take(fraction) for weights in table]


@lru_cache(maxsize=16)
def _table(form: Filter, kind: Any) -> Pixels:
    """Weights of each tap, taps x 2048, for each fraction of a pixel: shares of 2**11, of floats shares of 1."""
    fraction = np.arange(1 << _FRACTION) / (1 << _FRACTION)
    reach = int(SUPPORT[form])
    share = kernel(form, np.arange(1 - reach, 1 + reach) - fraction[:, None])
    weights = np.ascontiguousarray(whole_weights(share, _FRACTION).T).astype(kind)
    return weights * np.float32(2.0**-_FRACTION) if kind is np.float32 else weights


def _rounded(total: Pixels, dtype: np.dtype[Any]) -> Pixels:
    """Sums of weighted pixels as pixels again, within their range."""
    if dtype.kind == "f":
        return total
    total += 1 << (2 * _FRACTION - 1)
    total >>= 2 * _FRACTION
    return np.clip(total, 0, np.iinfo(dtype).max, out=total)
