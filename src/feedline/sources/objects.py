"""The objects of all samples in flat arrays, and those of one as ``types.Objects``.

The arrays, for n samples with m objects, sorted by sample; those of keypoints, outlines and runs only where needed:

    first          n + 1 int64      the sample's first object, and the one behind its last
    boxes          m x 4 float32    left, top, right, bottom
    object_labels  m int32
    ids            m int64
    flags          m uint8          bits: CROWD, DIFFICULT, TRUNCATED
    keypoints      m x k x 3 float32
    outline_first  m + 1 int64      the object's first outline
    point_first    p + 1 int64      the outline's first coordinate, in ``points``
    points         float32          x and y in turn
    run_first      m + 1 int64      the object's first run length
    runs           uint32           height, width and the run lengths of its mask, for each object that has one
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.sources.problems import Finding
from feedline.types import UNLABELLED, Objects

CROWD, DIFFICULT, TRUNCATED = 1, 2, 4
Arrays = Mapping[str, NDArray[Any]]
Box = tuple[float, float, float, float]
_FARTHEST = 1e9


def box_fault(box: Sequence[float]) -> str | None:
    """Why left, top, right and bottom can be no box at all; None where they can."""
    if not all(math.isfinite(value) and abs(value) < _FARTHEST for value in box):
        return "its numbers are not finite"
    if box[2] < box[0] or box[3] < box[1]:
        return "it ends before it begins"
    return None


class ObjectBuilder:
    """Takes objects one by one, of any sample, and keeps numbers only."""

    def __init__(self) -> None:
        self._samples, self._labels, self._ids = array("q"), array("i"), array("q")
        self._flags = array("B")
        self._boxes, self._places, self._points = array("f"), array("f"), array("f")
        self._outlines, self._coordinates = array("q", [0]), array("q", [0])
        self._runs, self._run_ends = array("I"), array("q", [0])
        self._place_ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._samples)

    def add(
        self,
        sample: int,
        box: Box,
        label: int,
        number: int,
        *,
        flags: int = 0,
        keypoints: Iterable[float] = (),
        outlines: Iterable[Iterable[float]] = (),
        runs: Iterable[int] = (),
    ) -> None:
        """One object; ``keypoints`` are x, y, visibility in turn, and an outline x and y in turn.

        All values are numbers that fit their array: what was taken by half could not be taken back.
        """
        self._samples.append(sample)
        self._boxes.extend(box)
        self._labels.append(label)
        self._ids.append(number)
        self._flags.append(flags)
        self._places.extend(keypoints)
        self._place_ends.append(len(self._places))
        for outline in outlines:
            self._points.extend(outline)
            self._coordinates.append(len(self._points))
        self._outlines.append(len(self._coordinates) - 1)
        self._runs.extend(runs)
        self._run_ends.append(len(self._runs))

    @property
    def samples(self) -> NDArray[np.int64]:
        """The sample of each object, as they were taken."""
        return _numbers(self._samples)

    @property
    def labels(self) -> NDArray[np.int32]:
        """The label of each object, as they were taken."""
        return _numbers(self._labels)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The id of each object, as they were taken."""
        return _numbers(self._ids)

    def arrays(
        self, count: int, samples: NDArray[np.int64] | None = None, labels: NDArray[np.int64] | None = None
    ) -> dict[str, NDArray[Any]]:
        """All objects, for ``count`` samples; ``samples`` and ``labels`` in place of those given, -1: left out."""
        samples = self.samples if samples is None else samples
        labels = self.labels.astype(np.int64) if labels is None else labels
        kept = np.flatnonzero(samples >= 0)
        order = kept[np.argsort(samples[kept], kind="stable")]
        found: dict[str, NDArray[Any]] = {
            "first": np.concatenate([[0], np.cumsum(np.bincount(samples[kept], minlength=count), dtype=np.int64)]),
            "boxes": _numbers(self._boxes).reshape(-1, 4)[order],
            "object_labels": labels[order].astype(np.int32),
            "ids": self.ids[order],
            "flags": _numbers(self._flags)[order],
        }
        if self._places:
            found["keypoints"] = _keypoints(_numbers(self._places), _numbers(self._place_ends), order)
        if self._points:
            which, found["outline_first"] = _gathered(_numbers(self._outlines), order)
            chosen, found["point_first"] = _gathered(_numbers(self._coordinates), which)
            found["points"] = _numbers(self._points)[chosen]
        if self._runs:
            chosen, found["run_first"] = _gathered(_numbers(self._run_ends), order)
            found["runs"] = _numbers(self._runs)[chosen]
        return found


def _numbers(values: array[Any]) -> NDArray[Any]:
    return np.frombuffer(values, values.typecode) if values else np.zeros(0, values.typecode)


