"""Samples to a batch, and where the batch's memory comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import default_collate
from torch.utils.data._utils.collate import collate_tensor_fn, default_collate_fn_map

from feedline.types import Empty

_source: list[Empty] = []  # where memory comes from in a worker process, which makes one batch at a time


def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Uninitialised memory for a part of the batch that is being made."""
    return _source[-1](shape, dtype) if _source else torch.empty(shape, dtype=dtype)


class allocating:  # noqa: N801 - a context manager; one made by contextlib would write into passing exceptions
    """Within the block, the memory of batches comes from ``source``."""

    def __init__(self, source: Empty) -> None:
        self._new = source

    def __enter__(self) -> None:
        _source.append(self._new)

    def __exit__(self, *error: object) -> None:
        _source.pop()


def collate_in_workers() -> None:
    """From now on torch's default collate puts tensors where ``allocating`` says: for worker processes alone.

    torch's own would put each of them into a file of shared memory of its own.
    """
    if default_collate_fn_map.get(torch.Tensor) is collate_tensor_fn:  # and not a program's own
        default_collate_fn_map[torch.Tensor] = _stack


def _stack(batch: Sequence[torch.Tensor], *, collate_fn_map: Any = None) -> torch.Tensor:
    first = batch[0]
    if first.is_nested or first.layout is not torch.strided:
        stacked: torch.Tensor = collate_tensor_fn(batch, collate_fn_map=collate_fn_map)  # torch's clear error
        return stacked
    kind = (torch.Tensor, first.shape, first.dtype)
    alike = all((type(each), each.shape, each.dtype) == kind for each in batch)
    if not alike or first.device.type != "cpu" or any(each.requires_grad for each in batch):
        return torch.stack(list(batch), 0)
    return torch.stack(list(batch), 0, out=empty((len(batch), *first.shape), first.dtype))


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
