"""What follows the picture: boxes, outlines and keypoints, under the plan's one matrix and behind its cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.transforms.base import is_number, require, require_share
from feedline.transforms.matrix import aligned, corners
from feedline.transforms.plan import Plan
from feedline.types import Objects

Floats = NDArray[np.float64]
_EASE = 1e-3
"""In pixels: what float32 rounds large coordinates by."""
_TINY = 1e-9
_HORIZON = 1e-6
"""The least depth of what is still in front of the eye, as a share of the largest."""


@dataclass(frozen=True)
class BoxRule:
    """The rule by which boxes are clipped and dropped.

    A box is clipped to its picture, then to every frame beyond which a step cut something away. What remains is moved,
    and its bounds, kept within the new picture, are the new box. The object is dropped where one side of that is
    shorter than ``min_size``, where less than ``min_visible`` of the box remains, or where it had outlines and none of
    them remains. Crowds follow the same rule.

    Args:
        min_size: least width and height of a box, in pixels of the new picture; boxes without area are always dropped.
        min_visible: least share of the box's area within its picture that the cuts must leave; 0 keeps any.
    """

    min_size: float = 1.0
    min_visible: float = 0.0

    def __post_init__(self) -> None:
        require(is_number(self.min_size) and self.min_size >= 0, self, "min_size must be pixels, not negative")
        require_share(self, "min_visible")


def follow(plan: Plan, objects: Objects, rule: BoxRule = BoxRule()) -> tuple[Objects, NDArray[np.intp]]:
    """The objects of a picture as the plan moves it, and the indices of those that stay.

    Outlines are clipped and moved as boxes are, and those of which nothing remains are left out. Where the plan turns
    the picture by other than quarters (or shears it, or puts it in perspective), the bounds of a moved box are larger
    than the object: the box of an object with outlines then shrinks to these. A keypoint that leaves the picture, or
    lies in what was cut away, becomes (0, 0, 0), as COCO writes "none"; one that is none stays it. What a pad mirrors
    is fill: it has no objects.

    Args:
        plan: made for the picture that the objects are in.
        objects: in pixels of the upright picture.
        rule: which boxes are dropped.

    Returns:
        The objects that stay, in pixels of the plan's output, and N intp, which of the given ones they are.
    """
    lines = _lines(plan)
    boxes, share = _boxes(plan, objects.boxes.astype(np.float64), lines)
    polygons = objects.polygons
    gone = np.zeros(len(objects), np.bool_)
    if polygons is not None:
        had = polygons
        polygons = tuple(tuple(_outlines(plan, outlines, lines)) for outlines in had)
        gone[:] = [bool(before) and not left for before, left in zip(had, polygons, strict=True)]
        if not aligned(plan.matrix):
            boxes = _tightened(boxes, polygons)
    narrow = boxes.astype(np.float32)
    sides = narrow[:, 2:] - narrow[:, :2]
    large = (sides > 0).all(1) & (sides >= rule.min_size - _EASE).all(1)
    kept = np.flatnonzero(large & (share >= rule.min_visible - _EASE) & ~gone)
    moved = replace(objects, boxes=narrow, keypoints=_keypoints(plan, objects.keypoints), polygons=polygons)
    return chosen(moved, kept), kept


def follow_points(plan: Plan, points: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where points of the picture go, and which of them are still in it.

    Args:
        plan: made for the picture.
        points: ... x 2: x and y, in pixels whose corner is at 0; the edges count as inside.

    Returns:
        ... x 2 float32 in pixels of the plan's output, and ... bool: whether the point was in the picture, no step cut
        it away, and it is in the output. Where it is not, the numbers mean nothing.
    """
    shape, lines = np.shape(points), _lines(plan)
    flat: Floats = np.asarray(points, np.float64).reshape(-1, 2)
    height, width = plan.size
    moved = _moved(plan, flat)
    inside = (flat @ lines[:, :2].T + lines[:, 2] >= -_EASE).all(1)
    inside &= ((moved >= -_EASE) & (moved <= np.array([width, height]) + _EASE)).all(1)
    places = np.clip(moved, 0, [width, height]).astype(np.float32)
    return places.reshape(shape), np.asarray(inside).reshape(shape[:-1])


def chosen(objects: Objects, kept: NDArray[np.intp]) -> Objects:
    """Those with these indices, in this order."""
    keypoints, polygons = objects.keypoints, objects.polygons
    return Objects(
        objects.boxes[kept],
        objects.labels[kept],
        objects.ids[kept],
        objects.crowd[kept],
        None if keypoints is None else keypoints[kept],
        None if polygons is None else tuple(polygons[index] for index in kept),
    )


def _lines(plan: Plan) -> Floats:
    """L x 3: of every edge of the source and of its cuts, and of the horizon, (a, b, c) with a x + b y + c >= 0 inside.

    Those of edges are in pixels.
    """
    frames = [np.array(corners(*plan.source)), *map(np.array, plan.cuts)]
    lines = [line for frame in frames for line in _edges(frame)]
    across, down, depth = plan.matrix[6:]
    if across or down:
        largest = np.abs(_depths(plan, frames[0])).max()
        lines.append(np.array([across, down, depth - _HORIZON * largest]))
    return np.array(lines)


