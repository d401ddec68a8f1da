"""Samples that are there twice: to the byte, or to the eye; also on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from feedline.prepare.nearby import Hashes, Indices, leaders
from feedline.prepare.sheet import rows
from feedline.prepare.splits import TRAIN
from feedline.types import Image

Keep = Literal["first", "last"]
_LINES = 20


@dataclass(frozen=True, slots=True)
class Dropped:
    """One sample that is left out.

    Attributes:
        index: its index.
        of: the index of the sample that stays, which it is a duplicate of.
        distance: in how many bits their perceptual hashes differ; 0 also where they are equal to the byte.
        why: "exact" or "near".
        splits: its split and that of the one that stays, or empty where there are none.
        conflict: whether their labels differ.
    """

    index: int
    of: int
    distance: int
    why: Literal["exact", "near"]
    splits: tuple[str, ...] = ()
    conflict: bool = False

    @property
    def across(self) -> bool:
        """Whether they lie in different splits."""
        return len(set(self.splits)) > 1

    def __str__(self) -> str:
        how = "equal to" if self.why == "exact" else f"{self.distance} bits from"
        where = f" ({' of '.join(self.splits)})" if self.across else ""
        return f"{self.index} is {how} {self.of}{where}" + (", and has another label" if self.conflict else "")


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """What stays and what does not.

    Attributes:
        kept: int64 indices of the samples that stay, ascending.
        dropped: the others, by index.
    """

    kept: Indices
    dropped: tuple[Dropped, ...]

    @property
    def across(self) -> list[Dropped]:
        """Those whose duplicate lies in another split: what would have leaked."""
        return [each for each in self.dropped if each.across]

    @property
    def conflicts(self) -> list[tuple[int, ...]]:
        """Groups of duplicates with different labels: the index that stays, and those that do not."""
        bad = {each.of for each in self.dropped if each.conflict}
        groups: dict[int, list[int]] = {}
        for each in self.dropped:
            if each.of in bad:
                groups.setdefault(each.of, [each.of]).append(each.index)
        return [tuple(groups[first]) for first in sorted(groups)]

    def lines(self, most: int = _LINES) -> list[str]:
        """How many there are of each kind, the groups of different labels, and the first of the others."""
        exact = sum(each.why == "exact" for each in self.dropped)
        total = len(self.kept) + len(self.dropped)
        head = (
            f"{len(self.kept):,} of {total:,} stay: {exact:,} were equal to another, {len(self.dropped) - exact:,} near"
        )
        found = [head, f"{len(self.across):,} of them lay in another split than the one that stays"]
        groups = self.conflicts
        found.append(f"{len(groups):,} groups have different labels" + (":" if groups else ""))
        found += [f"  {', '.join(map(str, group))}" for group in groups[:most]]
        found += [f"  ... and {len(groups) - most:,} more"] if len(groups) > most else []
        found += [f"  {each}" for each in self.dropped[:most]]
        return found + ([f"  ... and {len(self.dropped) - most:,} more"] if len(self.dropped) > most else [])

    def sheet(self, pictures: Any, *, most: int = 30) -> Image:
        """A picture, HxWx3 uint8: in each row a sample that stays and duplicates of it; those of other labels first.

        Args:
            pictures: by index, each HxWxC.
            most: rows at most.
        """
        groups: dict[int, list[Dropped]] = {}
        for each in self.dropped:
            groups.setdefault(each.of, []).append(each)
        order = sorted(groups, key=lambda of: (not any(each.conflict for each in groups[of]), of))
        shown = []
        for of in order[:most]:
            some = groups[of][:9]
            shown.append((str(of), [pictures[of], *(pictures[each.index] for each in some)]))
        return rows(shown)

    def __str__(self) -> str:
        return "\n".join(self.lines())


def duplicates(
    digests: Sequence[bytes] | NDArray[Any],
    hashes: Hashes | None = None,
    *,
    near: int = 0,
    splits: Sequence[str] | NDArray[np.str_] | None = None,
    labels: NDArray[np.int64] | None = None,
    keep: Keep = "first",
) -> Duplicates:
    """Finds what is there several times, and what of it stays; a pure function of its arguments.

    Samples take their turn: those of other splits than "train" before those of "train" (of several in the order of
    their names, "test" before "val"), within a split in the order of their indices. A sample stays unless one that
    stays before it has the same digest, or a hash that is at most ``near`` bits away; then it is dropped as a duplicate
    of the nearest such one. So of a picture that lies in training and in a test set the training's copy goes, and the
    leak is closed; and no two that stay are near each other. Samples of one digest go with the first of them. Pictures
    of one colour have the hash 0, which says nothing: they are duplicates only by their digests.

    Args:
        digests: of each sample's bytes, of a hash that nobody finds two of a kind of (SHA-256, BLAKE2b; a CRC is none):
            bytes, or an array of them.
        hashes: N uint64 of :func:`feedline.prepare.phash`; None looks for exact duplicates only.
        near: the greatest distance of hashes in bits. Hashes of 64 bits find copies of other size or compression
            within 4 to 6 bits; from 10 on other pictures come in.
        splits: the name of each sample's split.
        labels: N int64; duplicates of different labels are named as conflicts.
        keep: whether of a split's equal ones the first or the last stays.

    Raises:
        ValueError: arguments of different lengths, or a distance that is none.
    """
    count = len(digests)
    names = None if splits is None else np.asarray(splits, np.str_)
    _check(count, hashes, names, labels, near, keep)
    order = _turns(count, names, keep)
    equal = _first_equal(digests, order)
    of, apart = equal, np.zeros(count, np.int64)
    if hashes is not None:
        leader, distance = _nearest(np.asarray(hashes, np.uint64), near, order[equal[order] == order])
        of, apart = leader[equal], distance[equal]
    dropped = [
        _dropped(index, int(of[index]), int(apart[index]), bool(of[index] == equal[index]), names, labels)
        for index in np.flatnonzero(of != np.arange(count)).tolist()
    ]
    return Duplicates(np.flatnonzero(of == np.arange(count)), tuple(dropped))


def _turns(count: int, splits: NDArray[np.str_] | None, keep: Keep) -> Indices:
    """The indices in the order in which they may stay."""
    order = np.arange(count, dtype=np.int64)[:: 1 if keep == "first" else -1]
    if splits is None:
        return order
    names = sorted(set(splits.tolist()), key=lambda name: (name == TRAIN, name))
    rank = {name: number for number, name in enumerate(names)}
    return order[np.argsort([rank[name] for name in splits[order].tolist()], kind="stable")]


def _first_equal(digests: Sequence[bytes] | NDArray[Any], order: Indices) -> Indices:
    """For each sample the one that comes first of those with its digest."""
    seen: dict[bytes, int] = {}
    first = np.arange(len(order), dtype=np.int64)
    for index in order.tolist():
        first[index] = seen.setdefault(bytes(digests[index]), index)
    return first


def _nearest(hashes: Hashes, near: int, order: Indices) -> tuple[Indices, Indices]:
    """For each sample the one that stays and that it is near, itself where it stays, and their distance."""
    of, apart = np.arange(len(hashes), dtype=np.int64), np.zeros(len(hashes), np.int64)
    order = order[hashes[order] != 0]
    places, apart[order] = leaders(hashes[order], near)
    of[order] = order[places]
    return of, apart


def _dropped(
    index: int, of: int, distance: int, exact: bool, splits: NDArray[np.str_] | None, labels: NDArray[np.int64] | None
) -> Dropped:
    names = () if splits is None else (str(splits[index]), str(splits[of]))
    conflict = labels is not None and int(labels[index]) != int(labels[of])
    return Dropped(index, of, distance, "exact" if exact else "near", names, conflict)


def _check(
    count: int,
    hashes: Hashes | None,
    splits: NDArray[np.str_] | None,
    labels: NDArray[np.int64] | None,
    near: int,
    keep: str,
) -> None:
    for name, values in (("hashes", hashes), ("splits", splits), ("labels", labels)):
        if values is not None and len(values) != count:
            raise ValueError(f"{name} must have one value a sample, {count}, not {len(values)}")
    if not 0 <= near <= 64 or (near and hashes is None):
        raise ValueError(f"near must be a number of bits from 0 to 64, with hashes to compare, not {near}")
    if keep not in get_args(Keep):
        raise ValueError(f"keep must be 'first' or 'last', not {keep!r}")
