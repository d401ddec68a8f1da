"""Where a sample of a foreign dataset lies: what the note of its error says."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from zlib import crc32

from torch.utils.data import ConcatDataset, Subset

from feedline.rng import Key

_SHOWN = 8  # indices of a batch
_HOLD_PATHS = ("paths", "samples", "imgs", "image_paths", "filenames", "files")  # by the names that programs give them


def note(error: BaseException, text: str) -> None:
    """Adds a note, where the exception lets it."""
    with suppress(Exception):
        error.add_note(text)


def sample_note(dataset: Any, index: Any) -> str:
    """For the error of one sample."""
    path = path_of(dataset, index)
    return f"at index {index!r} of {type(dataset).__name__}" + (f": {path}" if path is not None else "")


def sample_key(key: Key, index: Any) -> Key:
    """The pass's key for one sample; an index that is no number has one made of what it looks like."""
    try:
        return Key(key.seed, key.epoch, int(index))
    except (TypeError, ValueError):
        return Key(key.seed, key.epoch, crc32(repr(index).encode()))


def batch_note(dataset: Any, indices: Any) -> str:
    """For an error of samples that were asked for together, or of what joined them."""
    try:
        indices = list(indices)
    except TypeError:  # a slice, or whatever the caller's sampler gives
        return f"in the batch of {indices!r} of {type(dataset).__name__}"
    first = ", ".join(repr(index) for index in indices[:_SHOWN]) + (", ..." if len(indices) > _SHOWN else "")
    return f"in the batch of indices {first} of {type(dataset).__name__} ({len(indices)} samples)"


def path_of(dataset: Any, index: Any) -> str | None:
    """The file of a sample, where the dataset keeps a list of them as torchvision's do; None where it does not.

    Lists of pairs are read by their first items; torch's wrappers are seen through.
    """
    with suppress(Exception):  # foreign attributes may do anything, and an error is under way already
        if type(dataset) is Subset:
            return path_of(dataset.dataset, dataset.indices[index])
        if type(dataset) is ConcatDataset:
            return path_of(*_in_part(dataset, index))
    for name in _HOLD_PATHS:
        with suppress(Exception):
            item = getattr(dataset, name)[index]
            if isinstance(item, tuple | list):
                item = item[0]
            if isinstance(item, str | os.PathLike):
                return os.fspath(item)
    return None


def innermost(dataset: Any, index: Any, batched: bool) -> tuple[Any, Any]:
    """The dataset behind torch's Subset, however deep, and the index there; the indices, where they are a batch's."""
    while type(dataset) is Subset and "__getitems__" not in vars(dataset):
        there = dataset.indices
        index = [there[each] for each in index] if batched or isinstance(index, list) else there[index]
        dataset = dataset.dataset
    return dataset, index


def _in_part(dataset: ConcatDataset[Any], index: int) -> tuple[Any, int]:
    ends: Sequence[int] = dataset.cumulative_sizes
    place = index + ends[-1] if index < 0 else index
    which = bisect_right(ends, place)
    return dataset.datasets[which], place - (ends[which - 1] if which else 0)
