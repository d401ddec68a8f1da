"""What cuts a part out of the picture, or puts a frame around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from feedline.native import Filter
from feedline.rng import Key
from feedline.transforms.base import (
    Transform,
    is_sequence,
    require,
    require_fill,
    require_filter,
    require_flag,
    require_pair,
    require_size,
)
from feedline.transforms.draft import Draft, Fill
from feedline.transforms.plan import Border
from feedline.types import Spec

_TRIES = 10


@dataclass(frozen=True)
class CenterCrop(Transform):
    """The middle of the image; what is missing at the border is filled with zeros.

    Args:
        size: (height, width) in pixels, or one number for both.
    """

    size: int | tuple[int, int]

    def __post_init__(self) -> None:
        require_size(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        height, width = self._size
        top, bottom = _split(max(height - draft.height, 0))
        left, right = _split(max(width - draft.width, 0))
        tall, wide = draft.height + top + bottom, draft.width + left + right
        draft.crop(round((tall - height) / 2.0) - top, round((wide - width) / 2.0) - left, height, width, fill=0)

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(*self._size)

    @property
    def _size(self) -> tuple[int, int]:
        assert isinstance(self.size, tuple)
        return self.size


@dataclass(frozen=True)
class Pad(Transform):
    """A frame around the image.

    Args:
        padding: pixels added at every side, (left and right, top and bottom), or (left, top, right, bottom).
        fill: the value of these pixels in the image's unit, one number or one a channel.
        padding_mode: "constant" (the fill), "edge", "reflect" (the edge not repeated) or "symmetric".
    """

    padding: int | Sequence[int]
    fill: Fill = 0
    padding_mode: Border = "constant"

    def __post_init__(self) -> None:
        _check_padding(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        left, top, right, bottom = sides(self.padding)
        if self.padding_mode == "reflect":
            fits = max(left, right) < draft.width and max(top, bottom) < draft.height
            size = f"an image of {draft.height} x {draft.width}"
            require(fits, self, f"padding must be less than {size} to be reflected")
        draft.pad(left, top, right, bottom, self.fill, self.padding_mode)

    def spec(self, spec: Spec) -> Spec:
        left, top, right, bottom = sides(self.padding)
        height = None if spec.height is None else spec.height + top + bottom
        return spec.resized(height, None if spec.width is None else spec.width + left + right)


@dataclass(frozen=True)
class RandomCrop(Transform):
    """A window of a fixed size at a random place.

    Args:
        size: (height, width) in pixels, or one number for both.
        padding: pixels added first: at every side, (left and right, top and bottom), or (left, top, right, bottom).
        pad_if_needed: pads an image that is smaller than the window, by all that is missing at either side, so that it
            lies anywhere in the window; else that is an error.
        fill: the value of padded pixels in the image's unit, one number or one a channel.
        padding_mode: as of :class:`Pad`.
    """

    size: int | tuple[int, int]
    padding: int | Sequence[int] | None = 0
    pad_if_needed: bool = False
    fill: Fill = 0
    padding_mode: Border = "constant"

    def __post_init__(self) -> None:
        require_size(self)
        require_flag(self, "pad_if_needed")
        if self.padding is None:
            object.__setattr__(self, "padding", 0)
        _check_padding(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        assert isinstance(self.size, tuple)
        height, width = self.size
        padding = sides(self.padding or 0)
        if any(padding):
            draft.pad(*padding, self.fill, self.padding_mode)
        if self.pad_if_needed and (height > draft.height or width > draft.width):
            tall, wide = max(height - draft.height, 0), max(width - draft.width, 0)
            draft.pad(wide, tall, wide, tall, self.fill, self.padding_mode)
        require(
            draft.height >= height and draft.width >= width,
            self,
            f"the image has only {draft.height} x {draft.width} pixels (set pad_if_needed=True)",
        )
        down, right_share = key.uniform(operation, 2)
        top, left = int(down * (draft.height - height + 1)), int(right_share * (draft.width - width + 1))
        draft.crop(top, left, height, width)

    def spec(self, spec: Spec) -> Spec:
        assert isinstance(self.size, tuple)
        return spec.resized(*self.size)


@dataclass(frozen=True)
class RandomResizedCrop(Transform):
    """A window of random area and aspect ratio at a random place, resized to a fixed size (torchvision's method).

    Args:
        size: (height, width) in pixels of what comes out, or one number for both.
        scale: smallest and largest share of the image's area.
        ratio: smallest and largest width / height; drawn evenly on a logarithmic scale.
        interpolation: "nearest", "bilinear" or "bicubic".
        antialias: whether the filter widens where the window shrinks.
    """

    size: int | tuple[int, int]
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0)
    interpolation: Filter = "bilinear"
    antialias: bool = True

    def __post_init__(self) -> None:
        require_size(self)
        require_filter(self)
        require_flag(self, "antialias")
        for name in ("scale", "ratio"):
            require_pair(self, name, single=False)
            low, high = getattr(self, name)
            require(0 < low <= high, self, f"{name} must be (low, high) with 0 < low <= high")
            object.__setattr__(self, name, (float(low), float(high)))

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        assert isinstance(self.size, tuple)
        draft.crop(*self._window(draft.height, draft.width, key, operation))
        draft.resize(*self.size, self.interpolation, self.antialias)

    def _window(self, height: int, width: int, key: Key, operation: int) -> tuple[int, int, int, int]:
        """Top, left, height and width; the middle at the nearest allowed ratio where ten tries found no window."""
        for block in range(_TRIES):
            share, shape, down, right = key.uniform(operation, 4, block)
            area = height * width * (self.scale[0] + share * (self.scale[1] - self.scale[0]))
            low, high = math.log(self.ratio[0]), math.log(self.ratio[1])
            ratio = math.exp(low + shape * (high - low))
            wide, tall = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < wide <= width and 0 < tall <= height:
                return int(down * (height - tall + 1)), int(right * (width - wide + 1)), tall, wide
        low, high = self.ratio
        wide = max(1, round(height * high)) if width / height > high else width
        tall = max(1, round(width / low)) if width / height < low else height
        return (height - tall) // 2, (width - wide) // 2, tall, wide

    def spec(self, spec: Spec) -> Spec:
        assert isinstance(self.size, tuple)
        return spec.resized(*self.size)


def sides(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom."""
    if isinstance(padding, int):
        return (padding,) * 4
    left, top, right, bottom = (tuple(padding) * 4)[:4]
    return left, top, right, bottom


def _split(missing: int) -> tuple[int, int]:
    return missing // 2, missing - missing // 2


def _check_padding(step: Pad | RandomCrop) -> None:
    given = step.padding
    numbers: tuple[Any, ...] = (given,)
    if given is not None and is_sequence(given):
        numbers = tuple(given)  # type: ignore[arg-type]
    whole = len(numbers) in (1, 2, 4) and all(isinstance(number, int) and number >= 0 for number in numbers)
    whole = whole and not any(isinstance(number, bool) for number in numbers)
    require(whole, step, "padding must be 1, 2 or 4 whole numbers, none negative")
    object.__setattr__(step, "padding", given if isinstance(given, int) else numbers)
    require_fill(step)
    modes = get_args(Border)
    require(step.padding_mode in modes, step, f"padding_mode must be one of {', '.join(modes)}")
