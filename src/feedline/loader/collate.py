"""Samples to a batch where their sizes are not known before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data import default_collate


def collate(samples: Sequence[tuple[Any, int]], indices: Sequence[int], paths: Sequence[str] | None = None) -> Any:
    """Torch's default collate on (image, label) samples.

    Raises:
        RuntimeError: images of different shapes; names two samples that differ and says what to do.
    """
    first = _shape(samples[0]) if samples else ()
    for sample, index in zip(samples, indices, strict=True):
        if _shape(sample) != first:
            places = [str(place) if paths is None else f"{place} ({paths[place]})" for place in (indices[0], index)]
            raise RuntimeError(
                f"images of different shapes cannot form a batch: {first} at index {places[0]}, "
                f"{_shape(sample)} at index {places[1]}; add a transform that ends in one size, "
                "such as Resize((height, width))"
            )
    return default_collate(list(samples))


def _shape(sample: tuple[Any, int]) -> tuple[int, ...]:
    """Of the image; empty for what has none."""
    return tuple(getattr(sample[0], "shape", ()))
