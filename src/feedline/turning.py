"""Objects and masks turned with their picture, and boxes that lie outside of it.

Which way round annotations are, their own statement of the picture's size tells (``record.extra["size"]``): where it is
the size that is stored, whoever made them saw it as stored, and they are turned as EXIF's orientation turns it; where
it is another, such as that of the upright picture, or none is stated, they are taken as upright. A size that is both
(orientation 2 to 4, or a square) counts as the stored one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.sources.rle import Rle
from feedline.types import Image, Objects

_TRANSPOSED = frozenset({5, 6, 7, 8})
_MIRRORED = frozenset({2, 3, 6, 7})
"""Left and right changed, after transposing."""
_FLIPPED = frozenset({3, 4, 7, 8})
"""Top and bottom changed, after transposing."""
_ROUNDING = 0.5
"""In pixels: what annotations in shares of a large picture are rounded by."""


def turned(
    objects: Objects, extra: Mapping[str, Any], orientation: int, width: int, height: int
) -> tuple[Objects, Mapping[str, Any]]:
    """Objects in pixels of the upright picture, and what else is known with them; copies where anything is turned.

    Boxes, outlines and keypoints are turned (a keypoint of 0, 0, 0 is none and stays), and in ``extra`` the masks in
    "rle" that are of the stored size; "size" becomes that of the upright picture. The class mask of a record is a
    picture, not an object: see :func:`turned_mask`.

    Args:
        objects: of the record.
        extra: of the record.
        orientation: EXIF's, 1 to 8, of the picture.
        width: of the picture as stored, in pixels.
        height: of the picture as stored, in pixels.
    """
    if orientation not in range(2, 9) or not _seen_as_stored(extra, width, height):
        return objects, extra
    keypoints, polygons = objects.keypoints, objects.polygons
    corners = _places(objects.boxes.reshape(-1, 2, 2), orientation, width, height)
    if keypoints is not None:
        moved = np.dstack([_places(keypoints[..., :2], orientation, width, height), keypoints[..., 2]])
        keypoints = np.where(keypoints.any(-1, keepdims=True), moved, keypoints)
    if polygons is not None:
        polygons = tuple(tuple(_places(line, orientation, width, height) for line in lines) for lines in polygons)
    boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
    size = (height, width) if orientation in _TRANSPOSED else (width, height)
    more: dict[str, Any] = {**extra, "size": size}
    if "rle" in extra:
        more["rle"] = {number: _turned_rle(rle, orientation, width, height) for number, rle in extra["rle"].items()}
    return replace(objects, boxes=boxes, keypoints=keypoints, polygons=polygons), more


def turned_mask(mask: Image, extra: Mapping[str, Any], orientation: int, width: int, height: int) -> Image:
    """A mask (HxWxC) the way round that the upright picture is: turned where it is of the stored size and would not
    fit the upright picture, or where the annotations state the stored size.

    Arguments are as :func:`turned`'s, ``extra`` as the source gave it.
    """
    unfit = orientation in _TRANSPOSED and width != height
    if mask.shape[:2] != (height, width) or not (unfit or _seen_as_stored(extra, width, height)):
        return mask
    return np.ascontiguousarray(_turned_array(mask, orientation))


def outside(objects: Objects, width: int, height: int) -> list[str]:
    """For each box that lies outside of a picture of this size by more than half a pixel, words that say so.

    Args:
        objects: as :func:`turned` gave them.
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
    """
    boxes = objects.boxes
    wrong = (boxes < -_ROUNDING) | (boxes > np.array([width, height] * 2) + _ROUNDING)
    return [
        f"the box of object {number} with left, top, right, bottom = "
        f"{', '.join(f'{value:g}' for value in boxes[number])} lies outside of its picture of {width} x {height}"
        for number in np.flatnonzero(wrong.any(1)).tolist()
    ]


def _seen_as_stored(extra: Mapping[str, Any], width: int, height: int) -> bool:
    return bool(extra.get("size") == (width, height))


def _places(points: NDArray[np.float32], orientation: int, width: int, height: int) -> NDArray[np.float32]:
    """... x 2, x and y as edges count them: the picture's corners are 0, 0 and width, height."""
    x, y = points[..., 0], points[..., 1]
    if orientation in _TRANSPOSED:
        x, y, width, height = y, x, height, width
    if orientation in _MIRRORED:
        x = width - x
    if orientation in _FLIPPED:
        y = height - y
    return np.stack([x, y], -1).astype(np.float32)


def _turned_array(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    """HxW or HxWxC; a view."""
    if orientation in _TRANSPOSED:
        array = array.swapaxes(0, 1)
    if orientation in _MIRRORED:
        array = array[:, ::-1]
    return array[::-1] if orientation in _FLIPPED else array


def _turned_rle(rle: Rle, orientation: int, width: int, height: int) -> Rle:
    if (rle.height, rle.width) != (height, width):
        return rle
    return rle_of(_turned_array(rle.mask(), orientation))


def rle_of(mask: NDArray[np.bool_]) -> Rle:
    """A mask, height x width, as run lengths."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff(np.concatenate([[0], edges, [len(flat)]]))
    if flat[:1].any():  # the first run is of pixels outside
        counts = np.concatenate([[0], counts])
    return Rle(mask.shape[0], mask.shape[1], counts.astype(np.uint32))
