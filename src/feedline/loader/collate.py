"""Samples to a batch where their sizes are not known before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data import default_collate


def collate(samples: Sequence[tuple[Any, int]], indices: Sequence[int]) -> Any:
    """Torch's default collate on (image, label) samples.

    Raises:
        RuntimeError: images of different shapes; names two samples that differ and says what to do.
    """
    first = tuple(samples[0][0].shape) if samples else ()
    for (image, _), index in zip(samples, indices, strict=True):
        if tuple(image.shape) != first:
            raise RuntimeError(
                f"images of different shapes cannot form a batch: {first} at index {indices[0]}, "
                f"{tuple(image.shape)} at index {index}; add a transform that ends in one size, "
                "such as Resize((height, width))"
            )
    return default_collate(list(samples))
