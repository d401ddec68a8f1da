"""A plan for a picture that its codec gives smaller, by a whole number, than it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from feedline.transforms.matrix import Matrix, after, at, bounds, inverse, whole
from feedline.transforms.plan import Clip, Corners, Plan, Recolour, Resample
from feedline.transforms.pointwise import Colour
from feedline.transforms.stages import MIRRORS


def shrinks(plan: Plan) -> float:
    """By how much the plan's first resampling shrinks the picture along either axis, at least; 1.0 where it does not.

    Also 1.0 where fewer pixels would show otherwise than by their smoothness: where the filter is not as wide as the
    picture shrinks, where a curve that is no line comes first, and where the picture goes on beyond its edge.
    """
    for stage in plan.stages:
        if isinstance(stage, Resample):
            plain = stage.filter != "nearest" and all(clip.border not in MIRRORS for clip in stage.clips + stage.frames)
            return min(stage.widths) if plain else 1.0
        if not isinstance(stage, Recolour) or not _affine(stage):
            break
    return 1.0


def reduced(plan: Plan, step: int, size: tuple[int, int], ahead: Sequence[float] = (0.0, 0.0)) -> Plan:
    """The plan that makes of the smaller picture what ``plan`` makes of the whole, but for its finest grain.

    Args:
        plan: of the whole picture.
        step: each pixel of the smaller picture stands for step x step of the whole.
        size: (height, width) of the smaller picture.
        ahead: how far, down and across in its pixels, the whole picture begins behind the edge of the smaller one.
    """
    small: Matrix = (1 / step, 0.0, ahead[1], 0.0, 1 / step, ahead[0], 0.0, 0.0, 1.0)
    stages = list(plan.stages)
    place = next(number for number, stage in enumerate(stages) if isinstance(stage, Resample))
    first = stages[place]
    assert isinstance(first, Resample)
    stages[place] = _resample(first, step, size, small)
    cuts = tuple(_moved(small, cut) for cut in plan.cuts)
    return replace(plan, source=size, stages=tuple(stages), matrix=after(plan.matrix, inverse(small)), cuts=cuts)


def _resample(stage: Resample, step: int, size: tuple[int, int], small: Matrix) -> Resample:
    matrix = after(stage.matrix, inverse(small))
    down, across = (max(1.0, width / step) for width in stage.widths)
    limits = None
    if stage.limits is not None and not whole(matrix):  # pixels that are only moved have no neighbours to leave out
        top, left, bottom, right = stage.limits
        corners = at(small, (left, top)), at(small, (right, bottom))
        limits = bounds(corners)
    return replace(
        stage,
        source=size,
        matrix=matrix,
        widths=(down, across),
        limits=limits,
        clips=tuple(_clip(clip, small) for clip in stage.clips),
        frames=tuple(_clip(frame, small) for frame in stage.frames),
    )


def _clip(clip: Clip, small: Matrix) -> Clip:
    return replace(clip, corners=_moved(small, clip.corners))


def _moved(matrix: Matrix, points: Corners) -> Corners:
    return tuple(at(matrix, point) for point in points)


def _affine(stage: Recolour) -> bool:
    group = stage.group
    return isinstance(group, Colour) or all(curve.affine for curve in group)
