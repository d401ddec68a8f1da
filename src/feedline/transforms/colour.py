"""Colours changed at random, each pixel on its own (but for contrast, which measures the picture first).

Of whole numbers, results are rounded half up, where torchvision cuts off what lies behind the point: up to 1 level lies
between. Alpha stays everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from feedline.rng import Key
from feedline.transforms import adjust
from feedline.transforms.base import Transform, as_pair, between, is_number, require, require_pair, require_share
from feedline.transforms.draft import Draft
from feedline.transforms.stage import colours_of
from feedline.types import Spec

_PARTS = ("brightness", "contrast", "saturation", "hue")
_CHANGES = (adjust.brightness, adjust.contrast, adjust.saturation, adjust.hue)


@dataclass(frozen=True)
class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue changed by random factors, in random order.

    Args:
        brightness, contrast, saturation: the factor is drawn from 1 - x to 1 + x, but not below 0, or from
            (least, most); 1 changes nothing.
        hue: drawn from -x to x, at most 0.5, or from (least, most), in shares of a full turn; 0 changes nothing.
    """

    brightness: float | tuple[float, float] = 0.0
    contrast: float | tuple[float, float] = 0.0
    saturation: float | tuple[float, float] = 0.0
    hue: float | tuple[float, float] = 0.0

    def __post_init__(self) -> None:
        for name in _PARTS:
            _keep_range(self, name)
            least, most = self._range(name)
            if name == "hue":
                require(-0.5 <= least <= most <= 0.5, self, "hue must be in 0..0.5, or (least, most) in -0.5..0.5")
            else:
                require(0 <= least <= most, self, f"{name} must be (least, most), none negative, or one number")

    def _range(self, name: str) -> tuple[float, float]:
        value = getattr(self, name)
        if not is_number(value):
            return as_pair(value)
        return (-value, value) if name == "hue" else (max(0.0, 1.0 - value), 1.0 + value)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        shares, order = key.uniform(operation, 4), key.uniform(operation, 4, block=1)
        for place in sorted(range(4), key=order.__getitem__):
            _CHANGES[place](draft, between(self._range(_PARTS[place]), shares[place]))


@dataclass(frozen=True)
class Grayscale(Transform):
    """Luma instead of colours: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        num_output_channels: 1, or 3 that are equal; alpha stays behind them.
    """

    num_output_channels: int = 1

    def __post_init__(self) -> None:
        count = self.num_output_channels
        require(count in (1, 3) and not isinstance(count, bool), self, "num_output_channels must be 1 or 3")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        adjust.grayscale(draft, self.num_output_channels)

    def spec(self, spec: Spec) -> Spec:
        if spec.channels is None:
            return spec
        alpha = spec.channels - colours_of(spec.channels)
        return replace(spec, channels=self.num_output_channels + alpha)


@dataclass(frozen=True)
class RandomGrayscale(Transform):
    """Luma three times instead of colours, with probability ``p``; grey images stay."""

    p: float = 0.1

    def __post_init__(self) -> None:
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if draft.channels >= 3 and key.uniform(operation, 1)[0] < self.p:
            adjust.grayscale(draft, 3)


@dataclass(frozen=True)
class RandomInvert(Transform):
    """Black is white, with probability ``p``."""

    p: float = 0.5

    def __post_init__(self) -> None:
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            adjust.invert(draft)


@dataclass(frozen=True)
class RandomPosterize(Transform):
    """The highest bits of each number alone, with probability ``p``.

    Args:
        bits: how many stay, 0 to 8; of floats, ``2**bits`` levels, the highest below white.
        p: in 0..1.
    """

    bits: int
    p: float = 0.5

    def __post_init__(self) -> None:
        whole = is_number(self.bits) and self.bits == int(self.bits)
        require(whole and 0 <= self.bits <= 8, self, "bits must be a whole number in 0..8")
        object.__setattr__(self, "bits", int(self.bits))
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            adjust.posterize(draft, self.bits)


@dataclass(frozen=True)
class RandomSolarize(Transform):
    """Numbers from a threshold on inverted, with probability ``p``.

    Args:
        threshold: in the unit of the image: 0 to 255, 65535 or 1.0.
        p: in 0..1.
    """

    threshold: float
    p: float = 0.5

    def __post_init__(self) -> None:
        require(is_number(self.threshold) and self.threshold >= 0, self, "threshold must be a number, not negative")
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            adjust.solarize(draft, self.threshold)


@dataclass(frozen=True)
class Gamma(Transform):
    """``gain * x ** gamma``, where white is 1: above 1 darker, below 1 brighter.

    Args:
        gamma: the exponent, or (least, most) between which it is drawn; not negative.
        gain: a factor, not negative.
    """

    gamma: float | tuple[float, float]
    gain: float = 1.0

    def __post_init__(self) -> None:
        _keep_range(self, "gamma")
        least, most = as_pair(self.gamma)
        require(0 <= least <= most, self, "gamma must be a number or (least, most), none negative")
        require(is_number(self.gain) and self.gain >= 0, self, "gain must be a number, not negative")

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        adjust.gamma(draft, between(as_pair(self.gamma), key.uniform(operation, 1)[0]), self.gain)


def _keep_range(step: Any, name: str) -> None:
    """Raises TransformError unless the parameter is one number, not negative, or two; keeps a float or a pair."""
    if getattr(step, name) is None:  # as torchvision has it
        object.__setattr__(step, name, 0.0)
    require_pair(step, name)
    value = getattr(step, name)
    if is_number(value):
        require(value >= 0, step, f"{name} must not be negative")
        object.__setattr__(step, name, float(value))
    elif isinstance(value, Sequence):
        object.__setattr__(step, name, (float(value[0]), float(value[1])))
