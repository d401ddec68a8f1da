"""Edges made stronger or weaker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.rng import Key
from feedline.transforms.base import Transform, is_number, require, require_share
from feedline.transforms.draft import Draft
from feedline.transforms.pointwise import top
from feedline.transforms.stage import stage
from feedline.types import Image

_BITS = 14
"""The factor is a share of 2**14."""


@dataclass(frozen=True)
class RandomAdjustSharpness(Transform):
    """Edges stronger or weaker, with probability ``p``.

    Args:
        sharpness_factor: at least 0: 0 is a blur of 3x3 pixels, 1 changes nothing, 2 doubles the difference.
        p: in 0..1.
    """

    sharpness_factor: float
    p: float = 0.5

    def __post_init__(self) -> None:
        holds = is_number(self.sharpness_factor) and self.sharpness_factor >= 0
        require(holds, self, "sharpness_factor must be a number, not negative")
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            sharpness(draft, self.sharpness_factor)


def sharpness(draft: Draft, factor: float) -> None:
    """Away from (factor above 1) or towards (below 1, at least 0) a blur of 3x3 pixels; the outermost pixels stay."""
    if factor != 1:
        stage(draft, f"sharpness {factor:.2f}", lambda image: _sharpened(image, factor))


def _sharpened(image: Image, factor: float) -> Image:
    if min(image.shape[:2]) < 3:
        return image
    result = image.copy()
    inner = image[1:-1, 1:-1]
    result[1:-1, 1:-1] = (_blended if image.dtype.kind == "f" else _blended_whole)(image, inner, factor)
    return result


def _blended(image: Image, inner: Image, factor: float) -> Image:
    blurred = _sums(image, np.float32)
    blurred /= np.float32(13)
    blurred -= inner
    blurred *= np.float32(1 - factor)
    blurred += inner
    return np.clip(blurred, 0.0, 1.0, out=blurred)


def _blended_whole(image: Image, inner: Image, factor: float) -> Image:
    """In integers; a 13th is never a half, so that the blur is rounded without ties."""
    share = round((1 - factor) * (1 << _BITS))
    small = image.dtype == np.uint8 and abs(share) < 1 << 21
    kind: Any = np.int32 if small else np.int64
    inner = inner.astype(kind)
    blurred = _sums(image, np.int16 if image.dtype == np.uint8 else np.int32).astype(kind)
    change: NDArray[Any] = (blurred + 6) // 13 - inner
    change *= share
    change += 1 << (_BITS - 1)
    change >>= _BITS
    change += inner
    return np.clip(change, 0, top(image.dtype), out=change).astype(image.dtype)


def _sums(image: Image, kind: Any) -> NDArray[Any]:
    """Of 3x3 pixels, the middle one five times: thirteen."""
    numbers = image.astype(kind)
    tall = numbers[:-2] + numbers[1:-1]
    tall += numbers[2:]
    sums: NDArray[Any] = tall[:, :-2] + tall[:, 1:-1]
    sums += tall[:, 2:]
    sums += 4 * numbers[1:-1, 1:-1]
    return sums
