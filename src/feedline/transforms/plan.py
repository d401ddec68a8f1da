"""What will be done to one picture, before there are pixels: data that can be printed, drawn and run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from feedline.native import Filter
from feedline.native.weights import SUPPORT
from feedline.transforms.matrix import (
    Matrix,
    Point,
    aligned,
    at,
    bounds,
    corners,
    inverse,
    whole,
)
from feedline.transforms.pointwise import Colour, Curve, Group
from feedline.types import Image

Corners = tuple[Point, ...]
"""Of a convex figure, in order around: four, or one fewer or more where a perspective's horizon cuts a frame."""
Border = Literal["constant", "edge", "reflect", "symmetric"]
Window = tuple[int, int, int, int]
"""Top, left, bottom and right, in whole pixels."""
_EASE = 1e-6
_ENDLESS = 1 << 40


@dataclass(frozen=True, slots=True)
class Clip:
    """What lies outside of its corners is not the picture, but fill.

    Attributes:
        corners: in the coordinates of the source.
        fill: a number a channel, in the unit of the image.
        border: what shows outside of a frame of whole pixels instead of the fill; as torchvision's ``padding_mode``.
    """

    corners: Corners
    fill: tuple[float, ...]
    border: Border = "constant"


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
    """

    source: tuple[int, int]
    size: tuple[int, int]
    matrix: Matrix
    filter: Filter = "bilinear"
    widths: tuple[float, float] = (1.0, 1.0)
    limits: tuple[float, float, float, float] | None = None
    clips: tuple[Clip, ...] = ()
    frames: tuple[Clip, ...] = ()

    @cached_property
    def kind(self) -> Literal["copy", "scale", "warp"]:
        """Pixels as they are in other places; along the axes; or turned."""
        return "copy" if whole(self.matrix) else "scale" if aligned(self.matrix) else "warp"

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
        top, left, bottom, right = self._reached()
        height, width = self.source
        if self.limits is not None and self.filter != "nearest":  # which never reaches beyond the output's places
            low, near, high, far = (math.ceil(limit - 0.5 - _EASE) for limit in self.limits)
            top, left, bottom, right = max(top, low), max(left, near), min(bottom, high), min(right, far)
        if not self.painted:
            top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, height), min(right, width)
        elif self.kind == "warp" and self.painted[-1].border == "constant":
            low, near, high, far = self._varied()
            top, left, bottom, right = max(top, low), max(left, near), min(bottom, high), min(right, far)
        return top, left, max(bottom, top + 1), max(right, left + 1)

    def _varied(self) -> Window:
        """Beyond this all is one fill, as far as any filter reaches."""
        points = [*corners(*self.source)]
        if len({(clip.fill, clip.border) for clip in self.painted}) > 1:
            points += [corner for clip in self.painted for corner in clip.corners]
        low, near, high, far = bounds(tuple(points))
        down, across = (2 * math.ceil(width) + 2 for width in self.widths)
        return math.floor(low) - down, math.floor(near) - across, math.ceil(high) + down, math.ceil(far) + across

    def _reached(self) -> Window:
        """The window of all taps, were there no limits."""
        top, left, bottom, right = self.inner
        frame = (left, top), (right, top), (right, bottom), (left, bottom)
        depths = [self.back[6] * x + self.back[7] * y + self.back[8] for x, y in frame]
        if min(depths) <= _EASE:  # over the horizon: all may show
            return -_ENDLESS, -_ENDLESS, _ENDLESS, _ENDLESS
        low, near, high, far = bounds(tuple(at(self.back, corner) for corner in frame))
        if self.kind == "copy":
            return round(low), round(near), round(high), round(far)
        reach = SUPPORT[self.filter]
        down, across = (reach * width + 1 for width in self.widths)
        return (
            math.floor(low - down),
            math.floor(near - across),
            math.ceil(high + down),
            math.ceil(far + across),
        )

    def as_nearest(self, fill: tuple[float, ...]) -> Resample:
        """The same for a mask: no numbers in between, and a fill of its own."""
        clips = tuple(replace(clip, fill=fill) for clip in self.clips)
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
        run: from HxWxC to HxWxC of the same height and width; may write into what it gets.
    """

    name: str
    run: Callable[[Image], Image]


Stage = Resample | Recolour | Convert | Work


