"""What moves pixels: each step resamples for itself, until steps are folded into one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline.rng import Key
from feedline.transforms.base import Transform, as_array, as_pair, require, require_pair, with_channels
from feedline.types import Image, Spec


def resample(image: Image, height: int, width: int) -> Image:
    """The image at a new size: by area where it shrinks, so that nothing aliases, else linearly."""
    if image.shape[:2] == (height, width):
        return image
    shrinks = height < image.shape[0] or width < image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return with_channels(cv2.resize(image, (width, height), interpolation=interpolation))


@dataclass(frozen=True)
class Resize(Transform):
    """To a given size.

    Args:
        size: (height, width) in pixels; or one number for the shorter side, the longer one in proportion.
    """

    size: int | tuple[int, int]

    def __post_init__(self) -> None:
        require_pair(self, "size")
        require(min(as_pair(self.size)) >= 1, self, "size must be at least 1 pixel")
        whole = tuple(int(side) for side in as_pair(self.size))
        require(whole == as_pair(self.size), self, "size must be whole pixels")
        object.__setattr__(self, "size", whole[0] if isinstance(self.size, Real) else whole)

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        image = as_array(image, self)
        return resample(image, *self._target(image.shape[0], image.shape[1]))

    def _target(self, height: int, width: int) -> tuple[int, int]:
        if not isinstance(self.size, int):
            return self.size
        if height <= width:
            return self.size, max(1, int(self.size * width / height))
        return max(1, int(self.size * height / width)), self.size

    def spec(self, spec: Spec) -> Spec:
        if not isinstance(self.size, int):
            return spec.resized(*self.size)
        if spec.height is None or spec.width is None:
            return spec.resized(None, None)
        return spec.resized(*self._target(spec.height, spec.width))


@dataclass(frozen=True)
class RandomHorizontalFlip(Transform):
    """Left and right exchanged, with probability ``p``."""

    p: float = 0.5

    def __post_init__(self) -> None:
        require(isinstance(self.p, int | float) and 0 <= self.p <= 1, self, "p must be a number in 0..1")

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        image = as_array(image, self)
        (chance,) = key.uniform(operation, 1)
        return with_channels(cv2.flip(image, 1)) if chance < self.p else image

    def spec(self, spec: Spec) -> Spec:
        return spec


@dataclass(frozen=True)
class RandomRotation(Transform):
    """Turned about the centre by a random angle, bilinear; the size stays unless ``expand``.

    Args:
        degrees: (least, most), counter-clockwise; or one number for (-degrees, degrees).
        expand: the result is as large as the turned image needs.
        fill: the value of pixels from outside the image, 0 to 255.
    """

    degrees: float | tuple[float, float]
    expand: bool = False
    fill: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "degrees", _degrees(self, "degrees"))
        require(0 <= self.fill <= 255, self, "fill must be in 0..255")

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        image = as_array(image, self)
        (share,) = key.uniform(operation, 1)
        low, high = as_pair(self.degrees)
        turn = _linear(-(low + share * (high - low)))
        height, width = image.shape[:2]
        if self.expand:
            width, height = _bounds(turn, width, height)
        return warp(image, turn, (height, width), (0.0, 0.0), self.fill)

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(None, None) if self.expand else spec


@dataclass(frozen=True)
class RandomAffine(Transform):
    """Turned, moved, scaled and sheared about the centre, all at random, bilinear; the size stays.

    Args:
        degrees: (least, most), clockwise; or one number for (-degrees, degrees); 0 for no turn.
        translate: largest shift as a share of (width, height), to either side; None for no shift.
        scale: (least, most) factor; None for no scaling.
        shear: (least, most) along x in degrees, or one number for (-shear, shear); None for no shear.
        fill: the value of pixels from outside the image, 0 to 255.
    """

    degrees: float | tuple[float, float]
    translate: tuple[float, float] | None = None
    scale: tuple[float, float] | None = None
    shear: float | tuple[float, float] | None = None
    fill: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "degrees", _degrees(self, "degrees"))
        if self.translate is not None:
            require_pair(self, "translate", single=False)
            object.__setattr__(self, "translate", tuple(self.translate))
            require(all(0 <= share <= 1 for share in self.translate), self, "translate must be in 0..1")
        if self.scale is not None:
            require_pair(self, "scale", single=False)
            object.__setattr__(self, "scale", tuple(self.scale))
            require(0 < self.scale[0] <= self.scale[1], self, "scale must be (low, high), 0 < low <= high")
        if self.shear is not None:
            object.__setattr__(self, "shear", _degrees(self, "shear"))
            require(max(map(abs, as_pair(self.shear))) < 90, self, "shear must be under 90 degrees")
        require(0 <= self.fill <= 255, self, "fill must be in 0..255")

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> Image:
        image = as_array(image, self)
        height, width = image.shape[:2]
        turn, right, down, grow, slant = key.uniform(operation, 5)
        shares = self.translate or (0.0, 0.0)
        shift = (
            round(_between((-shares[0] * width, shares[0] * width), right)),
            round(_between((-shares[1] * height, shares[1] * height), down)),
        )
        linear = _linear(
            _between(as_pair(self.degrees), turn),
            _between(self.scale or (1.0, 1.0), grow),
            _between(as_pair(self.shear or 0.0), slant),
        )
        return warp(image, linear, (height, width), shift, self.fill)

    def spec(self, spec: Spec) -> Spec:
        return spec


def warp(
    image: Image,
    linear: NDArray[np.float64],
    size: tuple[int, int],
    shift: tuple[float, float],
    fill: int,
) -> Image:
    """The image under ``linear`` (2x2, on x and y) about the centres of both pictures, then moved by ``shift``.

    Args:
        size: height and width of what comes out.
        shift: pixels to the right and down.
    """
    height, width = size
    source = np.array([(image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2])
    target = np.array([(width - 1) / 2 + shift[0], (height - 1) / 2 + shift[1]])
    matrix = np.column_stack([linear, target - linear @ source])
    border = (fill,) * 4
    return with_channels(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=border))


def _linear(degrees: float, scale: float = 1.0, shear: float = 0.0) -> NDArray[np.float64]:
    """Scale times rotation (clockwise on the screen, where y points down) times shear along x."""
    turn, slant = math.radians(degrees), math.tan(math.radians(shear))
    cos, sin = math.cos(turn), math.sin(turn)
    return scale * np.array([[cos, -sin - slant * cos], [sin, cos - slant * sin]])


def _bounds(linear: NDArray[np.float64], width: int, height: int) -> tuple[int, int]:
    """Width and height that hold the whole of a picture after ``linear``."""
    reach = np.abs(linear) @ np.array([width, height], dtype=np.float64)
    return math.ceil(reach[0] - 1e-6), math.ceil(reach[1] - 1e-6)


def _between(bounds: tuple[float, float], share: float) -> float:
    return bounds[0] + share * (bounds[1] - bounds[0])


def _degrees(step: Transform, name: str) -> tuple[float, float]:
    require_pair(step, name)
    value = getattr(step, name)
    if isinstance(value, Real):
        require(float(value) >= 0, step, f"a single number for {name} must not be negative")
        return -float(value), float(value)
    low, high = value
    require(low <= high, step, f"{name} must be (least, most)")
    return float(low), float(high)
