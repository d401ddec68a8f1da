"""Sides exchanged."""

from __future__ import annotations

from dataclasses import dataclass

from feedline.rng import Key
from feedline.transforms.base import Transform, require_share
from feedline.transforms.draft import Draft


@dataclass(frozen=True)
class RandomHorizontalFlip(Transform):
    """Left and right exchanged, with probability ``p``."""

    p: float = 0.5

    def __post_init__(self) -> None:
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            draft.flip(horizontal=True)


@dataclass(frozen=True)
class RandomVerticalFlip(Transform):
    """Top and bottom exchanged, with probability ``p``."""

    p: float = 0.5

    def __post_init__(self) -> None:
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            draft.flip(horizontal=False)
