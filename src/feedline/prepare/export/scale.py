"""Images as floats, as a store says that they are meant to be scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError


class Scaling:
    """(x / 255 - mean) / std as float32, of each channel, computed in float64 and rounded once.

    Args:
        normalize: the manifest's {"mean": [...], "std": [...]}, one number, or one a channel.
        where: the store, for errors.

    Raises:
        DataError: the store says none, or what cannot be used.
    """

    def __init__(self, normalize: Mapping[str, Any] | None, where: str) -> None:
        if normalize is None:
            raise DataError(
                f"{where} does not say what its images are meant to be scaled by (normalize in its manifest): "
                "export them as they are"
            )
        self.where = where
        self.mean, self.std = (_numbers(normalize.get(name), name, where) for name in ("mean", "std"))
        if not self.std.all():
            raise DataError(f"the std that {where} says must not be 0, and it is {self.std.tolist()}")

    def checked(self, shape: Sequence[int], dtype: np.dtype[Any]) -> np.dtype[Any]:
        """The type of the result; raises DataError for images that cannot be scaled by these numbers."""
        if dtype != np.uint8:
            raise DataError(f"images are scaled from uint8, and those of {self.where} are {dtype}: export them as is")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, shape[-1]):
                raise DataError(
                    f"{self.where} says {len(values)} numbers as {name}, and its images have {shape[-1]} channels"
                )
        return np.dtype(np.float32)

    def __call__(self, image: NDArray[Any]) -> NDArray[Any]:
        """Height x width x channels, uint8 -> float32; of another type it is given back as it is."""
        if image.dtype != np.uint8:
            return image
        return ((image / 255 - self.mean) / self.std).astype(np.float32)


def _numbers(said: Any, name: str, where: str) -> NDArray[np.float64]:
    try:
        found = np.atleast_1d(np.array(said, np.float64))
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise DataError(f"the {name} that {where} says must be numbers, one a channel, not {said!r:.60}")
    return found
