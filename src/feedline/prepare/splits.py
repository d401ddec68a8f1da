"""Which split each sample belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._split import parts_by_class, parts_by_group
from feedline.errors import DataError
from feedline.rng import epoch_seed
from feedline.store.manifest import SPLIT_NAME, WHOLE

TRAIN = "train"
"""The split of what no share takes."""
Names = NDArray[np.str_]
SHARES = {"val": 0.1, "test": 0.1}


def split(
    targets: NDArray[np.int64],
    shares: Mapping[str, float] = SHARES,
    *,
    groups: Sequence[Any] | None = None,
    seed: int = 0,
) -> Names:
    """The name of each sample's split; "train" is the rest. A pure function of labels, shares, groups and seed.

    Stratified: each class gives each split its share, rounded, at least one, and keeps at least one for training.
    With groups, whole groups go to one split, in a random order each to that which it brings nearest to its share of
    every class. With one share it is what :func:`feedline.split` does.

    Args:
        targets: N int64, the label of each sample; those without one (-1) count as a class.
        shares: the share of each split but training, together below 1.
        groups: one value a sample; samples of equal value stay in one split.
        seed: another seed, another split.

    Raises:
        DataError: a class that has fewer images than there are splits, or groups with which no split was found that
            has every class everywhere.
        ValueError: shares that are none, or not one group a sample.
    """
    check_shares(shares)
    targets = np.asarray(targets, np.int64)
    if groups is not None and len(groups) != len(targets):
        raise ValueError(f"groups must have one value a sample, {len(targets)}, not {len(groups)}")
    names = np.array([TRAIN, *shares])
    if not len(targets):
        return names[:0]
    _check_counts(targets, len(names))
    rng = np.random.Generator(np.random.Philox(key=epoch_seed(seed, 0)))
    each = list(shares.values())
    parts = parts_by_class(targets, each, rng) if groups is None else parts_by_group(targets, groups, each, rng)
    _check_parts(targets, parts, names)
    return names[parts]


def check_shares(shares: Mapping[str, float]) -> None:
    """Raises a ValueError where they are not shares of splits that a store can have."""
    for name, share in shares.items():
        if name in (TRAIN, WHOLE) or not SPLIT_NAME.fullmatch(name):
            raise ValueError(
                f"shares must name splits by letters, digits, '_' and '.', and not {TRAIN!r}, which is the rest, nor "
                f"{WHOLE!r}, which is all of them: {name!r}"
            )
        if not 0 < share < 1:
            raise ValueError(f"the share of {name!r} must be between 0 and 1, not {share}")
    if not shares or sum(shares.values()) >= 1:
        raise ValueError(f"shares must name a split at least, and leave some for training: {dict(shares)}")


def _check_counts(targets: NDArray[np.int64], splits: int) -> None:
    labels, counts = np.unique(targets, return_counts=True)
    few = np.flatnonzero(counts < splits)
    if len(few):
        raise DataError(
            f"{splits} splits need at least {splits} images of each class, and class {labels[few[0]]} has "
            f"{counts[few[0]]}: add some, drop the class, or ask for fewer splits"
        )


def _check_parts(targets: NDArray[np.int64], parts: NDArray[np.int64], names: Names) -> None:
    for number, name in enumerate(names.tolist()):
        missing = np.setdiff1d(targets, targets[parts == number])
        if len(missing):
            raise DataError(
                f"with these groups no image of class {missing[0]} is left for {name!r}: "
                "use more groups, another seed or other shares"
            )
