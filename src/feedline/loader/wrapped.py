"""torch's wrappers around datasets of ours: looked through, so that a sample's key reaches it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import ConcatDataset, IterableDataset, Subset

from feedline.rng import Key
from feedline.types import KeyedDataset, Spec, owner

Fill = Callable[[NDArray[np.int64], Key, NDArray[Any]], list[Any] | NDArray[np.int64] | None]


_AXES = 3


def keyed(dataset: Any) -> KeyedDataset | None:
    """The dataset by the protocol of ours, if it is one, or torch's Subset or ConcatDataset of such; else None."""
    if _says_so(dataset):
        return cast(KeyedDataset, dataset)
    if type(dataset) is Subset:
        part = keyed(dataset.dataset)
        return None if part is None else _Part(part, dataset.indices)
    if type(dataset) is ConcatDataset:
        parts = [keyed(part) for part in dataset.datasets]
        known = [part for part in parts if part is not None]
        return _Row(known, dataset.cumulative_sizes) if len(known) == len(parts) else None
    return None


def thread_safe(dataset: Any) -> bool:
    """Whether a dataset says that threads may read it; torch's Subset and ConcatDataset say what their parts say."""
    if type(dataset) is Subset:
        return thread_safe(dataset.dataset)
    if type(dataset) is ConcatDataset:
        return all(map(thread_safe, dataset.datasets))
    said: object = getattr(dataset, "thread_safe", False)
    return said is True and not isinstance(dataset, IterableDataset)


def _says_so(dataset: Any) -> bool:
    """By its mark, and where nobody has changed what ``dataset[index]`` is behind the back of ``get``."""
    kind = type(dataset)
    return getattr(kind, "keyed", False) is True and owner(kind, "__getitem__") in (None, owner(kind, "get"))


def filler(dataset: Any) -> Fill | None:
    """What makes many samples of a dataset at once, if it has that and nobody has changed ``get`` behind its back."""
    kind = type(dataset)
    found: Fill | None = getattr(dataset, "fill", None)
    return found if found is not None and owner(kind, "fill") is owner(kind, "get") else None


def guessed(dataset: KeyedDataset, key: Key) -> Spec | None:
    """Of what size all samples may be: that of the first, where many can be made at once if that is so."""
    if not getattr(dataset, "fills", False) or filler(dataset) is None or not len(dataset):
        return None
    try:
        image, _ = dataset.get(0, key)
    except Exception:  # told when that sample is due
        return None
    tensor = isinstance(image, torch.Tensor)
    if image.ndim != _AXES:
        return None
    channels, height, width = image.shape if tensor else (image.shape[2], *image.shape[:2])
    planar = tensor and image.is_contiguous() and not image.is_contiguous(memory_format=torch.channels_last)
    return Spec(height, width, channels, torch.as_tensor(image).dtype, tensor, planar)


@dataclass(frozen=True)
class _Part:
    dataset: KeyedDataset
    indices: Sequence[int]
    keyed: Literal[True] = True

    @property
    def thread_safe(self) -> bool:
        return self.dataset.thread_safe

    @property
    def spec(self) -> Spec | None:
        return self.dataset.spec

    @property
    def fills(self) -> bool:
        return getattr(self.dataset, "fills", False) is True

    def __len__(self) -> int:
        return len(self.indices)

    def get(self, index: int, key: Key) -> tuple[Any, int]:
        return self.dataset.get(self.indices[index], key)

    def fill(self, indices: NDArray[np.int64], key: Key, out: NDArray[Any]) -> list[Any] | NDArray[np.int64] | None:
        make = filler(self.dataset)
        try:
            within = None if make is None else np.asarray([self.indices[index] for index in indices.tolist()])
        except IndexError:  # ``get`` says which one
            return None
        return None if make is None or within is None or within.dtype != np.int64 else make(within, key, out)


@dataclass(frozen=True)
class _Row:
    datasets: Sequence[KeyedDataset]
    ends: Sequence[int]
    keyed: Literal[True] = True

    @property
    def thread_safe(self) -> bool:
        return all(dataset.thread_safe for dataset in self.datasets)

    @property
    def spec(self) -> Spec | None:
        specs = [dataset.spec for dataset in self.datasets]
        return specs[0] if all(spec == specs[0] for spec in specs) else None

    def __len__(self) -> int:
        return self.ends[-1]

    def get(self, index: int, key: Key) -> tuple[Any, int]:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} samples")
        which = bisect_right(self.ends, place)
        return self.datasets[which].get(place - (self.ends[which - 1] if which else 0), key)
