"""What is trained on and what is validated on."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from feedline._open import open as open_dataset
from feedline._split import split
from feedline.dataset import ImageDataset
from feedline.store import StoreSource, is_store
from feedline.store.manifest import WHOLE
from feedline.subsets import AnyDataset, Subset, subset

_TRAIN, _VAL = "train", "val"


def open_all(data: str) -> ImageDataset:
    """All images of the data; of a store, those of all its splits."""
    how: dict[str, Any] = {"split": WHOLE} if os.path.isdir(data) and is_store(data) else {}
    return open_dataset(data, **how)


def parts(dataset: AnyDataset, val: float, seed: int) -> tuple[Subset, Subset]:
    """The part to train on and the part to validate on: a store's own "train" and "val", else a fair split.

    Of a store with a "train" and no "val", the latter is split from the former; other splits are in neither.

    Args:
        dataset: as ``open_all`` gave it, or some of it.
        val: the share of validation images where that is not known.
        seed: of the split.

    Raises:
        DataError: there is no such split.
    """
    source = dataset.source
    if not isinstance(source, StoreSource) or _TRAIN not in source.splits:
        return split(dataset, val, seed)
    names = source.split_names()[[dataset.root_index(index) for index in range(len(dataset))]]
    train = subset(dataset, np.flatnonzero(names == _TRAIN))
    if _VAL not in source.splits:
        return split(train, val, seed)
    return train, subset(dataset, np.flatnonzero(names == _VAL))
