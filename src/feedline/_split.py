"""A fair split: every class in both parts, no group in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.pairs import PairDataset
from feedline.rng import epoch_seed
from feedline.subsets import AnyDataset, Subset, subset
from feedline.types import UNLABELLED

Indices = NDArray[np.int64]


def split(
    dataset: AnyDataset,
    val: float = 0.2,
    seed: int = 0,
    groups: Sequence[Any] | Literal["dataset"] | None = "dataset",
) -> tuple[Subset, Subset]:
    """Two views of the dataset, for training and for validation, without reading an image.

    Stratified: each class gives the share ``val`` of its images, rounded, at least one, and keeps at least one;
    what has no label counts as one more class. Pairs have no classes: all of them count as one.
    With groups, whole groups change sides: in a random order each goes to validation where that brings the classes
    nearer to their shares. A pure function of labels, groups and seed.

    Args:
        dataset: what to split.
        val: the share of validation images, between 0 and 1.
        seed: another seed, another split.
        groups: one value a sample; samples of equal value stay on one side. By default what the dataset itself
            knows (for the embedded glyphs the font family, for a folder nothing); None for no groups.

    Returns:
        (training part, validation part), each in the order of the dataset.

    Raises:
        DataError: a class of one image, a single pair, or groups with which no split was found that has every class on
            both sides.
        ValueError: ``val`` not between 0 and 1, or not one group a sample.
    """
    if not 0 < val < 1:
        raise ValueError(f"val must be between 0 and 1, not {val}")
    pairs = isinstance(dataset.dataset if isinstance(dataset, Subset) else dataset, PairDataset)
    targets = np.full(len(dataset), UNLABELLED, np.int64) if pairs else dataset.targets
    given = dataset.groups if isinstance(groups, str) else groups
    if isinstance(groups, str) and groups != "dataset":
        raise ValueError(f"groups must be one value a sample, None or 'dataset', not {groups!r}")
    if given is not None and len(given) != len(targets):
        raise ValueError(f"groups must have one value a sample, {len(targets)}, not {len(given)}")
    if pairs and len(targets) == 1:
        raise DataError("one pair: a split needs at least two, one to train on and one to validate on")
    _check_counts(dataset, targets)
    rng = np.random.Generator(np.random.Philox(key=epoch_seed(seed, 0)))
    parts = parts_by_class(targets, [val], rng) if given is None else parts_by_group(targets, given, [val], rng)
    chosen = parts == 1
    _check_sides(dataset, targets, chosen)
    return subset(dataset, np.flatnonzero(~chosen)), subset(dataset, np.flatnonzero(chosen))


def parts_by_class(targets: Indices, shares: Sequence[float], rng: np.random.Generator) -> Indices:
    """The number of each sample's part: 1 for the first share, 2 for the second ..., 0 for what is left.

    Each class gives each part its share, rounded, at least one, and keeps at least one as long as it has enough.
    """
    parts = np.zeros(len(targets), dtype=np.int64)
    for label in np.unique(targets):
        members = np.flatnonzero(targets == label)
        given, free = 0, rng.permutation(members)
        for number, share in enumerate(shares, 1):
            later = len(shares) - number
            count = max(min(max(round(share * len(members)), 1), len(members) - given - later - 1), 0)
            parts[free[given : given + count]] = number
            given += count
    return parts


def parts_by_group(
    targets: Indices, groups: Sequence[Any], shares: Sequence[float], rng: np.random.Generator
) -> Indices:
    """As :func:`parts_by_class`, with whole groups: in a random order each goes to the part that it brings nearest to
    its shares of the classes, or stays where it brings none nearer.
    """
    _, labels = np.unique(targets, return_inverse=True)
    numbers: dict[Any, int] = {}
    members: Indices = np.array([numbers.setdefault(group, len(numbers)) for group in groups])
    counts = np.zeros((len(numbers), labels.max() + 1))
    np.add.at(counts, (members, labels), 1)
    wanted = [share * counts.sum(axis=0) for share in shares]
    parts = np.zeros(len(numbers), dtype=np.int64)
    for group in rng.permutation(len(numbers)):
        gains = [np.square(left).sum() - np.square(left - counts[group]).sum() for left in wanted]
        best = int(np.argmax(gains))
        if gains[best] > 0:
            parts[group], wanted[best] = best + 1, wanted[best] - counts[group]
    return parts[members]


def _check_counts(dataset: AnyDataset, targets: Indices) -> None:
    labels, counts = np.unique(targets, return_counts=True)
    lonely = labels[counts == 1].tolist()
    if lonely:
        raise DataError(
            f"{_named(dataset, lonely[0])} has one image: a split needs at least two of each class, "
            "one to train on and one to validate on"
        )


def _named(dataset: AnyDataset, label: int) -> str:
    return "what has no label" if label == UNLABELLED else f"class {dataset.classes[label]!r}"


def _check_sides(dataset: AnyDataset, targets: Indices, chosen: NDArray[np.bool_]) -> None:
    for side, part in (("training", ~chosen), ("validation", chosen)):
        missing = np.setdiff1d(targets, targets[part])
        if len(missing):
            raise DataError(
                f"with these groups no image of {_named(dataset, missing[0])} is left for {side}: "
                "use more groups, another seed or another share"
            )
