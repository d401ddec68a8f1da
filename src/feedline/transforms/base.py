"""What every transform of ours is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Real
from typing import Any

import numpy as np

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.types import Image, Spec


class Transform(ABC):
    """One step from image to image, a pure function of (image, key, operation): safe in threads."""

    @abstractmethod
    def __call__(self, image: Any, key: Key = Key(), operation: int = 0) -> Any:
        """The image after this step.

        Args:
            image: HxWxC array, or CxHxW tensor behind ToTensor.
            key: what random numbers depend on.
            operation: this step's place among the steps, so that two equal steps draw different numbers.
        """

    @abstractmethod
    def spec(self, spec: Spec) -> Spec:
        """What comes out where ``spec`` goes in."""


def as_array(image: Any, step: Transform) -> Image:
    """The image, if it is an HxWxC array, as geometry needs it.

    Raises:
        TransformError: it is something else, such as the tensor that ToTensor makes.
    """
    if not isinstance(image, np.ndarray) or image.ndim != 3:
        what = f"{type(image).__name__} of shape {tuple(getattr(image, 'shape', ()))}"
        raise TransformError(f"{type(step).__name__} takes an HxWxC array, not a {what}: put it before ToTensor")
    return image


def with_channels(image: Image) -> Image:
    """HxWxC again, where OpenCV dropped the axis of a single channel."""
    return image if image.ndim == 3 else image[:, :, np.newaxis]


def require(holds: bool, step: Transform, rule: str) -> None:
    """Raises TransformError with the transform's name, the broken rule and the transform as it was given."""
    if not holds:
        raise TransformError(f"{type(step).__name__}: {rule}; given {step!r}")


def require_pair(step: Transform, name: str, single: bool = True) -> None:
    """Raises TransformError unless the parameter is two numbers, or one where ``single`` allows that."""
    value = getattr(step, name)
    if single and isinstance(value, Real):
        return
    pair = isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(number, Real) for number in value)
    require(pair, step, f"{name} must be two numbers" + (" or one" if single else ""))


def as_pair(value: Any) -> tuple[Any, Any]:
    """(value, value) for a single number; the two items of a sequence."""
    if isinstance(value, Real):
        return value, value
    first, second = value
    return first, second