@dataclass(frozen=True)
class Plan:
    """What will be done to one picture.

    Attributes:
        source: (height, width) of the upright picture.
        source_channels, source_dtype: of it.
        stages: in order.
        size: (height, width) of what comes out.
        channels, dtype: of what comes out.
        tensor: whether that is a CxHxW tensor (its memory channels-last), or an HxWxC array.
        matrix: from source to output, of all stages.
        cuts: frames beyond which things were cut away, in the coordinates of the source.
        then: a step behind the plan that nothing is known about, in words, or "".
    """

    source: tuple[int, int]
    source_channels: int
    source_dtype: np.dtype[Any]
    stages: tuple[Stage, ...]
    size: tuple[int, int]
    channels: int
    dtype: np.dtype[Any]
    tensor: bool
    matrix: Matrix
    cuts: tuple[Corners, ...] = ()
    then: str = ""

    @cached_property
    def region(self) -> tuple[int, int, int, int]:
        """(top, left, height, width) of what has to be decoded, as :func:`feedline.decode` takes it."""
        height, width = self.source
        for stage in self.stages:
            if isinstance(stage, Resample):
                top, left, bottom, right = stage.window
                top, left = min(max(top, 0), height - 1), min(max(left, 0), width - 1)
                return top, left, max(min(bottom, height) - top, 1), max(min(right, width) - left, 1)
            if not isinstance(stage, Recolour):
                break
        return 0, 0, height, width

    @property
    def resamplings(self) -> tuple[Resample, ...]:
        """The stages that bring the picture onto another grid."""
        return tuple(stage for stage in self.stages if isinstance(stage, Resample) and stage.kind != "copy")

    @property
    def outline(self) -> Corners:
        """The corners of the output in the coordinates of the source."""
        back = inverse(self.matrix)
        return tuple(at(back, corner) for corner in corners(*self.size))

    def __str__(self) -> str:
        return described(self)


def described(plan: Plan) -> str:
    """The plan in words, a line a stage."""
    height, width = plan.source
    top, left, tall, wide = plan.region
    share = 100 * tall * wide / (height * width)
    lines = [
        f"A picture {height} high and {width} wide, {plan.source_channels} x {plan.source_dtype}",
        f"  decode    rows {top} to {top + tall}, columns {left} to {left + wide}: {share:.0f} % of it",
        *(f"  {_said(stage)}" for stage in plan.stages),
    ]
    if plan.then:
        lines.append(f"  then      {plan.then}: what it does is known when it has run")
    form = "tensor CxHxW, channels-last in memory" if plan.tensor else "array HxWxC"
    return "\n".join([*lines, f"  gives     {plan.size[0]} x {plan.size[1]}, {plan.channels} x {plan.dtype}, {form}"])


def _said(stage: Stage) -> str:
    if isinstance(stage, Resample):
        return _said_geometry(stage)
    if isinstance(stage, Recolour):
        return f"colours   {_said_group(stage.group)}"
    if isinstance(stage, Convert):
        table = f"table of {', '.join(curve.name for curve in stage.curves)} and " if stage.curves else ""
        return f"float     {table}x * ({_numbers(stage.factor)}) + ({_numbers(stage.offset)})"
    return f"stage     {stage.name}"


def _said_group(group: Group) -> str:
    if isinstance(group, Colour):
        return f"one 3x4 matrix: {group.name}"
    return f"one table: {', '.join(curve.name for curve in group)}"


def _said_geometry(stage: Resample) -> str:
    height, width = stage.size
    fills = [clip for clip in (*stage.clips, *stage.frames) if _shows(stage, clip)]
    outside = "".join(
        f", {_numbers(clip.fill) if clip.border == 'constant' else clip.border} outside of {_places(clip.corners)}"
        for clip in fills
    )
    if stage.kind == "copy":
        return f"move      pixels as they are, to {height} x {width}{outside}"
    a, b, c, d, e, f, g, h, i = stage.matrix
    rows = f"[{a:.4g} {b:.4g} {c:.4g}; {d:.4g} {e:.4g} {f:.4g}; {g:.4g} {h:.4g} {i:.4g}]"
    down, across = stage.widths
    stretched = f", antialiased over {down:.2f} x {across:.2f} pixels" if max(down, across) > 1 else ""
    return f"resample  once, {stage.filter}{stretched}, to {height} x {width} by {rows}{outside}"


def _shows(stage: Resample, clip: Clip) -> bool:
    """Whether any of the output lies outside of a clip."""
    back = stage.back
    return any(outside(clip.corners, at(back, corner)) for corner in corners(*stage.size))


def outside(frame: Corners, point: Point) -> bool:
    """Whether a point lies outside of a convex frame, whichever way round its corners go."""
    sides = []
    for (x, y), (to_x, to_y) in zip(frame, (*frame[1:], frame[0]), strict=True):
        sides.append((to_x - x) * (point[1] - y) - (to_y - y) * (point[0] - x))
    return min(sides) < -_EASE and max(sides) > _EASE


def _places(points: Corners) -> str:
    return " ".join(f"({x:.0f}, {y:.0f})" for x, y in points)


def _numbers(numbers: tuple[float, ...]) -> str:
    same = len(set(numbers)) == 1
    return ", ".join(f"{number:.4g}" for number in (numbers[:1] if same else numbers))
