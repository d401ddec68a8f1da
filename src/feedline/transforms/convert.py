"""From bytes to numbers: uint8 to float32, and normalisation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real

import numpy as np
import torch

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.base import Transform, as_array, require
from feedline.types import Image, Spec

_SCALE = np.float32(1 / 255)


@dataclass(frozen=True)
class ToTensor(Transform):
    """HxWxC uint8 to a CxHxW float32 tensor in 0..1; its memory stays channels-last, which costs nothing."""

    def __call__(self, image: Image, key: Key = Key(), operation: int = 0) -> torch.Tensor:
        array = as_array(image, self)
        if array.dtype != np.uint8:
            raise TransformError(f"ToTensor takes uint8, not {array.dtype}")
        return torch.from_numpy(array * _SCALE).permute(2, 0, 1)

    def spec(self, spec: Spec) -> Spec:
        return replace(spec, dtype=torch.float32, tensor=True)


ToFloat = ToTensor
"""The same step by the name of what it does to the numbers."""


@dataclass(frozen=True)
class Normalize(Transform):
    """(image - mean) / std per channel, on the tensor that ToTensor makes.

    Args:
        mean, std: a number a channel, or one number for all; std above 0.
    """

    mean: tuple[float, ...] | float
    std: tuple[float, ...] | float

    def __post_init__(self) -> None:
        for name in ("mean", "std"):
            value = getattr(self, name)
            numbers = (value,) if isinstance(value, Real | str) else tuple(value)
            require(all(isinstance(number, Real) for number in numbers), self, f"{name} must be numbers")
            object.__setattr__(self, name, tuple(float(number) for number in numbers))
        require(all(std > 0 for std in self._stds), self, "std must be above 0")
        require(
            1 in (len(self._means), len(self._stds)) or len(self._means) == len(self._stds),
            self,
            "mean and std must have one number for all channels, or one a channel",
        )

    @property
    def _means(self) -> tuple[float, ...]:
        assert isinstance(self.mean, tuple)
        return self.mean

    @property
    def _stds(self) -> tuple[float, ...]:
        assert isinstance(self.std, tuple)
        return self.std

    @cached_property
    def _columns(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and std, Cx1x1 float32."""
        return torch.tensor(self._means).view(-1, 1, 1), torch.tensor(self._stds).view(-1, 1, 1)

    def __call__(self, image: torch.Tensor, key: Key = Key(), operation: int = 0) -> torch.Tensor:
        if not isinstance(image, torch.Tensor) or not image.is_floating_point():
            raise TransformError("Normalize takes the float tensor that ToTensor makes: put it behind ToTensor")
        self._check_channels(image.shape[-3])
        mean, std = self._columns
        return (image - mean).div_(std)

    def inverse(self, image: torch.Tensor) -> torch.Tensor:
        """What the image was before it was normalised, CxHxW or NxCxHxW: for showing it."""
        mean, std = self._columns
        return image * std + mean

    def spec(self, spec: Spec) -> Spec:
        if spec.channels is not None:
            self._check_channels(spec.channels)
        return spec

    def _check_channels(self, channels: int) -> None:
        for numbers in (self._means, self._stds):
            require(len(numbers) in (1, channels), self, f"the image has {channels} channels")
