"""What is where in a picture, as plain rows and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from feedline.types import Objects


def rows_of(objects: Objects | None) -> list[dict[str, Any]] | None:
    """One mapping an object, of the fields of ``columns.object_type``."""
    if objects is None:
        return None
    keypoints, polygons = objects.keypoints, objects.polygons
    return [
        {
            "box": objects.boxes[place].tolist(),
            "label": int(objects.labels[place]),
            "id": int(objects.ids[place]),
            "crowd": bool(objects.crowd[place]),
            "keypoints": None if keypoints is None else keypoints[place].tolist(),
            "polygons": None if polygons is None else [outline.tolist() for outline in polygons[place]],
        }
        for place in range(len(objects))
    ]


def objects_of(rows: Sequence[Mapping[str, Any]] | None) -> Objects | None:
    """What ``rows_of`` gave; of no object, neither keypoints nor outlines are told.

    Raises:
        TypeError, ValueError: it is not of this form.
    """
    if rows is None:
        return None
    return Objects(
        np.array([row["box"] for row in rows], np.float32).reshape(-1, 4),
        np.array([row["label"] for row in rows], np.int64),
        np.array([row["id"] for row in rows], np.int64),
        np.array([row["crowd"] for row in rows], np.bool_),
        _keypoints(rows),
        _polygons(rows),
    )


def _keypoints(rows: Sequence[Mapping[str, Any]]) -> Any:
    if not rows or rows[0]["keypoints"] is None:
        return None
    return np.array([row["keypoints"] for row in rows], np.float32).reshape(len(rows), len(rows[0]["keypoints"]), 3)


def _polygons(rows: Sequence[Mapping[str, Any]]) -> Any:
    if not rows or rows[0]["polygons"] is None:
        return None
    return tuple(tuple(np.array(outline, np.float32).reshape(-1, 2) for outline in row["polygons"]) for row in rows)
