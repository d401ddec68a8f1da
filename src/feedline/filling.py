"""Many samples at once into their places of a batch, by the kernel, where it can plan them itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from feedline import timing
from feedline.native.chunk import Program, run
from feedline.records import label_of
from feedline.rng import Key
from feedline.types import UNMADE, Record, Source, owner

Found = tuple[Any, list[Any]]
"""What the kernel takes samples from, and their labels."""


def fill(
    source: Source, program: Program, indices: Sequence[int], key: Key, out: torch.Tensor, tensors: bool
) -> list[Any]:
    """Writes the images of these samples to their places; gives their labels, or UNMADE for each that was left alone.

    Nothing is raised for a sample: who asks for an UNMADE one by itself is told what is wrong with it.

    Args:
        source: where they lie.
        program: what shall be done to them.
        indices: within the source.
        key: seed and epoch.
        out: of so many places: NxHxWxC, or NxCxHxW; uint8 or float32 as the program makes.
        tensors: whether channels come first.
    """
    places = np.asarray(indices, np.int64)
    if len(places) == 0 or places.min() < 0 or places.max() >= len(source):
        return [UNMADE] * len(places)
    with timing.stage("read"):
        found, labels = _bulk(source, places) or _records(source, places.tolist())
    codes = run(program, key, places, found, out.numpy(), tensors)
    if any(codes):
        return [UNMADE if code else label for code, label in zip(codes, labels, strict=True)]
    return labels


def _bulk(source: Source, places: NDArray[np.int64]) -> Found | None:
    """Of a source that says where all its samples lie, and whose class has not changed what they are."""
    kind = type(source)
    if owner(kind, "bulk") is None or owner(kind, "bulk") is not owner(kind, "__getitem__"):
        return None
    try:
        found: Found | None = source.bulk(places)  # type: ignore[attr-defined]
    except Exception:  # told with the path of the sample that is asked for alone
        return None
    return found


def _records(source: Source, indices: list[int]) -> Found:
    records = [_record(source, index) for index in indices]
    return [_picture(record) for record in records], [
        UNMADE if record is None else label_of(record) for record in records
    ]


def _record(source: Source, index: int) -> Record | None:
    with suppress(Exception):  # told when the sample is asked for alone
        return source[index]
    return None


def _picture(record: Record | None) -> Any:
    """Bytes, or HxWxC uint8; else None."""
    if record is None or "side_by_side" in record.extra:
        return None
    data = record.data
    plain = isinstance(data, bytes) or (data.dtype == np.uint8 and data.ndim == 3 and data.size > 0)
    return data if plain else None
