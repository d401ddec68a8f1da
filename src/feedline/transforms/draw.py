"""Boxes, masks, outlines and keypoints, drawn on a picture at the size at which it is looked at.

Places are in pixels of the picture whose corner is at 0, so that a box from 2 to 5 runs around pixels 2, 3 and 4
however much the picture is enlarged.
"""

from __future__ import annotations

import colorsys
import unicodedata
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline.types import Image, Objects

Colour = tuple[int, int, int]
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_GOLDEN = 0.61803398875
_OPACITY = 0.25
_FINE = 16
"""Parts of a pixel that OpenCV draws lines to, as its ``shift`` of 4 says."""
_FAR = 1e5


def colour_of(number: int) -> Colour:
    """A colour for a class: neighbouring numbers get hues far from each other."""
    red, green, blue = colorsys.hsv_to_rgb((0.02 + number * _GOLDEN) % 1, 0.82 if number % 2 else 0.95, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


def draw(
    image: Image,
    objects: Objects | None = None,
    mask: Image | None = None,
    classes: Sequence[str] = (),
    side: int | None = None,
) -> Image:
    """A picture with all that is known of it, as a new HxWx3 uint8 array.

    Args:
        image: HxWx3 uint8; see :func:`feedline.transforms.showable.showable`.
        objects: in pixels of it.
        mask: HxWxC, whole numbers; 0 stays clear, and of several channels each combination is a class.
        classes: names of the objects' labels.
        side: pixels that the longer side shall have; lines and letters stay as thin as they are.
    """
    drawn = sized(image, side)
    if mask is not None:
        drawn = draw_mask(drawn, mask)
    if objects is not None:
        scale = drawn.shape[1] / image.shape[1], drawn.shape[0] / image.shape[0]
        drawn = draw_objects(drawn, objects, classes, scale, filled=mask is None)
    return drawn


def sized(image: Image, side: int | None) -> Image:
    """A copy whose longer side has so many pixels: pixels repeated, or averaged."""
    height, width = image.shape[:2]
    longer = max(height, width)
    if side is None or side == longer:
        return image.copy()
    size = max(1, round(width * side / longer)), max(1, round(height * side / longer))
    resized: Image = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if side > longer else cv2.INTER_AREA)
    return resized


def draw_mask(image: Image, mask: Image) -> Image:
    """The classes of a mask as translucent colours, each with an outline that runs within it.

    Args:
        image: HxWx3 uint8.
        mask: of the same proportions, HxWxC.
    """
    numbers = _numbers(mask)
    if numbers.shape != image.shape[:2]:
        rows, columns = (
            np.minimum((np.arange(out) + 0.5) * side / out, side - 1).astype(np.intp)
            for out, side in zip(image.shape[:2], numbers.shape, strict=True)
        )
        numbers = numbers[rows[:, None], columns]
    colours = np.zeros_like(image)
    for number in np.unique(numbers[numbers != 0]).tolist():
        colours[numbers == number] = colour_of(number)
    shown = (numbers != 0)[:, :, None]
    mixed = np.where(shown, (1 - _OPACITY) * image + _OPACITY * colours, image).astype(np.uint8)
    return np.where(shown & _edges(numbers)[:, :, None], colours, mixed)


def draw_objects(
    image: Image,
    objects: Objects,
    classes: Sequence[str] = (),
    scale: tuple[float, float] = (1.0, 1.0),
    filled: bool = True,
) -> Image:
    """Outlines, boxes with the names of their classes, and keypoints (rings where they are hidden), on a copy.

    Args:
        image: HxWx3 uint8.
        objects: in pixels, which become those of the image by ``scale`` (x, y).
        classes: names of the labels; a label without one is drawn as its number.
        filled: whether outlines are filled, as a mask is.
    """
    drawn = image.copy()
    colours = [colour_of(label + 1) for label in objects.labels.tolist()]
    for outlines, colour in zip(objects.polygons or (), colours, strict=False):
        for outline in outlines:
            _outline(drawn, outline * scale, colour, filled)
    boxes = objects.boxes * (*scale, *scale)
    for box, colour in zip(boxes, colours, strict=True):
        _frame(drawn, box, colour)
    for number, (box, colour) in enumerate(zip(boxes, colours, strict=True)):
        name = _name(int(objects.labels[number]), classes) + (" (crowd)" if objects.crowd[number] else "")
        _tag(drawn, name, box, colour)
    for points, colour in zip(objects.keypoints if objects.keypoints is not None else (), colours, strict=False):
        for x, y, seen in points.tolist():
            if seen:
                _dot(drawn, x * scale[0], y * scale[1], colour, hidden=seen == 1)
    return drawn


