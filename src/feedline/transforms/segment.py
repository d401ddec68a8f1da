"""Neighbouring geometry while it folds into one resampling, with the pixel-wise steps around it."""

from __future__ import annotations

from feedline.native import Filter
from feedline.transforms.matrix import IDENTITY, Matrix, aligned, at, bounds, growth, inverse, seen
from feedline.transforms.pointwise import Curve, Pointwise, folded
from feedline.transforms.stages import Clip, Convert, Corners, Recolour, Resample, Stage

_TINY = 1e-6
_UNEVEN = 1.5
"""By how much more one side may shrink than the other behind a turn: the filter is as wide along the source's axes."""


class Segment:
    """What folds, between two cuts of a draft.

    Args:
        height, width: of the picture that comes in.
        why: it does not fold with what is before it, in words.

    Attributes:
        matrix: from that picture to the one so far.
        filter: of pixels that are weighed; None as long as they are only moved.
        widths, limits, clips, frames: as of :class:`Resample`.
        before, behind: pixel-wise steps before and behind the geometry.
        convert: to floats, at the end.
    """

    def __init__(self, height: int, width: int, why: str = "") -> None:
        self.source = (height, width)
        self.why = why
        self.matrix: Matrix = IDENTITY
        self.filter: Filter | None = None
        self.widths = (1.0, 1.0)
        self.limits: tuple[float, float, float, float] | None = None
        self.clips: list[Clip] = []
        self.frames: list[Clip] = []
        self.before: list[Pointwise] = []
        self.behind: list[Pointwise] = []
        self.convert: Convert | None = None

    @property
    def pending(self) -> bool:
        """Whether anything waits behind the geometry."""
        return bool(self.behind) or self.convert is not None

    def frame(self, height: int, width: int) -> Corners:
        """The corners of the picture so far, of this size, in the coordinates of the source."""
        return seen(inverse(self.matrix), height, width)

    def apart(self, matrix: Matrix, height: int, width: int, filter: Filter) -> str:
        """Why pixels that are weighed now cannot be weighed together with those before, or ""."""
        if self.filter is None:
            return ""
        if self.filter != filter:
            return f"{self.filter} and {filter} do not fold"
        across, down = growth(matrix, at(inverse(matrix), (width / 2, height / 2)))
        least, most = min(across, down), max(across, down)
        if filter == "nearest":
            return "the large pixels of what was shrunk" if max(self.widths) > 1 and most > 1 + _TINY else ""
        uneven = least < 1 and most > _UNEVEN * least and not aligned(self.matrix)
        return "one side that shrinks much more than the other, behind a turn" if uneven else ""

    def open_frames(self, frame: Corners, colour: tuple[float, ...] | None) -> None:
        """Before pixels are weighed: what was cut hard so far is fill among the taps, or the end of them."""
        if self.frames:
            self.clips += self.frames
            self.frames, self.limits = [], None
        if colour is not None:
            self.clips.append(Clip(frame, colour))
            self.limits = None
        elif not aligned(self.matrix):
            closed = self.clips and self.clips[-1].border == "closed"
            self.clips[len(self.clips) - bool(closed) :] = [Clip(frame, (), "closed")]
        else:
            low, near, high, far = bounds(frame)
            if self.limits is not None:
                top, left, bottom, right = self.limits
                low, near, high, far = max(low, top), max(near, left), min(high, bottom), min(far, right)
            self.limits = low, near, high, far

    def widen(self, height: int, width: int) -> None:
        """The filter, to as much as the picture so far, of this size, has shrunk in its middle."""
        across, down = growth(self.matrix, at(inverse(self.matrix), (width / 2, height / 2)))
        tall, wide = (1 / share if share < 1 - _TINY else 1.0 for share in (down, across))
        self.widths = max(self.widths[0], tall), max(self.widths[1], wide)

    def stages(self, size: tuple[int, int]) -> list[Stage]:
        """What it comes to, where the picture so far is of this size."""
        stages: list[Stage] = [Recolour(group) for group in folded(self.before)]
        moved = self.matrix != IDENTITY or self.source != size or max(self.widths) > 1
        if moved or self.frames or self.clips:
            stages.append(
                Resample(
                    self.source,
                    size,
                    self.matrix,
                    self.filter or "bilinear",
                    self.widths,
                    self.limits,
                    tuple(self.clips),
                    tuple(self.frames),
                    self.why,
                )
            )
        return stages + self._conversion()

    def _conversion(self) -> list[Stage]:
        """The steps behind the geometry; curves just before the conversion to float become one with it."""
        groups = folded(self.behind)
        curves: tuple[Curve, ...] = ()
        if self.convert is not None and groups and isinstance(groups[-1], tuple):
            curves = groups[-1]
            groups.pop()
        stages: list[Stage] = [Recolour(group) for group in groups]
        if self.convert is not None:
            stages.append(Convert(self.convert.factor, self.convert.offset, curves))
        return stages
