"""Parts of the picture that are painted over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from feedline.rng import Key
from feedline.transforms.base import Transform, as_pair, between, is_number, require, require_pair, require_share
from feedline.transforms.draft import Draft
from feedline.transforms.grain import bits, quantiles
from feedline.transforms.plan import Window
from feedline.transforms.pointwise import top as white_of
from feedline.types import Image

Paint = float | Sequence[float] | Literal["random"]
_TRIES = 10


@dataclass(frozen=True)
class RandomErasing(Transform):
    """A rectangle of random area and aspect ratio is painted over, with probability ``p`` (torchvision's method).

    Of Zhong et al., "Random Erasing Data Augmentation", 2020. All channels are painted. Where ten tries found no
    rectangle that fits, nothing is.

    Args:
        p: in 0..1.
        scale: smallest and largest share of the image's area.
        ratio: smallest and largest height / width; drawn evenly on a logarithmic scale.
        value: what it is painted with, in the image's unit where it stands: one number, one a channel, or "random":
            standard normal numbers on floats, as torchvision's, and whole numbers from black to white as likely each.
    """

    p: float = 0.5
    scale: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    value: Paint = 0

    def __post_init__(self) -> None:
        require_share(self)
        for name in ("scale", "ratio"):
            require_pair(self, name, single=False)
            low, high = getattr(self, name)
            require(0 < low <= high, self, f"{name} must be (low, high) with 0 < low <= high")
            object.__setattr__(self, name, (float(low), float(high)))
        require(self.scale[1] <= 1, self, "scale must be shares of the area, at most 1")
        _keep_paint(self, "value")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        paint = _colour(self, self.value, draft)
        if key.uniform(operation, 1)[0] >= self.p:
            return
        hole = self._hole(draft.height, draft.width, key, operation)
        if hole is not None:
            _paint_over(draft, [hole], paint, key, operation)

    def _hole(self, height: int, width: int, key: Key, operation: int) -> Window | None:
        low, high = map(math.log, self.ratio)
        for block in range(1, _TRIES + 1):
            share, shape, down, right = key.uniform(operation, 4, block)
            area, ratio = height * width * between(self.scale, share), math.exp(between((low, high), shape))
            tall, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if tall < height and wide < width:
                top, left = int(down * (height - tall + 1)), int(right * (width - wide + 1))
                return top, left, top + tall, left + wide
        return None


@dataclass(frozen=True)
class CoarseDropout(Transform):
    """Several rectangles are painted over, with probability ``p`` (albumentations' method).

    After DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017. All channels
    are painted; rectangles lie within the image, and may lie over each other.

    Args:
        num_holes_range: (least, most) rectangles.
        hole_height_range, hole_width_range: (least, most): floats in 0..1 are shares of the image's side, rounded down;
            whole numbers are pixels, at most the whole side.
        fill: as ``value`` of :class:`RandomErasing`.
        p: in 0..1.
    """

    num_holes_range: tuple[int, int] = (1, 1)
    hole_height_range: tuple[float, float] = (0.1, 0.2)
    hole_width_range: tuple[float, float] = (0.1, 0.2)
    fill: Paint = 0
    p: float = 0.5

    def __post_init__(self) -> None:
        require_share(self)
        require_pair(self, "num_holes_range", single=False)
        low, high = self.num_holes_range
        whole = low == int(low) and high == int(high) and 1 <= low <= high
        require(whole, self, "num_holes_range must be (least, most) whole numbers, at least 1")
        object.__setattr__(self, "num_holes_range", (int(low), int(high)))
        for name in ("hole_height_range", "hole_width_range"):
            _keep_range(self, name)
        _keep_paint(self, "fill")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        paint = _colour(self, self.fill, draft)
        whether, many = key.uniform(operation, 2)
        if whether >= self.p:
            return
        least, most = self.num_holes_range
        count = least + int(many * (most - least + 1))
        holes = [self._hole(draft.height, draft.width, key.uniform(operation, 4, 1 + hole)) for hole in range(count)]
        _paint_over(draft, holes, paint, key, operation)

    def _hole(self, height: int, width: int, drawn: list[float]) -> Window:
        tall = _side(self.hole_height_range, height, drawn[0])
        wide = _side(self.hole_width_range, width, drawn[1])
        top, left = int(drawn[2] * (height - tall + 1)), int(drawn[3] * (width - wide + 1))
        return top, left, top + tall, left + wide


def _side(limits: tuple[float, float], side: int, share: float) -> int:
    """A hole's height or width in pixels."""
    low, high = limits
    if isinstance(high, int):
        low, high = min(low, side), min(high, side)
        return int(low) + int(share * (high - low + 1))
    return int(side * between(limits, share))


def _paint_over(draft: Draft, holes: list[Window], paint: tuple[float, ...] | None, key: Key, operation: int) -> None:
    sizes = ", ".join(f"{bottom - top} x {right - left} at ({left}, {top})" for top, left, bottom, right in holes)
    with_what = "random numbers" if paint is None else ", ".join(f"{number:.4g}" for number in dict.fromkeys(paint))
    erase = partial(_erased, holes=tuple(holes), paint=paint, key=key, operation=operation)
    draft.work(f"erase {sizes} with {with_what}", erase)


def _erased(
    image: Image, holes: tuple[Window, ...], paint: tuple[float, ...] | None, key: Key, operation: int
) -> Image:
    colours = np.asarray(paint, image.dtype) if paint is not None else _random(image, key, operation)
    painted = image.copy()
    for top, left, bottom, right in holes:
        part = colours if paint is not None else colours[top:bottom, left:right]
        painted[top:bottom, left:right] = part
    return painted


def _random(image: Image, key: Key, operation: int) -> Image:
    if image.dtype.kind == "f":
        drawn = bits(key, operation, image.size, 16)
        return quantiles().astype(np.float32).take(drawn).reshape(image.shape)
    return bits(key, operation, image.size, 8 * image.dtype.itemsize).reshape(image.shape)


def _colour(step: Transform, value: Any, draft: Draft) -> tuple[float, ...] | None:
    """A number a channel; None for random ones."""
    if value == "random" or not draft.colours:
        return None
    numbers = (float(value),) if is_number(value) else tuple(value)
    channels = draft.channels
    require(len(numbers) in (1, channels), step, f"the image has {channels} channels")
    if draft.dtype.kind != "f":
        white = white_of(draft.dtype)
        require(all(0 <= number <= white for number in numbers), step, f"{draft.dtype} numbers are in 0..{white}")
    return (numbers * channels)[:channels]


def _keep_paint(step: Transform, name: str) -> None:
    value = getattr(step, name)
    if isinstance(value, str) and value == "random":
        return
    numbers = (value,) if is_number(value) else tuple(value) if isinstance(value, list | tuple) else ()
    right = bool(numbers) and all(map(is_number, numbers))
    require(right, step, f"{name} must be a number, one a channel, or 'random'")
    object.__setattr__(step, name, value if is_number(value) else tuple(map(float, numbers)))


def _keep_range(step: Transform, name: str) -> None:
    require_pair(step, name, single=False)
    low, high = as_pair(getattr(step, name))
    if isinstance(low, int | np.integer) and isinstance(high, int | np.integer):
        require(bool(1 <= low <= high), step, f"{name} must be (least, most) pixels, at least 1")
        object.__setattr__(step, name, (int(low), int(high)))
    else:
        rule = f"{name} must be (least, most) shares, above 0 and at most 1, or whole pixels"
        require(0 < low <= high <= 1, step, rule)
        object.__setattr__(step, name, (float(low), float(high)))
