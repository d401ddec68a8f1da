"""What a plan is made of: one resampling, one pass over the colours, one to floats, or a stage that remains."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from feedline.native import Filter
from feedline.native.weights import SUPPORT
from feedline.transforms.matrix import (
    Matrix,
    Point,
    aligned,
    at,
    bounds,
    inverse,
    whole,
)
from feedline.transforms.pointwise import Curve, Group
from feedline.types import Image

Corners = tuple[Point, ...]
"""Of a convex figure, in order around: four, or one fewer or more where a perspective's horizon cuts a frame."""
Border = Literal["constant", "edge", "reflect", "symmetric"]
"""Of a frame: what shows outside of it."""
Window = tuple[int, int, int, int]
"""Top, left, bottom and right, in whole pixels."""
MIRRORS = ("edge", "reflect", "symmetric")
"""Borders that are made of the picture."""
_EASE = 1e-6
_FAR = 1 << 30


@dataclass(frozen=True, slots=True)
class Clip:
    """What lies outside of its corners is not the picture, but fill.

    Attributes:
        corners: in the coordinates of the source.
        fill: a number a channel, in the unit of the image.
        border: what shows outside instead of the fill: as torchvision's ``padding_mode``, of a frame of whole pixels;
            or "closed", of one that was turned: its outermost pixels go on, for nothing beyond it takes part.
    """

    corners: Corners
    fill: tuple[float, ...]
    border: Border | Literal["closed"] = "constant"


@dataclass(frozen=True)
class Resample:
    """All that neighbouring geometric steps do, as one.

    Attributes:
        source: (height, width) of what comes in.
        size: (height, width) of what comes out.
        matrix: from source to output, in pixels whose corner is at 0.
        filter: how pixels are weighed.
        widths: by how much the filter is stretched down and across, in pixels of the source, at least 1.
        limits: top, left, bottom and right beyond which nothing of the source takes part, where steps cut it away.
        clips: outside of these the source is fill, the later ones over the earlier.
        frames: outside of these a pixel of the output is fill, whatever its neighbours are.
        why: it does not fold with the geometry before it, in words, or "".
    """

    source: tuple[int, int]
    size: tuple[int, int]
    matrix: Matrix
    filter: Filter = "bilinear"
    widths: tuple[float, float] = (1.0, 1.0)
    limits: tuple[float, float, float, float] | None = None
    clips: tuple[Clip, ...] = ()
    frames: tuple[Clip, ...] = ()
    why: str = ""

    @cached_property
    def kind(self) -> Literal["copy", "scale", "warp"]:
        """Pixels as they are in other places; along the axes; or turned."""
        if whole(self.matrix) and max(self.widths) == 1.0:
            return "copy"
        return "scale" if aligned(self.matrix) else "warp"

    @cached_property
    def back(self) -> Matrix:
        """From output to source."""
        return inverse(self.matrix)

    @cached_property
    def painted(self) -> tuple[Clip, ...]:
        """The clips that show in the source: those of pixels that are only moved too."""
        return self.clips + self.frames if self.kind == "copy" else self.clips

    @cached_property
    def inner(self) -> Window:
        """The part of the output that lies within every frame."""
        top, left, bottom, right = 0, 0, *self.size
        for frame in self.frames if self.kind != "copy" else ():
            low, near, high, far = bounds(tuple(at(self.matrix, corner) for corner in frame.corners))
            top, bottom = max(top, round(low)), min(bottom, round(high))
            left, right = max(left, round(near)), min(right, round(far))
        return top, left, max(bottom, top), max(right, left)

    @cached_property
    def window(self) -> Window:
        """What of the source takes part, which may reach beyond its edges where fill shows."""
        reached = self._reached()
        if self.kind == "copy":
            return reached
        if self.limits is not None and self.filter != "nearest":  # which never reaches beyond the output's places
            low, near, high, far = self.limits
            reached = _common(reached, _around((low + _EASE, near + _EASE, high - _EASE, far - _EASE)))
        if not self.painted:
            return _common(reached, (0, 0, *self.source))
        last = next((clip for clip in reversed(self.painted) if clip.border != "closed"), self.painted[-1])
        top, left, bottom, right = _around(bounds(last.corners))
        if last.border not in MIRRORS:  # all beyond is the same fill
            down, across = (math.ceil(2 * SUPPORT[self.filter] * width) + 2 for width in self.widths)
        else:
            down, across = bottom - top, right - left
        return _common(reached, (top - down, left - across, bottom + down, right + across))

    @cached_property
    def needed(self) -> Window:
        """The part of the source that has to be there: of the window, or of what is mirrored into it."""
        top, left, bottom, right = self.window
        if self.painted and self.painted[0].border in MIRRORS:
            low, near, high, far = _around(bounds(self.painted[0].corners))
            top, bottom = (low, high) if top < low or bottom > high else (top, bottom)
            left, right = (near, far) if left < near or right > far else (left, right)
        return _common((top, left, bottom, right), (0, 0, *self.source))

    def _reached(self) -> Window:
        """The window of all taps, were there no limits."""
        top, left, bottom, right = self.inner
        frame = (left, top), (right, top), (right, bottom), (left, bottom)
        if min(self.back[6] * x + self.back[7] * y + self.back[8] for x, y in frame) <= _EASE:
            return -_FAR, -_FAR, _FAR, _FAR  # beyond the horizon
        low, near, high, far = bounds(tuple(at(self.back, corner) for corner in frame))
        if self.kind == "copy":
            return round(low), round(near), round(high), round(far)
        reach = SUPPORT[self.filter]
        down, across = (reach * width + 1 for width in self.widths)
        return _around((low - down, near - across, high + down, far + across))

    def as_nearest(self, fill: tuple[float, ...]) -> Resample:
        """The same for a mask: no numbers in between, and a fill of its own."""
        clips = tuple(replace(clip, fill=fill) for clip in self.clips if clip.border != "closed")
        frames = tuple(replace(frame, fill=fill) for frame in self.frames)
        return replace(self, filter="nearest", widths=(1.0, 1.0), clips=clips, frames=frames)


