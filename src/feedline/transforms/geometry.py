"""What turns, shears or moves the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

from feedline.native import Filter
from feedline.rng import Key
from feedline.transforms.base import (
    Transform,
    as_pair,
    between,
    is_number,
    require,
    require_fill,
    require_filter,
    require_pair,
)
from feedline.transforms.draft import Draft, Fill
from feedline.transforms.matrix import Point, about, at, bounds, corners
from feedline.types import Spec

Linear = tuple[float, float, float, float]
_QUARTERS: dict[float, Linear] = {0.0: (1, 0, 0, 1), 90.0: (0, -1, 1, 0), 180.0: (-1, 0, 0, -1), 270.0: (0, 1, -1, 0)}
_EASE = 1e-4


@dataclass(frozen=True)
class RandomRotation(Transform):
    """Turned by a random angle; the size stays unless ``expand``.

    Args:
        degrees: (least, most), counter-clockwise; or one number for (-degrees, degrees).
        interpolation: "bilinear" (torchvision's default is "nearest"), "nearest" or "bicubic".
        expand: the result is as large as the turned image needs; about its centre.
        center: (x, y) in pixels that stays where it is; None for the image's centre.
        fill: the value of pixels from outside the image, in its unit, one number or one a channel.
    """

    degrees: float | tuple[float, float]
    interpolation: Filter = "bilinear"
    expand: bool = False
    center: tuple[float, float] | None = None
    fill: Fill = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "degrees", symmetric(self, "degrees"))
        require_filter(self)
        require_fill(self)
        require(isinstance(self.expand, bool), self, "expand must be True or False")
        _keep_center(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        angle = between(as_pair(self.degrees), key.uniform(operation, 1)[0])
        turn = linear(-angle)
        height, width = draft.height, draft.width
        centre = target = self.center or (width / 2, height / 2)
        if self.expand:
            height, width = _expanded(turn, height, width)
            centre, target = (draft.width / 2, draft.height / 2), (width / 2, height / 2)
        draft.move(about(turn, centre, target), height, width, fill=self.fill, filter=self.interpolation)

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(None, None) if self.expand else spec


@dataclass(frozen=True)
class RandomAffine(Transform):
    """Turned, moved, scaled and sheared, all at random; the size stays.

    Args:
        degrees: (least, most), clockwise; or one number for (-degrees, degrees); 0 for no turn.
        translate: largest shift as a share of (width, height), to either side; None for no shift.
        scale: (least, most) factor; None for no scaling.
        shear: in degrees: one number for (-shear, shear) along x, (least, most) along x, or four numbers for x and y.
        interpolation: "bilinear" (torchvision's default is "nearest"), "nearest" or "bicubic".
        fill: the value of pixels from outside the image, in its unit, one number or one a channel.
        center: (x, y) in pixels about which it is turned; None for the image's centre.
    """

    degrees: float | tuple[float, float]
    translate: tuple[float, float] | None = None
    scale: tuple[float, float] | None = None
    shear: float | Sequence[float] | None = None
    interpolation: Filter = "bilinear"
    fill: Fill = 0
    center: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "degrees", symmetric(self, "degrees"))
        require_filter(self)
        require_fill(self)
        _keep_center(self)
        if self.translate is not None:
            require_pair(self, "translate", single=False)
            object.__setattr__(self, "translate", tuple(self.translate))
            require(all(0 <= share <= 1 for share in self.translate), self, "translate must be in 0..1")
        if self.scale is not None:
            require_pair(self, "scale", single=False)
            object.__setattr__(self, "scale", tuple(self.scale))
            require(0 < self.scale[0] <= self.scale[1], self, "scale must be (low, high), 0 < low <= high")
        if self.shear is not None:
            object.__setattr__(self, "shear", self._shears())
            require(max(map(abs, self._slants)) < 90, self, "shear must be under 90 degrees")

    def _shears(self) -> tuple[float, ...]:
        if not (isinstance(self.shear, Sequence) and len(self.shear) == 4):
            return symmetric(self, "shear")
        require(all(map(is_number, self.shear)), self, "shear must be numbers")
        low, high, least, most = map(float, self.shear)
        require(low <= high and least <= most, self, "shear must be (least, most) along x and (least, most) along y")
        return low, high, least, most

    @property
    def _slants(self) -> tuple[float, float, float, float]:
        if self.shear is None:
            return 0.0, 0.0, 0.0, 0.0
        assert isinstance(self.shear, tuple)
        low, high, least, most = (*self.shear, 0.0, 0.0)[:4]
        return low, high, least, most

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        height, width = draft.height, draft.width
        turn, right, down, grow, slant, lean = key.uniform(operation, 6)
        shares = self.translate or (0.0, 0.0)
        across = round(between((-shares[0] * width, shares[0] * width), right))
        along = round(between((-shares[1] * height, shares[1] * height), down))
        low, high, least, most = self._slants
        changed = linear(
            between(as_pair(self.degrees), turn),
            between(self.scale or (1.0, 1.0), grow),
            (between((low, high), slant), between((least, most), lean)),
        )
        x, y = self.center or (width / 2, height / 2)
        matrix = about(changed, (x, y), (x + across, y + along))
        draft.move(matrix, height, width, fill=self.fill, filter=self.interpolation)


def linear(degrees: float, scale: float = 1.0, shear: tuple[float, float] = (0.0, 0.0)) -> Linear:
    """Scale times rotation (clockwise on the screen, where y points down) times shear, in degrees along x and y.

    The order is torchvision's; quarter turns are whole numbers, so that pixels stay pixels.
    """
    if shear == (0.0, 0.0) and degrees % 360 in _QUARTERS:
        a, b, c, d = _QUARTERS[degrees % 360]
        return scale * a, scale * b, scale * c, scale * d
    turn, lean, slant = math.radians(degrees), math.radians(shear[1]), math.tan(math.radians(shear[0]))
    cos, sin = math.cos(turn - lean) / math.cos(lean), math.sin(turn - lean) / math.cos(lean)
    return (
        scale * cos,
        scale * (-cos * slant - math.sin(turn)),
        scale * sin,
        scale * (-sin * slant + math.cos(turn)),
    )


def _expanded(turn: Linear, height: int, width: int) -> tuple[int, int]:
    """Height and width that hold the whole of a picture after ``turn``, about its centre.

    As torchvision finds them: whole pixels of the grid that the picture had, so that they may be one more than needed.
    """
    moved = [at(about(turn, (width / 2, height / 2), (0.0, 0.0)), corner) for corner in corners(height, width)]
    _, _, bottom, right = bounds(tuple(moved))
    if set(turn) <= {0.0, 1.0, -1.0}:
        return round(2 * bottom), round(2 * right)
    return _reach(height / 2, bottom), _reach(width / 2, right)


def _reach(middle: float, half: float) -> int:
    """Whole pixels from ``middle - half`` to ``middle + half``, cut to four places behind the point."""
    first, last = (math.trunc(edge / _EASE) * _EASE for edge in (middle - half, middle + half))
    return math.ceil(last) - math.floor(first)


def symmetric(step: Transform, name: str) -> tuple[float, float]:
    """(least, most); of one number, (-number, number)."""
    require_pair(step, name)
    value = getattr(step, name)
    if isinstance(value, Real):
        require(float(value) >= 0, step, f"a single number for {name} must not be negative")
        return -float(value), float(value)
    low, high = value
    require(low <= high, step, f"{name} must be (least, most)")
    return float(low), float(high)


def _keep_center(step: RandomRotation | RandomAffine) -> None:
    if step.center is not None:
        require_pair(step, "center", single=False)
        x, y = step.center
        center: Point = float(x), float(y)
        object.__setattr__(step, "center", center)
