"""The window around one object."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from feedline.rng import Key
from feedline.transforms.base import Transform, is_number, require
from feedline.transforms.draft import Draft
from feedline.transforms.objects import follow
from feedline.types import Spec

Sides = tuple[float, float, float, float]
"""Left, top, right and bottom."""
_EASE = 1e-3


@dataclass(frozen=True)
class CropToBox(Transform):
    """The window around one box of the sample, as the steps before have moved it; in whole pixels, within the image.

    Args:
        margin: what is added at each side, as a share of the box's width or height.
        jitter: by how much each side moves at random, in or out, as a share of the box's width or height; under 0.5.
        index: which of the sample's boxes (from 0), or "largest" (in the image as the steps before left it) or
            "random" (each as often as another); the last two leave out crowds.
        square: whether the shorter side grows to the longer, as far as the image is that large; the window is moved
            into the image.
        missing: what happens where there is no such box, or the steps before cut it away: "raise" an error, or "keep"
            the whole image.
    """

    margin: float = 0.0
    jitter: float = 0.0
    index: int | Literal["largest", "random"] = 0
    square: bool = False
    missing: Literal["raise", "keep"] = "raise"

    def __post_init__(self) -> None:
        require(is_number(self.margin) and self.margin >= 0, self, "margin must be a share, not negative")
        require(is_number(self.jitter) and 0 <= self.jitter < 0.5, self, "jitter must be a share in 0..0.5, under 0.5")
        whole = isinstance(self.index, int) and not isinstance(self.index, bool) and self.index >= 0
        require(whole or self.index in ("largest", "random"), self, 'index must be from 0, or "largest" or "random"')
        require(isinstance(self.square, bool), self, "square must be True or False")
        require(self.missing in ("raise", "keep"), self, 'missing must be "raise" or "keep"')

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        chance, *shares = key.uniform(operation, 5)
        box = self._box(draft, chance)
        if box is None:
            rule = f'the sample has no such box in its image of {draft.height} x {draft.width} (set missing="keep")'
            require(self.missing == "keep", self, rule)
            return
        left, top, right, bottom = self._window(box, shares)
        across, down = _whole(left, right, draft.width), _whole(top, bottom, draft.height)
        if self.square:
            side = max(across[1] - across[0], down[1] - down[0])
            across, down = _grown(across, side, draft.width), _grown(down, side, draft.height)
        draft.crop(down[0], across[0], down[1] - down[0], across[1] - across[0])

    def _box(self, draft: Draft, chance: float) -> Sides | None:
        """Of the object, in the picture that the draft has so far."""
        if draft.objects is None or not len(draft.objects):
            return None
        objects, kept = follow(draft.geometry, draft.objects)
        places = np.flatnonzero(kept == self.index if isinstance(self.index, int) else ~objects.crowd)
        if not len(places):
            return None
        boxes = objects.boxes[places].astype(np.float64)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        place = int(areas.argmax()) if self.index == "largest" else int(chance * len(places))
        left, top, right, bottom = boxes[place].tolist()
        return left, top, right, bottom

    def _window(self, box: Sides, shares: list[float]) -> Sides:
        """The box with its margin, each side moved."""
        left, top, right, bottom = box
        width, height = right - left, bottom - top
        out = [self.margin + self.jitter * (2 * share - 1) for share in shares]
        return left - out[0] * width, top - out[1] * height, right + out[2] * width, bottom + out[3] * height

    def spec(self, spec: Spec) -> Spec:
        return spec.resized(None, None)


def _whole(low: float, high: float, limit: int) -> tuple[int, int]:
    """The whole pixels of 0..limit that a span touches, at least one."""
    first = min(max(math.floor(low + _EASE), 0), limit - 1)
    return first, max(min(math.ceil(high - _EASE), limit), first + 1)


def _grown(span: tuple[int, int], side: int, limit: int) -> tuple[int, int]:
    """A span as long as ``side``, or as the limit allows, moved into 0..limit."""
    length = min(side, limit)
    first = min(max(span[0] - (length - (span[1] - span[0])) // 2, 0), limit - length)
    return first, first + length
