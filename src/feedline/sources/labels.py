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


def labelled(
    file: str, labels: NDArray[Any] | None, count: int, names: Sequence[str] | None
) -> tuple[NDArray[np.int64], list[str]]:
    """The class of each sample (UNLABELLED: none) and the classes' names.

    Labels are N or Nx1: whole numbers that count the classes from 0, as floats too, where NaN and -1 are none; or
    names, of which an empty one and nan are none, and the classes are in their order, or in that of ``names``.

    Raises:
        DataError: another shape, number or kind of labels, a name that is not among ``names``, or too few of these.
    """
    if labels is None:
        return unlabelled(count), class_names(file, unlabelled(0), names)
    row = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if row.shape != (count,):
        raise _no_labels(file, count, f"{labels.dtype} of shape {by(labels.shape)}")
    if row.dtype.kind in "SUTO":
        return _named(file, row, names)
    targets = _numbered(file, row)
    return targets, class_names(file, targets, names)


def _numbered(file: str, row: NDArray[Any]) -> NDArray[np.int64]:
    if row.dtype.kind not in "iuf":
        raise _no_labels(file, len(row), f"{row.dtype}")
    floats = row.dtype.kind == "f"
    values = np.where(np.isnan(row), UNLABELLED, row) if floats else row
    broken = values != np.floor(values) if floats else False
    wrong = np.flatnonzero((values < UNLABELLED) | (values > _MOST_CLASSES) | broken)
    if len(wrong):
        raise _no_labels(file, len(row), f"{values[wrong[0]]} for image {wrong[0]}")
    return values.astype(np.int64)


def _named(file: str, row: NDArray[Any], names: Sequence[str] | None) -> tuple[NDArray[np.int64], list[str]]:
    words = [_word(file, label, place, len(row)) for place, label in enumerate(row.tolist())]
    classes = sorted(set(words) - {""}) if names is None else list(names)
    places = {"": UNLABELLED, **{name.strip(): number for number, name in enumerate(classes)}}
    lost = next((place for place, word in enumerate(words) if word not in places), None)
    if lost is not None:
        raise DataError(
            f"the label of image {lost} of {file} is {words[lost]!r}, which is no class among "
            f"{', '.join(classes[:10])}{' ...' if len(classes) > 10 else ''}: give classes= with all names"
        )
    return np.array([places[word] for word in words], np.int64), classes


def _word(file: str, label: Any, place: int, count: int) -> str:
    """A label as text without spaces around it; empty where it is none."""
    try:
        word = label.decode() if isinstance(label, bytes) else label
    except UnicodeDecodeError:
        word = None
    if not isinstance(word, str):
        raise _no_labels(file, count, f"{label!r:.100} for image {place}")
    word = word.strip()
    return "" if word.lower() == "nan" else word


def _no_labels(file: str, count: int, found: str) -> DataError:
    return DataError(
        f"labels of {file} must be {count} whole numbers from 0 to {_MOST_CLASSES}, or -1 for none, or {count} names, "
        f"one an image, not {found}: give one class an image with labels=, or say labels=False"
    )


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
