"""From stored numbers to those that a network takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.base import Transform, is_number, require
from feedline.transforms.draft import Draft
from feedline.transforms.pointwise import top
from feedline.types import Image, Spec

_IMAGENET, _DATASET = "imagenet", "dataset"
_OF_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_FLAT = "one of 0 is measured of a channel in which all images of the dataset are of one colour"
_LEAST_AXES = 3
_FORMATS = ("channels_last", "contiguous_format")
_KINDS = {torch.uint8: np.uint8, torch.uint16: np.uint16, torch.float32: np.float32}


@dataclass(frozen=True)
class ToTensor(Transform):
    """HxWxC to a CxHxW float32 tensor, whole numbers in 0..1.

    Args:
        memory_format: "channels_last", in which decoders write and convolutions are fastest; or "contiguous_format",
            channel after channel, which ``view`` and ``flatten`` without a copy want. torch's objects are taken too.
    """

    memory_format: Literal["channels_last", "contiguous_format"] | torch.memory_format = "channels_last"

    def __post_init__(self) -> None:
        name = str(self.memory_format).removeprefix("torch.")
        require(name in _FORMATS, self, f"memory_format must be one of {', '.join(_FORMATS)}")
        object.__setattr__(self, "memory_format", name)

    def __repr__(self) -> str:
        return "ToTensor()" if self.memory_format == _FORMATS[0] else f"ToTensor({self.memory_format!r})"

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if draft.tensor:
            raise TransformError("ToTensor takes an HxWxC array, and a tensor comes: leave it out")
        draft.convert((1.0 / top(draft.dtype),), (0.0,))
        draft.tensor, draft.planar = True, self.memory_format == _FORMATS[1]

    def spec(self, spec: Spec) -> Spec:
        return replace(spec, dtype=torch.float32, tensor=True, planar=self.memory_format == _FORMATS[1])


ToFloat = ToTensor
"""The same step by the name of what it does to the numbers."""


@dataclass(frozen=True)
class ToDtype(Transform):
    """To another type of number.

    Args:
        dtype: torch.float32, torch.uint8 or torch.uint16, or its name.
        scale: whether white stays white: 255 of uint8 is 1.0 of float32; else numbers stay, within the range.
    """

    dtype: torch.dtype | str = torch.float32
    scale: bool = False

    def __post_init__(self) -> None:
        kind = getattr(torch, self.dtype, None) if isinstance(self.dtype, str) else self.dtype
        require(
            isinstance(kind, torch.dtype) and kind in _KINDS,
            self,
            f"dtype must be one of {', '.join(map(str, _KINDS))}",
        )
        require(isinstance(self.scale, bool), self, "scale must be True or False")
        object.__setattr__(self, "dtype", kind)

    @property
    def _kind(self) -> torch.dtype:
        assert isinstance(self.dtype, torch.dtype)
        return self.dtype

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        kind = np.dtype(_KINDS[self._kind])
        white = top(draft.dtype) if self.scale else 1
        if kind == np.float32:
            if draft.dtype != np.float32:
                draft.convert((1.0 / white,), (0.0,), normalized=not self.scale)
        elif kind != draft.dtype:
            factor = top(kind) / white if self.scale else 1.0
            draft.work(f"to {kind}", lambda image: _rounded(image, factor, kind), dtype=kind)

    def spec(self, spec: Spec) -> Spec:
        return replace(spec, dtype=self._kind)


@dataclass(frozen=True)
class Normalize(Transform):
    """(image - mean) / std per channel, on the floats that ToTensor or ToDtype makes.

    ``Normalize("imagenet")`` has the numbers that torchvision's weights were trained with. ``Normalize("dataset")`` has
    none yet: the ImageDataset that it is given to, alone or as a step of a Compose, measures them over all its images,
    as they are decoded, when it is made (once: they are kept in the user's cache), and its ``transform`` then has the
    numbers. Within RandomApply, OneOf and other choices it is not looked for: write the numbers there.

    Args:
        mean, std: a number a channel, or one number for all, where white is 1; std above 0.
    """

    mean: tuple[float, ...] | float | Literal["imagenet", "dataset"]
    std: tuple[float, ...] | float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.mean, str):
            known = self.mean in (_IMAGENET, _DATASET)
            require(known and self.std is None, self, 'it takes mean and std, or "imagenet" or "dataset" alone')
            if self.mean == _DATASET:
                return
            mean, std = _OF_IMAGENET
            object.__setattr__(self, "mean", mean)
            object.__setattr__(self, "std", std)
        for name in ("mean", "std"):
            value = getattr(self, name)
            numbers = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
            require(bool(numbers) and all(map(is_number, numbers)), self, f"{name} must be numbers")
            object.__setattr__(self, name, tuple(float(number) for number in numbers))
        require(0 not in self._stds, self, f"std must be above 0; {_FLAT}")
        require(all(std > 0 for std in self._stds), self, "std must be above 0")
        require(
            1 in (len(self._means), len(self._stds)) or len(self._means) == len(self._stds),
            self,
            "mean and std must have one number for all channels, or one a channel",
        )

    @property
    def measured(self) -> bool:
        """Whether it has its numbers."""
        return self.mean != _DATASET

    @property
    def _means(self) -> tuple[float, ...]:
        if not isinstance(self.mean, tuple):
            raise TransformError(
                'Normalize("dataset") is not measured yet: an ImageDataset does so where it stands alone or as a step '
                "of a Compose; it cannot stand within RandomApply, OneOf or another choice: there write "
                "feedline.measure's numbers, Normalize(*feedline.measure(dataset))"
            )
        return self.mean

    @property
    def _stds(self) -> tuple[float, ...]:
        assert isinstance(self.std, tuple)
        return self.std

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if draft.dtype != np.float32:
            raise TransformError(f"Normalize takes floats, not {draft.dtype}: put it behind ToTensor")
        means = self._means
        self._check_channels(draft.channels)
        count = draft.channels
        means, stds = (means * count)[:count], (self._stds * count)[:count]
        shifts = [-mean / std for mean, std in zip(means, stds, strict=True)]
        draft.convert([1 / std for std in stds], shifts, normalized=True)

    def inverse(self, image: torch.Tensor) -> torch.Tensor:
        """What the image was before it was normalised, CxHxW or NxCxHxW: for showing it.

        Raises:
            TransformError: it is no such tensor, or has other channels than there are numbers.
        """
        if not isinstance(image, torch.Tensor) or image.ndim < _LEAST_AXES:
            what = f"{type(image).__name__} of shape {tuple(getattr(image, 'shape', ()))}"
            raise TransformError(f"Normalize.inverse takes a CxHxW or NxCxHxW tensor, not a {what}")
        self._check_channels(image.shape[-3])
        mean, std = (torch.tensor(numbers).view(-1, 1, 1) for numbers in (self._means, self._stds))
        return image * std.to(image.device) + mean.to(image.device)

    def spec(self, spec: Spec) -> Spec:
        if spec.channels is not None and self.measured:
            self._check_channels(spec.channels)
        return spec

    def _check_channels(self, channels: int) -> None:
        for numbers in (self._means, self._stds):
            require(len(numbers) in (1, channels), self, f"the image has {channels} channels")


def _rounded(image: Image, factor: float, kind: np.dtype[np.generic]) -> Image:
    """Scaled and rounded half up, within the range of the type."""
    return np.floor(np.clip(image * np.float64(factor), 0, top(kind)) + 0.5).astype(kind)