def _edges(frame: Floats) -> Floats:
    """M x 3 of a convex frame's M corners, whichever way round they go."""
    steps = np.roll(frame, -1, 0) - frame
    lengths = np.hypot(*steps.T)
    frame, steps = frame[lengths > 0], steps[lengths > 0] / lengths[lengths > 0, None]
    turned = -1.0 if _area(frame) < 0 else 1.0
    normals = turned * np.stack([-steps[:, 1], steps[:, 0]], 1)
    return np.column_stack([normals, -(normals * frame).sum(1)])


def _clipped(points: Floats, lines: Floats) -> Floats:
    """A polygon's part on the inner side of every line (Sutherland and Hodgman, 1974); M x 2, of none 0 x 2."""
    for a, b, c in lines:
        depth = points @ (a, b) + c
        if not len(points) or depth.min() >= 0:
            continue
        if depth.max() <= 0:
            return points[:0]
        following, deeper = np.roll(points, -1, 0), np.roll(depth, -1)
        crosses = (depth < 0) != (deeper < 0)
        way = np.divide(depth, depth - deeper, out=np.zeros_like(depth), where=crosses)[:, None]
        pairs = np.stack([points, points + way * (following - points)], 1)
        points = pairs[np.stack([depth >= 0, crosses], 1)]
    return points


def _boxes(plan: Plan, boxes: Floats, lines: Floats) -> tuple[Floats, Floats]:
    """Bounds of what remains of each box, in pixels of the output, and what share of its area that is; else zeros."""
    height, width = plan.source
    whole = _sizes(np.clip(boxes, 0, [width, height, width, height]))
    upright = np.abs(lines[:, :2]).min(1) < _TINY
    part, slanted = _within(boxes, lines[upright]), lines[~upright]
    quads = part[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    moved, left = np.zeros((len(boxes), 4)), _sizes(part)
    uncut = (quads @ slanted[:, :2].T + slanted[:, 2] >= 0).all((1, 2)) & (left > 0)
    moved[uncut] = _bounds(plan, _moved(plan, quads[uncut].reshape(-1, 2)).reshape(-1, 4, 2))
    for index in np.flatnonzero(~uncut & (left > 0)):
        rest = _clipped(quads[index], slanted)
        left[index] = _area(rest)
        if len(rest):
            moved[index] = _bounds(plan, _moved(plan, rest))
    return moved, np.divide(left, whole, out=np.zeros(len(boxes)), where=whole > 0)


def _within(boxes: Floats, lines: Floats) -> Floats:
    """The part of each box on the inner side of lines along the axes; of none left, right is not above left."""
    part = boxes.copy()
    for a, b, c in lines:
        axis = 0 if abs(a) > abs(b) else 1
        if a + b > 0:
            part[:, axis] = np.maximum(part[:, axis], -c / (a + b))
        else:
            part[:, axis + 2] = np.minimum(part[:, axis + 2], -c / (a + b))
    return part


def _sizes(boxes: Floats) -> Floats:
    """Area of each box, 0 where there is none."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    return np.asarray(sides[:, 0] * sides[:, 1])


def _outlines(plan: Plan, outlines: Sequence[NDArray[np.float32]], lines: Floats) -> list[NDArray[np.float32]]:
    """What remains of an object's outlines."""
    parts = (_clipped(outline.astype(np.float64), lines) for outline in outlines)
    height, width = plan.size
    return [np.clip(_moved(plan, part), 0, [width, height]).astype(np.float32) for part in parts if _area(part)]


def _tightened(boxes: Floats, polygons: Sequence[Sequence[NDArray[np.float32]]]) -> Floats:
    """The part of each box that holds the object's outlines, where it has any."""
    boxes = boxes.copy()
    for index, outlines in enumerate(polygons):
        if outlines:
            points = np.concatenate(outlines)
            boxes[index, :2] = np.maximum(boxes[index, :2], points.min(0))
            boxes[index, 2:] = np.minimum(boxes[index, 2:], points.max(0))
    return boxes


def _keypoints(plan: Plan, keypoints: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    if keypoints is None:
        return None
    places, inside = follow_points(plan, keypoints[..., :2])
    inside &= keypoints.any(-1)
    moved: NDArray[np.float32] = np.dstack([places, keypoints[..., 2]]).astype(np.float32)
    moved[~inside] = 0.0
    return moved


def _depths(plan: Plan, points: Floats) -> Floats:
    across, down, depth = plan.matrix[6:]
    return np.asarray(points @ (across, down) + depth)


def _moved(plan: Plan, points: Floats) -> Floats:
    """Points (N x 2) in front of the horizon under the plan's matrix."""
    matrix = np.array(plan.matrix).reshape(3, 3)
    depth = _depths(plan, points)
    depth[depth == 0] = 1.0  # at the horizon: kept out by its line
    return np.asarray((points @ matrix[:2, :2].T + matrix[:2, 2]) / depth[:, None])


def _bounds(plan: Plan, points: Floats) -> Floats:
    """... x 4, left, top, right and bottom, of ... x M x 2 points, within the output."""
    height, width = plan.size
    found: Floats = np.concatenate([points.min(-2), points.max(-2)], -1)
    return np.clip(found, 0, [width, height, width, height], out=found)


def _area(points: Floats) -> float:
    """Of a polygon, M x 2; below 0 where its corners go the other way round."""
    if len(points) < 3:
        return 0.0
    x, y = points.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
