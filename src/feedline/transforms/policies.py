"""Policies: operations of colour and geometry, drawn from the key and added to the draft, where geometry folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from feedline.native import Filter
from feedline.rng import Key
from feedline.transforms.base import Transform, require, require_fill, require_filter
from feedline.transforms.draft import Draft, Fill
from feedline.transforms.magnitudes import NARROW, SIGNED, SINGLE, WIDE, Ranges, magnitude, perform
from feedline.transforms.policy_tables import POLICIES

_TABLE_BINS = 10
"""Steps of the published tables' magnitudes."""

_MOST = 100
"""Operations one after the other, of which nothing is left to see."""


@dataclass(frozen=True)
class AutoAugment(Transform):
    """One of 25 pairs of operations, which were searched for on a dataset; each is done with its own probability.

    E. D. Cubuk et al., "AutoAugment: Learning Augmentation Strategies from Data", CVPR 2019.

    Args:
        policy: "imagenet", "cifar10" or "svhn": the dataset on which it was found.
        interpolation: "bilinear" (torchvision's default is "nearest"; what is weighed as its neighbours folds with
            them), "nearest" or "bicubic".
        fill: the value of pixels from outside the image, in its unit, one number or one a channel.
    """

    policy: Literal["imagenet", "cifar10", "svhn"] = "imagenet"
    interpolation: Filter = "bilinear"
    fill: Fill | None = 0

    def __post_init__(self) -> None:
        policy = getattr(self.policy, "value", self.policy)
        require(isinstance(policy, str) and policy in POLICIES, self, f"policy must be one of {', '.join(POLICIES)}")
        object.__setattr__(self, "policy", policy)
        _keep_geometry(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        pairs = POLICIES[self.policy]
        which, *drawn = key.uniform(operation, 5)
        pair = pairs[int(which * len(pairs))]
        for (name, p, place), whether, sign in zip(pair, drawn[:2], drawn[2:], strict=True):
            if whether < p:
                _add(draft, name, NARROW, place, _TABLE_BINS, sign, self)


@dataclass(frozen=True)
class RandAugment(Transform):
    """Several operations, each as likely, all of one strength.

    E. D. Cubuk, B. Zoph, J. Shlens, Q. V. Le, "RandAugment: Practical automated data augmentation with a reduced search
    space", 2020.

    Args:
        num_ops: how many, one after the other.
        magnitude: their strength, 0 to ``num_magnitude_bins`` - 1.
        num_magnitude_bins: into how many steps the strengths are divided.
        interpolation, fill: as of :class:`AutoAugment`.
    """

    num_ops: int = 2
    magnitude: int = 9
    num_magnitude_bins: int = 31
    interpolation: Filter = "bilinear"
    fill: Fill | None = 0

    def __post_init__(self) -> None:
        few = _is_whole(self.num_ops) and 0 <= self.num_ops <= _MOST
        require(few, self, f"num_ops must be a whole number in 0..{_MOST}")
        _require_bins(self)
        inside = _is_whole(self.magnitude) and 0 <= self.magnitude < self.num_magnitude_bins
        require(inside, self, "magnitude must be a whole number from 0, below num_magnitude_bins")
        _keep_geometry(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        drawn = key.uniform(operation, 2 * self.num_ops)
        for which, sign in zip(drawn[::2], drawn[1::2], strict=True):
            name = SINGLE[int(which * len(SINGLE))]
            _add(draft, name, NARROW, self.magnitude, self.num_magnitude_bins, sign, self)


@dataclass(frozen=True)
class TrivialAugmentWide(Transform):
    """One operation, each as likely, of any strength of a wide range.

    S. G. Mueller, F. Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", ICCV 2021.

    Args:
        num_magnitude_bins: into how many steps the strengths are divided.
        interpolation, fill: as of :class:`AutoAugment`.
    """

    num_magnitude_bins: int = 31
    interpolation: Filter = "bilinear"
    fill: Fill | None = 0

    def __post_init__(self) -> None:
        _require_bins(self)
        _keep_geometry(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        which, strength, sign = key.uniform(operation, 3)
        name, bins = SINGLE[int(which * len(SINGLE))], self.num_magnitude_bins
        _add(draft, name, WIDE, int(strength * bins), bins, sign, self)


def _add(
    draft: Draft,
    name: str,
    ranges: Ranges,
    place: int,
    bins: int,
    sign: float,
    step: AutoAugment | RandAugment | TrivialAugmentWide,
) -> None:
    strength = magnitude(name, ranges, place, bins, (draft.height, draft.width))
    if name in SIGNED and sign < 0.5:
        strength = -strength
    perform(draft, name, strength, step.interpolation, step.fill or 0)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require_bins(step: RandAugment | TrivialAugmentWide) -> None:
    bins = step.num_magnitude_bins
    require(_is_whole(bins) and bins >= 2, step, "num_magnitude_bins must be a whole number, at least 2")


def _keep_geometry(step: AutoAugment | RandAugment | TrivialAugmentWide) -> None:
    if step.fill is None:  # as torchvision says it
        object.__setattr__(step, "fill", 0)
    require_filter(step)
    require_fill(step)
