"""Several sources merged evenly: so many of each class for each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.prepare.drawn import Indices, drawn
from feedline.samplers.permutation import Permutation

_SHUFFLES = 2**24
"""The streams of the shuffles: behind those of the classes."""


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """What was drawn for each split, shuffled.

    Attributes:
        classes: their names.
        parts: by split, N x 2 int64: which source, and the index in it.
        counts: by split, how many of each class.
        wanted: by split, how many of each class were asked for.
    """

    classes: tuple[str, ...]
    parts: Mapping[str, NDArray[np.int64]]
    counts: Mapping[str, NDArray[np.int64]]
    wanted: Mapping[str, int]

    def lines(self) -> list[str]:
        """A line for each split, and one for each of its classes that has fewer than were asked for."""
        rows = []
        for name, counts in self.counts.items():
            rows.append(f"{name}: {len(self.parts[name]):,} images, {self.wanted[name]:,} of each class")
            few = [(each, count) for each, count in zip(self.classes, counts, strict=True) if count < self.wanted[name]]
            rows += [f"  only {count:,} of class {each!r}" for each, count in few]
        return rows

    def __str__(self) -> str:
        return "\n".join(self.lines())


def merged(
    sources: Sequence[NDArray[np.int64]],
    classes: Sequence[str],
    wanted: Mapping[str, int],
    *,
    origins: Mapping[str, Sequence[int]] | None = None,
    seed: int = 0,
    allow_fewer: bool = False,
) -> Merged:
    """Draws the same number of each class for each split, from several sources, no sample twice.

    A pure function of its arguments. Samples without a label (-1) are never drawn.

    Args:
        sources: the labels of the samples of each source, int64.
        classes: their names, in all sources in this order.
        wanted: by split, how many of each class; the first one draws first.
        origins: by split, the numbers of the sources that it is drawn from; all, where it is not named.
        seed: another seed, another draw.
        allow_fewer: whether a class that has too few gives all that it has.

    Raises:
        DataError: a class has too few.
        ValueError: a number or a source that is none.
    """
    origins = {} if origins is None else origins
    _check(len(sources), wanted, origins)
    where = _pool(sources)
    labels = np.concatenate([np.zeros(0, np.int64), *(np.asarray(each, np.int64) for each in sources)])
    free = labels >= 0
    parts, counts = {}, {}
    for number, (name, count) in enumerate(wanted.items()):
        usable = free & np.isin(where[:, 0], list(origins.get(name, range(len(sources)))))
        members = [np.flatnonzero(usable & (labels == label)) for label in range(len(classes))]
        if not allow_fewer:
            _check_enough(classes, members, name, count)
        taken = [drawn(each, count, seed, number * len(classes) + label) for label, each in enumerate(members)]
        chosen = np.concatenate([np.zeros(0, np.int64), *taken])
        free[chosen] = False
        parts[name] = where[_shuffled(chosen, seed, number)]
        counts[name] = np.array([len(each) for each in taken], np.int64)
    return Merged(tuple(classes), parts, counts, dict(wanted))


def _pool(sources: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Source and index of every sample."""
    rows = [np.stack([np.full(len(each), number), np.arange(len(each))], 1) for number, each in enumerate(sources)]
    return np.concatenate([np.zeros((0, 2), np.int64), *rows]).astype(np.int64)


def _shuffled(chosen: Indices, seed: int, number: int) -> Indices:
    return chosen[Permutation(len(chosen), seed, _SHUFFLES + number)(np.arange(len(chosen), dtype=np.int64))]


def _check(sources: int, wanted: Mapping[str, int], origins: Mapping[str, Sequence[int]]) -> None:
    for name, count in wanted.items():
        if count < 0:
            raise ValueError(f"wanted[{name!r}] must be 0 or more images of each class, not {count}")
    for name, numbers in origins.items():
        if name not in wanted:
            raise ValueError(f"origins name a split that is not wanted: {name!r}; wanted are {', '.join(wanted)}")
        if not set(numbers) <= set(range(sources)):
            raise ValueError(f"origins[{name!r}] must be numbers of {sources} sources, from 0, not {list(numbers)}")


def _check_enough(classes: Sequence[str], members: Sequence[Indices], split: str, wanted: int) -> None:
    few = [(name, len(each)) for name, each in zip(classes, members, strict=True) if len(each) < wanted]
    if few:
        told = ", ".join(f"{name!r} has {count:,}" for name, count in few[:10])
        raise DataError(
            f"{wanted:,} images of each class are wanted for {split!r}, and {len(few)} of {len(classes)} classes have "
            f"fewer (left): {told}; ask for fewer, or allow fewer"
        )
