"""A plan that is being made: steps say what they do, and the draft folds it.

The rules:

* Geometry folds with geometry: matrices are multiplied. Beyond what a crop left, taps end; beyond the frame that a pad,
  a rotation or the like looks out of, there is fill. The filter is as wide as the coarsest grid on the way.
* A pixel-wise step waits behind the geometry in front of it. If more geometry follows, it may wait on, where that only
  moves whole pixels or where the step is affine (brightness, saturation, invert ...: they commute with weighted sums,
  but for rounding and for colours that are kept within black and white), or go in front of all geometry, where that
  only moved whole pixels or, again, the step is affine. A step for which neither holds (a curve such as posterize
  between two resamplings) ends the segment: the picture is made, and the rest resamples again.
* What that changes, on smooth pictures: with a brightness of 1.2 to 2 between two resamplings, the fold differs from
  the steps one by one by 0.4 to 0.7 of 255 in the mean, where the same geometry without it differs by 0.3 to 0.5; at
  the edges of what is white by up to 8 (tests/transforms/test_draft.py).
* What needs the whole picture (a histogram), neighbours or noise ends the segment. So does another filter; a step that
  shrinks one side much more than the other behind a turn, for which filters along the source's axes are too narrow;
  one of "nearest" that enlarges what "nearest" has shrunk, whose large pixels are wanted; and a perspective so strong
  that its frame looks over the horizon, where more fill follows: what is seen there has no place in the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from feedline.errors import TransformError
from feedline.native import Filter
from feedline.transforms.matrix import (
    IDENTITY,
    Matrix,
    after,
    at,
    beyond,
    corners,
    inverse,
    over_horizon,
    scaling,
    seen,
    shift,
    whole,
)
from feedline.transforms.plan import Plan
from feedline.transforms.pointwise import Curve, Pointwise, on_fill, top
from feedline.transforms.segment import Segment
from feedline.transforms.stages import Border, Clip, Convert, Corners, Stage, Work
from feedline.types import Image, Objects

Fill = float | Sequence[float]
MOST_PIXELS = 1 << 28
"""Of what a step may make: a typing error shall not fill the memory."""
_KINDS = ("uint8", "uint16", "float32")


class Draft:
    """What the steps so far make of a picture.

    Args:
        height, width: of the upright picture, in pixels.
        channels: of it.
        dtype: uint8, uint16 or float32.
        tensor: whether it comes as a tensor, and goes as one.
        objects: what is where in it, for steps that look at that.
        view: which of several pictures that steps make of one (FiveCrop); each such step takes its share of the
            number: ``draft.view, own = divmod(draft.view, views)``.
        colours: whether pixel-wise steps and stages that keep the type are done; else geometry and conversions alone.

    Attributes:
        colours: the same.
        height, width, channels, dtype, tensor: of the picture that the next step sees.
        matrix: from the source to that picture.
        planar: whether the tensor's memory is channel after channel.
        normalized: whether 0 and 1 are no longer black and white.

    Raises:
        TransformError: another type.
    """

    def __init__(
        self,
        height: int,
        width: int,
        channels: int = 3,
        dtype: Any = np.uint8,
        tensor: bool = False,
        objects: Objects | None = None,
        view: int = 0,
        colours: bool = True,
    ) -> None:
        if min(height, width, channels) < 1:
            raise TransformError(f"transforms take images with pixels, not {height} x {width} x {channels}")
        self.height, self.width, self.channels, self.tensor = height, width, channels, tensor
        self.dtype = np.dtype(dtype)
        if self.dtype.name not in _KINDS:
            raise TransformError(f"transforms take {', '.join(_KINDS)} images, not {self.dtype}: decode with dtype=")
        self.objects, self.view, self.colours = objects, view, colours
        self.planar = False
        self.matrix: Matrix = IDENTITY
        self.normalized = False
        self._source = (height, width, channels, self.dtype)
        self._stages: list[Stage] = []
        self._cuts: list[Corners] = []
        self._segment = Segment(height, width)

    def crop(self, top: int, left: int, height: int, width: int, fill: Fill | None = None) -> None:
        """A window of whole pixels; ``fill`` shows where it looks out of the picture."""
        self.move(shift(-left, -top), height, width, fill=fill)

    def flip(self, horizontal: bool) -> None:
        """Left and right exchanged, or top and bottom."""
        x, y = (-1.0, 1.0) if horizontal else (1.0, -1.0)
        moved = shift(self.width if horizontal else 0.0, 0.0 if horizontal else self.height)
        self.move(after(moved, scaling(x, y)), self.height, self.width)

    def pad(self, left: int, top: int, right: int, bottom: int, fill: Fill = 0, border: Border = "constant") -> None:
        """More pixels at the sides."""
        if border != "constant" and (self._segment.filter is not None or self._segment.clips or self._segment.frames):
            self._cut(f"the {border} border of what was resampled or filled")
        self.move(shift(left, top), self.height + top + bottom, self.width + left + right, fill=fill, border=border)

    def resize(self, height: int, width: int, filter: Filter = "bilinear", antialias: bool = True) -> None:
        """To another size, edge to edge."""
        if (height, width) != (self.height, self.width):
            grown = scaling(width / self.width, height / self.height)
            self.move(grown, height, width, filter=filter, antialias=antialias)

    def move(
        self,
        matrix: Matrix,
        height: int,
        width: int,
        *,
        fill: Fill | None = None,
        filter: Filter = "bilinear",
        border: Border = "constant",
        antialias: bool = True,
    ) -> None:
        """Geometry.

        Args:
            matrix: from the picture so far to the next, in pixels whose corner is at 0.
            height, width: of the next picture.
            fill: what shows where that looks out of the picture so far, in the image's unit; None where it never does.
            filter: how pixels are weighed, unless they are only moved.
            border: what shows there instead of the fill, of a frame of whole pixels.
            antialias: whether the filter widens where the picture shrinks.
        """
        if height * width > MOST_PIXELS:
            raise TransformError(f"{height} x {width} is more than {MOST_PIXELS:,} pixels")
        moves = whole(matrix)
        colour = None if fill is None else self._colour(fill)
        reveals = colour is not None and self._reveals(matrix, height, width)
        if colour is not None and over_horizon(inverse(self._segment.matrix), self.height, self.width):
            self._cut("a fill behind a perspective that looks over its horizon")
        self._settle(moves, reveals)
        why = "" if moves else self._segment.apart(matrix, height, width, filter)
        if why:
            self._cut(why)
        segment = self._segment
        frame = segment.frame(self.height, self.width)
        if moves:
            if colour is not None and reveals:
                (segment.frames if border == "constant" else segment.clips).append(Clip(frame, colour, border))
        else:
            segment.open_frames(frame, colour)
            segment.filter = filter
        segment.matrix = after(matrix, segment.matrix)
        if not moves and antialias:
            segment.widen(height, width)
        self._look(matrix, height, width)

    def recolour(self, step: Pointwise) -> None:
        """A pixel-wise step; alpha, and with a colour matrix a grey image, stay as they are.

        Raises:
            TransformError: the image is normalised, so that nobody knows what is black and white.
        """
        if self.normalized:
            raise TransformError(f"{step.name}: normalised images have no black and white: put it before Normalize")
        if not self.colours:
            return
        if self._segment.convert is not None:
            self._cut(f"what follows {step.name}, which works on floats")
        if isinstance(step, Curve) or self.channels >= 3:
            self._segment.behind.append(step)

    def convert(self, factor: Sequence[float], offset: Sequence[float], normalized: bool = False) -> None:
        """To float32: ``value * factor + offset``, a number a channel each, or one for all."""
        scale, moved = tuple(map(float, factor)), tuple(map(float, offset))
        last = self._segment.convert
        if last is not None:
            pairs = [_pair(last, place) for place in range(self.channels)]
            scale, moved = ((numbers * self.channels)[: self.channels] for numbers in (scale, moved))
            moved = tuple(b * o + m for (_, o), b, m in zip(pairs, scale, moved, strict=True))
            scale = tuple(f * b for (f, _), b in zip(pairs, scale, strict=True))
        self._segment.convert = Convert(scale, moved)
        self.dtype = np.dtype(np.float32)
        self.normalized |= normalized

    def work(self, name: str, run: Callable[[Image], Image], channels: int | None = None, dtype: Any = None) -> None:
        """A stage that remains; ``channels`` and ``dtype`` where it changes them."""
        if not self.colours and dtype is None:
            return
        self._cut(f"what follows {name}, which looks at the picture as it is then")
        self._stages.append(Work(name, run))
        self.channels = self.channels if channels is None else channels
        self.dtype = self.dtype if dtype is None else np.dtype(dtype)

    def finish(self, then: str = "") -> Plan:
        """The plan."""
        self._cut()
        return self._plan(tuple(self._stages), then)

    @property
    def geometry(self) -> Plan:
        """What objects follow so far: a plan without stages."""
        return self._plan(())

    def _plan(self, stages: tuple[Stage, ...], then: str = "") -> Plan:
        height, width, channels, dtype = self._source
        return Plan(
            (height, width),
            channels,
            dtype,
            stages,
            (self.height, self.width),
            self.channels,
            self.dtype,
            self.tensor,
            self.matrix,
            tuple(self._cuts),
            then,
            self.planar,
        )

    def _settle(self, moves: bool, reveals: bool) -> None:
        """Finds a place for the pixel-wise steps that wait, before geometry follows them."""
        segment = self._segment
        if not segment.pending or (moves and not reveals):
            return
        affine = all(step.affine for step in segment.behind)
        if affine and not reveals:
            return
        if segment.convert is None and (affine or segment.filter is None):
            for clips in (segment.clips, segment.frames):
                clips[:] = [replace(clip, fill=on_fill(segment.behind, clip.fill, self.dtype)) for clip in clips]
            segment.before += segment.behind
            segment.behind = []
        else:
            bent = [step.name for step in segment.behind if not step.affine]
            self._cut(f"what follows {bent[0]}, which weighted sums would change" if bent else "a fill among floats")

    def _look(self, matrix: Matrix, height: int, width: int) -> None:
        """The next picture is the one to look at."""
        cuts = any(beyond(at(matrix, corner), height, width) for corner in corners(self.height, self.width))
        self.matrix = after(matrix, self.matrix)
        self.height, self.width = height, width
        if cuts:
            self._cuts.append(seen(inverse(self.matrix), height, width))

    def _reveals(self, matrix: Matrix, height: int, width: int) -> bool:
        """Whether the next picture looks out of the one so far."""
        back = inverse(matrix)
        return any(beyond(at(back, corner), self.height, self.width) for corner in corners(height, width))

    def _colour(self, fill: Fill) -> tuple[float, ...]:
        numbers = tuple(map(float, fill)) if isinstance(fill, Sequence) else (float(fill),) * self.channels
        if len(numbers) == 1:
            numbers *= self.channels
        if len(numbers) != self.channels:
            raise TransformError(f"fill must have 1 number, or 1 a channel, {self.channels} here, not {fill!r}")
        if not self.normalized and max(numbers) > top(self.dtype):
            raise TransformError(f"fill must be in 0..{top(self.dtype)} for {self.dtype}, not {fill!r}")
        return numbers

    def _cut(self, why: str = "") -> None:
        """Ends the segment: what it folded becomes stages; ``why`` the next is one of its own."""
        size = self.height, self.width
        self._stages += self._segment.stages(size)
        self._segment = Segment(*size, why)


def _pair(convert: Convert, channel: int) -> tuple[float, float]:
    factor, offset = convert.factor, convert.offset
    return factor[channel % len(factor)], offset[channel % len(offset)]
