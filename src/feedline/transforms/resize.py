"""To another size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedline.native import Filter
from feedline.rng import Key
from feedline.transforms.base import Transform, as_pair, is_number, require, require_filter, require_flag, require_pair
from feedline.transforms.draft import Draft
from feedline.types import Spec


@dataclass(frozen=True)
class Resize(Transform):
    """To a given size.

    Args:
        size: (height, width) in pixels; or one number for the shorter side, the longer one in proportion; None with
            ``max_size`` for the longer side alone.
        interpolation: "nearest", "bilinear" or "bicubic".
        max_size: the longer side becomes no more, and the shorter one less in proportion; with a single ``size`` only.
        antialias: whether the filter widens where the picture shrinks.
    """

    size: int | Sequence[int] | None
    interpolation: Filter = "bilinear"
    max_size: int | None = None
    antialias: bool = True

    def __post_init__(self) -> None:
        require_filter(self)
        require_flag(self, "antialias")
        if isinstance(self.size, Sequence) and len(self.size) == 1:
            object.__setattr__(self, "size", self.size[0])
        if self.max_size is not None:
            whole = isinstance(self.max_size, int) and self.max_size >= 1
            require(whole, self, "max_size must be whole pixels, at least 1")
            single = self.size is None or is_number(self.size)
            require(single, self, "max_size goes with a size of one number, for the shorter side")
        if self.size is None:
            require(self.max_size is not None, self, "size may be None only beside max_size")
            return
        require_pair(self, "size")
        sides = as_pair(self.size)
        require(all(side == int(side) and side >= 1 for side in sides), self, "size must be whole pixels, at least 1")
        object.__setattr__(self, "size", int(sides[0]) if is_number(self.size) else (int(sides[0]), int(sides[1])))
        if isinstance(self.size, int) and self.max_size is not None:
            require(self.max_size > self.size, self, "max_size must be above size")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        draft.resize(*self._target(draft.height, draft.width), self.interpolation, self.antialias)

    def _target(self, height: int, width: int) -> tuple[int, int]:
        """Rounded down, as torchvision does."""
        if isinstance(self.size, tuple):
            tall, wide = self.size
            return tall, wide
        short, long = min(height, width), max(height, width)
        if not isinstance(self.size, int):
            shorter, longer = int((self.max_size or 1) * short / long), self.max_size or 1
        else:
            shorter, longer = self.size, int(self.size * long / short)
            if self.max_size is not None and longer > self.max_size:
                shorter, longer = int(self.max_size * shorter / longer), self.max_size
        shorter = max(shorter, 1)
        return (shorter, longer) if height <= width else (longer, shorter)

    def spec(self, spec: Spec) -> Spec:
        if isinstance(self.size, tuple):
            return spec.resized(*self.size)
        if spec.height is None or spec.width is None:
            return spec.resized(None, None)
        return spec.resized(*self._target(spec.height, spec.width))
