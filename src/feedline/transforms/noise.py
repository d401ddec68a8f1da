"""Noise: each pixel's own random number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from feedline.rng import Key
from feedline.transforms.base import Transform, as_pair, between, is_number, require, require_pair, require_share
from feedline.transforms.draft import Draft
from feedline.transforms.grain import bits, quantiles
from feedline.transforms.pointwise import top
from feedline.transforms.stage import stage
from feedline.types import Image

_FRACTION = 16
"""Bits behind the point of noise on whole numbers."""
_BYTE = 255


@dataclass(frozen=True)
class GaussianNoise(Transform):
    """Normal noise on every number of the image; alpha stays.

    Args:
        mean, sigma: of the noise, where white is 1; sigma at least 0.
        clip: whether colours are kept within black and white; whole numbers always are (torchvision's wrap round).
    """

    mean: float = 0.0
    sigma: float = 0.1
    clip: bool = True

    def __post_init__(self) -> None:
        require(is_number(self.mean), self, "mean must be a number")
        require(is_number(self.sigma) and self.sigma >= 0, self, "sigma must be a number, not negative")
        require(isinstance(self.clip, bool), self, "clip must be True or False")
        object.__setattr__(self, "mean", float(self.mean))
        object.__setattr__(self, "sigma", float(self.sigma))

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        name = f"gaussian noise of sigma {self.sigma:.3g}" + (f" about {self.mean:.3g}" if self.mean else "")
        stage(draft, name, lambda image: _noisy(image, self, key, operation))


@dataclass(frozen=True)
class SaltAndPepper(Transform):
    """Single pixels become white (salt) or black (pepper), in all colours at once; alpha stays.

    Args:
        amount: share of the pixels, one number or (least, most), drawn for each picture.
        salt_share: how many of these become white, in 0..1.
    """

    amount: float | tuple[float, float] = (0.01, 0.06)
    salt_share: float = 0.5

    def __post_init__(self) -> None:
        require_pair(self, "amount")
        low, high = as_pair(self.amount)
        require(0 <= low <= high <= 1, self, "amount must be a share in 0..1, or (least, most) of them")
        object.__setattr__(self, "amount", (float(low), float(high)))
        require_share(self, "salt_share")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        amount = between(as_pair(self.amount), key.uniform(operation, 1)[0])
        salt, both = (round(share * 2**32) for share in (amount * self.salt_share, amount))
        name = f"salt and pepper on {100 * amount:.2g} % of the pixels"
        stage(draft, name, lambda image: _sprinkled(image, salt, both, key, operation))


def _noisy(colours: Image, step: GaussianNoise, key: Key, operation: int) -> Image:
    drawn = bits(key, operation, colours.size, 16).reshape(colours.shape)
    levels = step.mean + step.sigma * quantiles()
    if colours.dtype.kind == "f":
        shifted: Image = colours + levels.astype(np.float32).take(drawn)
        return np.clip(shifted, 0.0, 1.0, out=shifted) if step.clip else shifted
    white = top(colours.dtype)
    kind: Any = np.int32 if white == _BYTE else np.int64
    noise: Image = np.rint(np.clip(levels, -2.0, 2.0) * (white << _FRACTION)).astype(kind)
    noise += 1 << _FRACTION - 1
    noisy: Any = noise.take(drawn)
    noisy += np.left_shift(colours, _FRACTION, dtype=kind)
    noisy >>= _FRACTION
    kept: Image = np.clip(noisy, 0, white, out=noisy).astype(colours.dtype)
    return kept


def _sprinkled(colours: Image, salt: int, both: int, key: Key, operation: int) -> Image:
    drawn = bits(key, operation, colours.shape[0] * colours.shape[1], 32).reshape(colours.shape[:2])
    sprinkled = colours.copy()
    sprinkled[drawn < both] = 0
    sprinkled[drawn < salt] = top(colours.dtype)
    return sprinkled
