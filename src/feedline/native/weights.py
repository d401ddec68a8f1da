"""Which pixels an output pixel is made of, and how much of each: antialiasing filters as 16-bit integers.

The filters are those of Pillow's resize: a triangle ("bilinear") and Keys' cubic with a = -0.5 ("bicubic", R. Keys,
"Cubic convolution interpolation for digital image processing", 1981), stretched where the picture shrinks. Sums run tap
by tap in float64, so that every machine and every implementation finds the same weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Filter = Literal["nearest", "bilinear", "bicubic"]
FILTERS: tuple[Filter, ...] = ("nearest", "bilinear", "bicubic")
BITS = 14
"""Weights are shares of 2**14."""
_MANY = 256
"""Shares in a row, above which they are rounded together."""
SUPPORT = {"nearest": 0.5, "bilinear": 1.0, "bicubic": 2.0}
"""How far a filter reaches to either side, in pixels, where nothing shrinks."""

Floats = NDArray[np.float64]


class Grid(NamedTuple):
    """The pixels of an output along one axis, in pixels of the input.

    Attributes:
        size: how many output pixels.
        start: where in the input, in pixels from its edge, the edge of the first output pixel lies.
        step: input pixels to each output pixel; below 0 the axis is turned round.
        width: by how much the filter is stretched, at least 1: ``abs(step)`` where the picture shrinks.
    """

    size: int
    start: float
    step: float
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """Of each of N output pixels along one axis: K pixels of the input and their weights.

    Attributes:
        index: N x K intp, each in the input.
        weight: N x K int16, whose rows add up to 2**14.
    """

    index: NDArray[np.intp]
    weight: NDArray[np.int16]


@lru_cache(maxsize=256)
def taps(count: int, start: float, step: float, width: float, limit: int, form: Filter) -> Taps:
    """The taps of ``count`` output pixels along one axis of an input of ``limit`` pixels.

    Args:
        count: of output pixels.
        start, step, width: as of a :class:`Grid`.
        limit: what lies outside of 0..limit takes no part, and the others take its share; a centre outside of
            that counts as one on its edge.
        form: of the filter; "nearest" is not stretched.
    """
    centres = start + (np.arange(count) + 0.5) * step
    if form == "nearest":
        near = np.clip(np.floor(centres), 0, limit - 1).astype(np.intp)[:, None]
        return Taps(near, np.full(near.shape, 1 << BITS, np.int16))
    centres = np.clip(centres, 0, limit)  # so that half of the filter's weight lies within
    reach = SUPPORT[form] * width
    first = np.floor(centres - reach + 0.5).astype(np.intp)
    index = first[:, None] + np.arange(2 * int(np.ceil(reach)) + 1)
    share = kernel(form, (index + 0.5 - centres[:, None]) / width)
    share[(index < 0) | (index >= limit)] = 0.0
    return _trimmed(np.clip(index, 0, limit - 1), whole_weights(share / _sums(share)[:, None], BITS))


def kernel(form: Filter, x: Floats) -> Floats:
    """The filter's height at ``x`` pixels from its centre."""
    x = np.abs(x)
    if form == "bilinear":
        return np.maximum(1.0 - x, 0.0)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0))


def whole_weights(share: Floats, bits: int) -> NDArray[np.int16]:
    """Rows of shares that add up to 1, as integers that add up to 2**bits: the largest takes what rounding left.

    Where a row has so many shares that each is a few units and what rounding left would tower above them, their running
    sums are rounded instead, so that no share is off by more than a unit.
    """
    if share.shape[1] > _MANY:
        running = np.floor(np.cumsum(share, 1) * (1 << bits) + 0.5).astype(np.int32)
        running[:, -1] = 1 << bits
        return np.diff(running, axis=1, prepend=0).astype(np.int16)
    weight = np.rint(share * (1 << bits)).astype(np.int32)
    rows = np.arange(len(weight))
    weight[rows, weight.argmax(1)] += (1 << bits) - weight.sum(1, dtype=np.int32)
    return weight.astype(np.int16)


def _sums(share: Floats) -> Floats:
    """Of each row, from left to right: NumPy's own sum may take another order on another machine."""
    total = np.zeros(len(share))
    for column in share.T:
        total += column
    return total


def _trimmed(index: NDArray[np.intp], weight: NDArray[np.int16]) -> Taps:
    """Without the columns at either end of which no pixel needs any."""
    used = np.flatnonzero(weight.any(0))
    keep = slice(used[0], used[-1] + 1)
    return Taps(_frozen(index[:, keep]), _frozen(weight[:, keep]))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array