@dataclass(frozen=True, slots=True)
class Recolour:
    """Pixel-wise steps in one pass over the numbers: curves (one table), or a colour matrix."""

    group: Group


@dataclass(frozen=True, slots=True)
class Convert:
    """To float32: ``value * factor + offset``, a number a channel or one for all, behind curves of whole numbers.

    Where whole numbers come in, all of it is one table.
    """

    factor: tuple[float, ...]
    offset: tuple[float, ...]
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A stage that remains: what needs the whole picture, its neighbours or noise.

    Attributes:
        name: in words.
        run: from HxWxC to HxWxC of the same height and width; never writes into what it gets, which may be the
            caller's.
    """

    name: str
    run: Callable[[Image], Image]


Stage = Resample | Recolour | Convert | Work


def _around(edges: tuple[float, float, float, float]) -> Window:
    """The whole pixels that hold something."""
    top, left, bottom, right = edges
    return math.floor(top), math.floor(left), math.ceil(bottom), math.ceil(right)


def _common(window: Window, other: Window) -> Window:
    """What both hold; at least the pixel of the other that is nearest."""
    top, left = min(max(window[0], other[0]), other[2] - 1), min(max(window[1], other[1]), other[3] - 1)
    return top, left, max(min(window[2], other[2]), top + 1), max(min(window[3], other[3]), left + 1)


def outside(frame: Corners, point: Point) -> bool:
    """Whether a point lies outside of a convex frame, whichever way round its corners go."""
    sides = []
    for (x, y), (to_x, to_y) in zip(frame, (*frame[1:], frame[0]), strict=True):
        sides.append((to_x - x) * (point[1] - y) - (to_y - y) * (point[0] - x))
    return min(sides) < -_EASE and max(sides) > _EASE