def _keypoints(places: NDArray[np.float32], first: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.float32]:
    """As many for each object as the one with most has: the others end in zeros."""
    chosen, begins = _gathered(first, order)
    lengths = np.diff(begins)
    most = -(-int(lengths.max(initial=0)) // 3) * 3
    table = np.zeros((len(order), most), np.float32)
    table[np.arange(most) < lengths[:, None]] = places[chosen]
    return table.reshape(len(order), -1, 3)


def _gathered(first: NDArray[np.int64], order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the elements of the parts ``order`` lie, one part behind the other, and where each part begins then."""
    lengths = np.diff(first)[order]
    begins = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return np.repeat(first[:-1][order] - begins[:-1], lengths) + np.arange(begins[-1]), begins


def objects_at(arrays: Arrays, index: int, width: float = 1.0, height: float = 1.0) -> Objects:
    """The objects of one sample, places multiplied by ``width`` and ``height``; arrays of their own."""
    part = slice(int(arrays["first"][index]), int(arrays["first"][index + 1]))
    scale = np.array([width, height, width, height], np.float64)
    keypoints = None
    if "keypoints" in arrays:
        keypoints = (arrays["keypoints"][part] * [width, height, 1.0]).astype(np.float32)
    return Objects(
        boxes=(arrays["boxes"][part] * scale).astype(np.float32),
        labels=arrays["object_labels"][part].astype(np.int64),
        ids=arrays["ids"][part].copy(),
        crowd=(arrays["flags"][part] & CROWD) > 0,
        keypoints=keypoints,
        polygons=_polygons(arrays, part, scale[:2]) if "points" in arrays else None,
    )


def _polygons(arrays: Arrays, part: slice, scale: NDArray[np.float64]) -> tuple[tuple[NDArray[np.float32], ...], ...]:
    outlines, points, places = arrays["outline_first"], arrays["point_first"], arrays["points"]
    return tuple(
        tuple(
            (places[points[which] : points[which + 1]].reshape(-1, 2) * scale).astype(np.float32)
            for which in range(outlines[number], outlines[number + 1])
        )
        for number in range(part.start, part.stop)
    )


def main_labels(arrays: Arrays) -> NDArray[np.int64]:
    """For each sample the class of its largest box, the first of equals; UNLABELLED where it has none."""
    first, boxes = arrays["first"], arrays["boxes"].astype(np.float64)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = np.lexsort((-np.arange(len(areas)), areas, samples_of(arrays)))
    labels = np.full(len(first) - 1, UNLABELLED, np.int64)
    filled = np.diff(first) > 0
    labels[filled] = arrays["object_labels"][order[first[1:][filled] - 1]]
    return labels


def samples_of(arrays: Arrays) -> NDArray[np.int64]:
    """For each object the sample that it is in."""
    return np.repeat(np.arange(len(arrays["first"]) - 1), np.diff(arrays["first"]))


def check_boxes(
    arrays: Arrays, sizes: NDArray[np.int64], where: Callable[[int, int], str], slack: float = 0.0
) -> list[Finding]:
    """Boxes outside of their picture, without area, and there twice; all of them stay as they are.

    Args:
        arrays: the objects.
        sizes: n x 2, width and height of each sample; 0 where that is not known.
        where: makes the path of a finding from the sample's index and the object's id.
        slack: by how much a box may lie outside: what rounding makes.
    """
    samples, boxes = samples_of(arrays), arrays["boxes"].astype(np.float64)
    limits = np.where(sizes > 0, sizes + slack, np.inf)[samples]
    outside = (boxes[:, :2] < -slack).any(1) | (boxes[:, 2:] > limits).any(1)
    empty = (boxes[:, 2:] <= boxes[:, :2]).any(1)
    kinds = [
        ("outside box", outside, "lies outside of its picture"),
        ("empty box", empty, "has no area"),
        ("doubled box", _doubled(arrays, samples), "is there twice, with the same class"),
    ]
    found = []
    for kind, wrong, what in kinds:
        for number in np.flatnonzero(wrong).tolist():
            sample, place = int(samples[number]), ", ".join(f"{value:g}" for value in arrays["boxes"][number])
            width, height = sizes[sample]
            size = f" of {width} x {height}" if kind == "outside box" and width else ""
            cause = f"the box with left, top, right, bottom = {place} {what}{size}; kept as it is"
            found.append(Finding(where(sample, int(arrays["ids"][number])), sample, kind, cause))
    return found


def _doubled(arrays: Arrays, samples: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an object equals an earlier one of its sample."""
    table = np.column_stack([samples, arrays["object_labels"], arrays["boxes"].view(np.int32).astype(np.int64)])
    order = np.lexsort(table.T[::-1])
    same = np.zeros(len(table), bool)
    if len(table):
        same[order[1:]] = (table[order[1:]] == table[order[:-1]]).all(1)
    return same