def line(image: Image, points: Any, colour: Colour, closed: bool = True, thickness: int = 2) -> None:
    """A line through points (M x 2, in pixels whose corner is at 0) with a dark edge, drawn into the image."""
    places = [_fixed(points)]
    for width, ink in ((thickness + 1, _BLACK), (thickness, colour)):
        cv2.polylines(image, places, closed, ink, width, cv2.LINE_AA, 4)


def write(image: Image, text: str, left: int, bottom: int, colour: Colour = _BLACK, size: float = 0.42) -> None:
    """Letters, drawn into the image; OpenCV has those of ASCII only, others lose their marks or become "?"."""
    cv2.putText(image, _plain(text), (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def width_of(text: str, size: float = 0.42) -> int:
    """Pixels that ``write`` needs across."""
    return int(cv2.getTextSize(_plain(text), cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0])


def _plain(text: str) -> str:
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letters).encode("ascii", "replace").decode()


def _numbers(mask: Image) -> NDArray[np.int64]:
    whole: NDArray[np.int64] = np.rint(mask.reshape(*mask.shape[:2], -1)).astype(np.int64)
    return np.asarray(sum(whole[:, :, channel] << 8 * channel for channel in range(whole.shape[2])))


def _edges(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a pixel has a neighbour of another class, above, below, left or right."""
    edges = np.zeros(numbers.shape, np.bool_)
    down, across = numbers[1:] != numbers[:-1], numbers[:, 1:] != numbers[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    return edges


def _fixed(points: Any) -> NDArray[np.int32]:
    """Points as OpenCV takes them: pixels' centres at whole numbers, in sixteenths."""
    places = np.clip(np.asarray(points, np.float64).reshape(-1, 2), -_FAR, _FAR) - 0.5
    return np.rint(places * _FINE).astype(np.int32)


def _outline(image: Image, outline: Any, colour: Colour, filled: bool) -> None:
    if filled:
        whole = image.copy()
        cv2.fillPoly(whole, [_fixed(outline)], colour, cv2.LINE_AA, 4)
        image[:] = cv2.addWeighted(image, 1 - _OPACITY, whole, _OPACITY, 0)
    cv2.polylines(image, [_fixed(outline)], True, colour, 1, cv2.LINE_AA, 4)


def _frame(image: Image, box: NDArray[Any], colour: Colour) -> None:
    """The frame of a box, drawn within the image where the box touches its edge."""
    height, width = image.shape[:2]
    left, top, right, bottom = np.rint(np.clip(box, -_FAR, _FAR)).astype(int).tolist()
    left, right = (min(max(x, 1), width - 1) if 0 <= x <= width else x for x in (left, right))
    top, bottom = (min(max(y, 1), height - 1) if 0 <= y <= height else y for y in (top, bottom))
    for grown, ink in ((2, _BLACK), (-1, _BLACK), (1, colour), (0, colour)):
        first, last = (left - grown, top - grown), (right - 1 + grown, bottom - 1 + grown)
        if first[0] <= last[0] and first[1] <= last[1]:
            cv2.rectangle(image, first, last, ink, 1)


def _tag(image: Image, name: str, box: NDArray[Any], colour: Colour) -> None:
    """The name on a plate above the box, or within where there is no room above."""
    height, width = image.shape[:2]
    tall, wide = 14, width_of(name, 0.38) + 6
    left = int(min(max(box[0], 0), max(width - wide, 0)))
    top = int(box[1]) - tall
    top = min(max(top if top >= 0 else int(box[1]), 0), max(height - tall, 0))
    cv2.rectangle(image, (left, top), (left + wide, top + tall), colour, cv2.FILLED)
    dark = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] < 120
    write(image, name, left + 3, top + tall - 4, _WHITE if dark else _BLACK, 0.38)


def _name(label: int, classes: Sequence[str]) -> str:
    return classes[label] if 0 <= label < len(classes) else str(label)


def _dot(image: Image, x: float, y: float, colour: Colour, hidden: bool) -> None:
    place = tuple(_fixed([(x, y)])[0].tolist())
    cv2.circle(image, place, 4 * _FINE, _BLACK, cv2.FILLED, cv2.LINE_AA, 4)
    cv2.circle(image, place, 3 * _FINE, _WHITE if hidden else colour, 1 if hidden else cv2.FILLED, cv2.LINE_AA, 4)
