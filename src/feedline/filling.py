"""Many samples at once into their places of a batch, by the kernel, where it can plan them itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline import timing
from feedline.native.chunk import Program, run
from feedline.records import label_of
from feedline.rng import Key
from feedline.types import UNMADE, Record, Source, owner

Labels = list[Any] | NDArray[np.int64]
Found = tuple[Any, Labels]
"""What the kernel takes samples from, and their labels."""


def fill(
    source: Source, program: Program, indices: NDArray[np.int64], key: Key, out: NDArray[Any], tensors: bool
) -> Labels:
    """Writes the images of these samples to their places; gives their labels.

    A list of labels has UNMADE for each sample that was left alone. Nothing is raised for one: who asks for it by
    itself is told what is wrong with it.

    Args:
        source: where they lie.
        program: what shall be done to them.
        indices: within the source; one that is not is left alone.
        key: seed and epoch.
        out: of so many places: NxHxWxC, or NxCxHxW; uint8 or float32 as the program makes.
        tensors: whether channels come first.
    """
    if not len(indices):
        return []
    with timing.stage("read"):
        found, labels = _bulk(source, indices) or _records(source, indices.tolist())
    codes = run(program, key, indices, found, out, tensors)
    if codes.count(0) < len(codes):
        return [UNMADE if code else label for code, label in zip(codes, _listed(labels), strict=True)]
    return labels


def _listed(labels: Labels) -> list[Any]:
    return labels.tolist() if isinstance(labels, np.ndarray) else labels


def _bulk(source: Source, indices: NDArray[np.int64]) -> Found | None:
    """Of a source that says where all its samples lie, and whose class has not changed what they are."""
    kind = type(source)
    if owner(kind, "bulk") is None or owner(kind, "bulk") is not owner(kind, "__getitem__"):
        return None
    try:
        found: Found | None = source.bulk(indices)  # type: ignore[attr-defined]
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
