"""A picture to show transforms on, for those who have none at hand: made of shapes and the embedded letters."""

from __future__ import annotations

import cv2
import numpy as np

from feedline._open import open as open_dataset
from feedline.types import UNLABELLED, Image, Objects, Record

CLASSES = ["sun", "house", "letter"]
_HEIGHT, _WIDTH = 240, 320
_SUN, _HOUSE, _LETTER = (24, 36, 76, 88), (70, 84, 166, 208), (206, 132, 290, 216)
_OUTLINE = ((70, 132), (118, 84), (166, 132), (166, 208), (70, 208))
_DOOR, _WINDOW = (104, 164, 128, 208), (138, 148, 156, 166)


def demonstration() -> Record:
    """240 x 320 RGB: a sun, a house with outline and keypoints, a letter F; the mask has their numbers + 1."""
    image, mask = _landscape(), np.zeros((_HEIGHT, _WIDTH, 1), np.uint8)
    _sun(image, mask)
    _house(image, mask)
    _letter(image, mask)
    return Record(image, UNLABELLED, "demonstration", _objects(), mask)


def _objects() -> Objects:
    house = np.array(_OUTLINE, np.float32)
    keypoints = np.zeros((3, 3, 3), np.float32)
    keypoints[1] = [(*_OUTLINE[1], 2), (*_OUTLINE[0], 2), (*_OUTLINE[2], 1)]
    return Objects(
        np.array([_SUN, _HOUSE, _LETTER], np.float32),
        np.arange(3),
        np.arange(3),
        np.zeros(3, np.bool_),
        keypoints,
        ((), (house,), ()),
    )


def _landscape() -> Image:
    """Sky that grows lighter towards the ground, and ground with stripes."""
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float64)
    light = rows / _HEIGHT
    sky = np.stack([70 + 110 * light, 120 + 90 * light, 200 + 40 * light], 2)
    stripes = 14 * ((columns + 2 * rows) // 16 % 2)
    ground = np.stack([80 + stripes, 130 + stripes, 60 + stripes], 2)
    return np.where(rows[:, :, None] < 190, sky, ground).astype(np.uint8)


def _sun(image: Image, mask: Image) -> None:
    left, top, right, bottom = _SUN
    rows, columns = np.mgrid[0:_HEIGHT, 0:_WIDTH] + 0.5
    radius = (right - left) / 2
    inside = (columns - (left + right) / 2) ** 2 + (rows - (top + bottom) / 2) ** 2 < radius**2
    image[inside], mask[inside] = (255, 214, 64), 1


def _house(image: Image, mask: Image) -> None:
    shape = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    last = np.array(_OUTLINE) - [(0, 0), (0, 0), (1, 0), (1, 1), (0, 1)]  # OpenCV fills the last row and column too
    cv2.fillPoly(shape, [last.astype(np.int32)], 1)
    rows = np.arange(_HEIGHT)[:, None]
    image[(shape > 0) & (rows >= _OUTLINE[0][1])] = (214, 190, 160)
    image[(shape > 0) & (rows < _OUTLINE[0][1])] = (176, 58, 46)
    mask[shape > 0] = 2
    for (left, top, right, bottom), colour in ((_DOOR, (92, 58, 34)), (_WINDOW, (120, 200, 230))):
        image[top:bottom, left:right] = colour


def _letter(image: Image, mask: Image) -> None:
    """The first embedded F, black on a white board."""
    glyphs = open_dataset("glyphs")
    letter = glyphs.record(int(np.flatnonzero(glyphs.targets == glyphs.class_to_idx["F"])[0])).data
    left, top, right, bottom = _LETTER
    ink = cv2.resize(np.asarray(letter)[:, :, 0], (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    image[top:bottom, left:right] = 250 - (ink[:, :, None] * (0.94, 0.75, 0.9)).astype(np.uint8)
    mask[top:bottom, left:right] = 3
