"""The picture out of focus."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, dropwhile, pairwise

import numpy as np

from feedline import native
from feedline.native.weights import BITS
from feedline.rng import Key
from feedline.transforms.base import Transform, as_pair, between, require, require_pair
from feedline.transforms.draft import Draft
from feedline.types import Image


@dataclass(frozen=True)
class GaussianBlur(Transform):
    """Each pixel becomes the weighted mean of its neighbours; beyond the border the image is mirrored, however often.

    Whole numbers are summed as integers, first down, then across, and rounded after each: within 1 of the exact value.
    All channels are blurred, alpha too.

    Args:
        kernel_size: how many pixels across and down are weighed: one odd number, or (across, down).
        sigma: standard deviation in pixels, above 0: one number, or (least, most), drawn for each picture.
    """

    kernel_size: int | Sequence[int]
    sigma: float | tuple[float, float] = (0.1, 2.0)

    def __post_init__(self) -> None:
        require_pair(self, "kernel_size")
        sizes = as_pair(self.kernel_size)
        odd = all(size == int(size) and size >= 1 and size % 2 for size in sizes)
        require(odd, self, "kernel_size must be odd whole numbers, at least 1")
        object.__setattr__(self, "kernel_size", (int(sizes[0]), int(sizes[1])))
        require_pair(self, "sigma")
        low, high = as_pair(self.sigma)
        require(0 < low <= high, self, "sigma must be above 0, one number or (least, most)")
        object.__setattr__(self, "sigma", (float(low), float(high)))

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        sigma = between(as_pair(self.sigma), key.uniform(operation, 1)[0])
        across, down = as_pair(self.kernel_size)
        name = f"gaussian blur of sigma {sigma:.2f} over {down} x {across} pixels"
        draft.work(name, partial(blurred, sigma=sigma, across=across, down=down))


def blurred(image: Image, sigma: float, across: int, down: int) -> Image:
    """The image, HxWxC of any type, under a Gaussian of ``sigma`` pixels, cut off at ``down`` x ``across`` pixels."""
    height, width = image.shape[:2]
    return native.scale(image, _mirrored(height, weights(sigma, down)), _mirrored(width, weights(sigma, across)))


def weights(sigma: float, count: int) -> tuple[int, ...]:
    """Of ``count`` neighbours, an odd number: shares of 2**14 of a Gaussian; without the ends that round to 0."""
    heights = [math.exp(-((place / sigma) ** 2) / 2) for place in range(-(count // 2), 1)]
    total = 2 * math.fsum(heights) - heights[-1]
    ends = [round(end / total * (1 << BITS)) for end in accumulate(heights[:-1], initial=0.0)]
    half = [behind - before for before, behind in pairwise(ends)]
    half = list(dropwhile(lambda weight: weight == 0, half))
    return (*half, (1 << BITS) - 2 * ends[-1], *half[::-1])


def _mirrored(side: int, weights: tuple[int, ...]) -> native.Taps:
    """The same weights at each of ``side`` pixels; beyond the ends the pixels return, the last not repeated."""
    reach = len(weights) // 2
    place = np.arange(side)[:, None] + np.arange(-reach, reach + 1)
    turn = max(2 * side - 2, 1)
    index = np.minimum(place % turn, turn - place % turn) if side > 1 else place * 0
    return native.Taps(index.astype(np.intp), np.broadcast_to(np.array(weights, np.int16), index.shape))
