"""Many samples at once into their places of a batch, by the kernel, where it can plan them itself."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline import timing
from feedline.native.chunk import Program, run
from feedline.records import label_of
from feedline.rng import Key
from feedline.types import UNMADE, Source, owner

Labels = list[Any] | NDArray[np.int64]
Found = tuple[Any, Labels]
"""What the kernel takes samples from, as :func:`feedline.native.chunk.run` says, and their labels."""


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
    begun = perf_counter()
    found, labels = _bulk(source, indices) or _records(source, indices.tolist())
    timing.spent("read", perf_counter() - begun)
    codes = run(program, key, indices, found, out, tensors)
    if codes.count(0) < len(codes):
        return [UNMADE if code else label for code, label in zip(codes, _listed(labels), strict=True)]
    return labels


def _listed(labels: Labels) -> list[Any]:
    return labels.tolist() if isinstance(labels, np.ndarray) else labels


_SAID = ("__getitem__", "path", "label", "targets")
"""What a subclass may change that ``bulk`` would not know of."""


def _bulk(source: Source, indices: NDArray[np.int64]) -> Found | None:
    """Of a source that says where all its samples lie, and whose class has not changed what they are."""
    if not _tells(type(source)):
        return None
    try:
        found: Found | None = source.bulk(indices)  # type: ignore[attr-defined]
    except Exception:  # told with the path of the sample that is asked for alone
        return None
    return found


@cache
def _tells(kind: type) -> bool:
    """Whether a class has ``bulk``, and none below it has changed what samples are."""
    own = owner(kind, "bulk")
    return own is not None and all(owner(kind, name) in (own, None) for name in _SAID)


def _records(source: Source, indices: list[int]) -> Found:
    found = [_found(source, index) for index in indices]
    return [data for data, _ in found], [label for _, label in found]


def _found(source: Source, index: int) -> tuple[Any, Any]:
    """The bytes or the picture of a sample, and its label; None where it is to be made alone."""
    with suppress(Exception):  # told when the sample is asked for alone
        record = source[index]
        if "side_by_side" not in record.extra:
            return record.data, label_of(record)
    return None, UNMADE
