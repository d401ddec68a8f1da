"""Several windows of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from feedline.rng import Key
from feedline.transforms.base import Transform, require, require_size
from feedline.transforms.draft import Draft
from feedline.types import Spec

_CORNERS = 4


@dataclass(frozen=True)
class FiveCrop(Transform):
    """The windows at the corners and in the middle: top left, top right, bottom left, bottom right, middle.

    Args:
        size: (height, width) in pixels, or one number for both; not larger than the image.
    """

    views: ClassVar[int] = 5

    size: int | tuple[int, int]

    def __post_init__(self) -> None:
        require_size(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        draft.view, view = divmod(draft.view, self.views)
        _crop(self, draft, view)

    def spec(self, spec: Spec) -> Spec | None:
        """None: several pictures have no Spec."""
        return None


@dataclass(frozen=True)
class TenCrop(Transform):
    """The windows of :class:`FiveCrop`, and then those of the flipped image.

    Args:
        size: (height, width) in pixels, or one number for both; not larger than the image.
        vertical_flip: whether top and bottom are exchanged, or left and right.
    """

    views: ClassVar[int] = 10

    size: int | tuple[int, int]
    vertical_flip: bool = False

    def __post_init__(self) -> None:
        require_size(self)
        require(isinstance(self.vertical_flip, bool), self, "vertical_flip must be True or False")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        draft.view, view = divmod(draft.view, self.views)
        flipped, place = divmod(view, FiveCrop.views)
        if flipped:
            draft.flip(horizontal=not self.vertical_flip)
        _crop(self, draft, place)

    def spec(self, spec: Spec) -> Spec | None:
        """None: several pictures have no Spec."""
        return None


def _crop(step: FiveCrop | TenCrop, draft: Draft, place: int) -> None:
    assert isinstance(step.size, tuple)
    height, width = step.size
    down, right = draft.height - height, draft.width - width
    require(min(down, right) >= 0, step, f"the image has only {draft.height} x {draft.width} pixels")
    if place == _CORNERS:
        draft.crop(round(down / 2.0), round(right / 2.0), height, width)
    else:
        draft.crop(down * (place // 2), right * (place % 2), height, width)
