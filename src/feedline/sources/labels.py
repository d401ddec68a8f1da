"""Labels and class names as they lie beside arrays of images."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.layout import by
from feedline.sources.saved import saved
from feedline.types import UNLABELLED

_MOST_CLASSES = 2**24


def checked_labels(file: str, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    """The labels as int64; raises a DataError unless they are ``count`` whole numbers that can be classes."""
    fits = labels.shape == (count,) and labels.dtype.kind in "iu"
    if not fits or labels.min() < 0 or labels.max() > _MOST_CLASSES:
        raise DataError(
            f"labels of {file} must be {count} whole numbers from 0 to {_MOST_CLASSES}, one an image, "
            f"not {labels.dtype} of shape {by(labels.shape)}"
        )
    return labels.astype(np.int64)


class KeptLabels:
    """The class of each sample, mapped from the user's cache by all processes that need it: pickled it is a path.

    Args:
        targets: the classes; the array is the caller's no more.
        file: what they are of.
        how: whatever else the caller was told that makes other targets of the same file; an array stands for itself.
    """

    def __init__(self, targets: NDArray[np.int64], file: str, *how: Any) -> None:
        digest = hashlib.blake2b(targets.tobytes(), digest_size=12).hexdigest()
        told = [each if isinstance(each, str | bool | None) else digest for each in how]
        self._saved = saved(f"labels 1 {file} {told}", digest, lambda: {"labels": targets})

    @property
    def targets(self) -> NDArray[np.int64]:
        """All of them, read-only."""
        labels: NDArray[np.int64] = self._saved["labels"].view()
        labels.flags.writeable = False  # where the cache cannot be written, they are in memory
        return labels


def unlabelled(count: int) -> NDArray[np.int64]:
    return np.full(count, UNLABELLED, np.int64)


def class_names(file: str, targets: NDArray[np.int64], names: Sequence[str] | None) -> list[str]:
    """The names, or numbers where there are none; raises a DataError where there are fewer than the labels need."""
    needed = int(targets.max(initial=-1)) + 1
    if names is None:
        return [str(number) for number in range(needed)]
    if len(names) < needed:
        raise DataError(f"labels of {file} go up to {needed - 1}, but there are {len(names)} class names")
    return list(names)


def names_in(array: NDArray[Any]) -> list[str]:
    """A row of names as text; raises a ValueError where it is no row."""
    if array.ndim != 1:
        raise ValueError("its classes are not a row of names")
    return [name.decode() if isinstance(name, bytes) else str(name) for name in array]


def checked_groups(file: str, groups: Sequence[Any] | None, count: int) -> Sequence[Any] | None:
    if groups is not None and len(groups) != count:
        raise DataError(f"groups must have one value an image, {count} for {file}, not {len(groups)}")
    return groups
