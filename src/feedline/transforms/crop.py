"""What cuts a part out of the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from feedline.rng import Key
from feedline.transforms.base import Transform, as_array, as_pair, require, require_pair, with_channels
from feedline.transforms.geometry import resample
from feedline.types import Image, Spec

_TRIES = 10


@dataclass(frozen=True)
class CenterCrop(Transform):
    """The middle of the image; what is missing at the border is filled with zeros.

    Args:
        size: (height, width) in pixels, or one number for both.
    """

    size: int | tuple[int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _size(self))

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        height, width = as_pair(self.size)
        image = pad_to(as_array(image, self), height, width, 0)
        top = round((image.shape[0] - height) / 2.0)
        left = round((image.shape[1] - width) / 2.0)
        return image[top : top + height, left : left + width]

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(*as_pair(self.size))


@dataclass(frozen=True)
class RandomCrop(Transform):
    """A window of a fixed size at a random place.

    Args:
        size: (height, width) in pixels, or one number for both.
        padding: pixels added first: at every side, (left and right, top and bottom), or (left, top, right, bottom).
        pad_if_needed: pads an image that is smaller than the window, evenly; else that is an error.
        fill: the value of padded pixels, 0 to 255.
    """

    size: int | tuple[int, int]
    padding: int | Sequence[int] = 0
    pad_if_needed: bool = False
    fill: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _size(self))
        object.__setattr__(self, "padding", _padding(self))
        require(0 <= self.fill <= 255, self, "fill must be in 0..255")

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        height, width = as_pair(self.size)
        image = _pad(as_array(image, self), _sides(self.padding), self.fill)
        if self.pad_if_needed:
            image = pad_to(image, height, width, self.fill)
        require(
            image.shape[0] >= height and image.shape[1] >= width,
            self,
            f"the image has only {image.shape[0]} x {image.shape[1]} pixels (set pad_if_needed=True)",
        )
        down, right = key.uniform(operation, 2)
        top = int(down * (image.shape[0] - height + 1))
        left = int(right * (image.shape[1] - width + 1))
        return image[top : top + height, left : left + width]

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(*as_pair(self.size))


@dataclass(frozen=True)
class RandomResizedCrop(Transform):
    """A window of random area and aspect ratio at a random place, resized to a fixed size (torchvision's method).

    Args:
        size: (height, width) in pixels of what comes out, or one number for both.
        scale: smallest and largest share of the image's area.
        ratio: smallest and largest width / height; drawn evenly on a logarithmic scale.
    """

    size: int | tuple[int, int]
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3.0 / 4.0, 4.0 / 3.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", _size(self))
        for name in ("scale", "ratio"):
            require_pair(self, name, single=False)
            low, high = getattr(self, name)
            require(0 < low <= high, self, f"{name} must be (low, high) with 0 < low <= high")
            object.__setattr__(self, name, (float(low), float(high)))

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        image = as_array(image, self)
        top, left, height, width = self._window(image.shape[0], image.shape[1], key, operation)
        return resample(image[top : top + height, left : left + width], *as_pair(self.size))

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
        ratio = min(max(width / height, self.ratio[0]), self.ratio[1])
        wide = min(width, max(1, round(height * ratio)))
        tall = min(height, max(1, round(wide / ratio)))
        return (height - tall) // 2, (width - wide) // 2, tall, wide

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(*as_pair(self.size))


def pad_to(image: Image, height: int, width: int, fill: int) -> Image:
    """The image in the middle of a frame of at least this size."""
    down, right = max(height - image.shape[0], 0), max(width - image.shape[1], 0)
    return _pad(image, (down // 2, down - down // 2, right // 2, right - right // 2), fill)


def _pad(image: Image, sides: tuple[int, int, int, int], fill: int) -> Image:
    """``sides`` are top, bottom, left and right, in pixels."""
    if not any(sides):
        return image
    return with_channels(cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(fill,) * 4))


def _padding(step: RandomCrop) -> int | tuple[int, ...]:
    given = step.padding
    numbers = (given,) if isinstance(given, int) else tuple(given)
    whole = len(numbers) in (1, 2, 4) and all(isinstance(number, int) and number >= 0 for number in numbers)
    require(whole, step, "padding must be 1, 2 or 4 whole numbers, none negative")
    return given if isinstance(given, int) else numbers


def _sides(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right, of a padding in torchvision's order."""
    if isinstance(padding, int):
        return (padding,) * 4
    left, top, right, bottom = (tuple(padding) * 4)[:4]
    return top, bottom, left, right


def _size(step: CenterCrop | RandomCrop | RandomResizedCrop) -> tuple[int, int]:
    require_pair(step, "size")
    height, width = as_pair(step.size)
    require(height >= 1 and width >= 1, step, "size must be at least 1 pixel")
    return int(height), int(width)
