"""How many of each class there are, and how many shall be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.prepare.drawn import Indices, drawn
from feedline.prepare.splits import TRAIN

How = Literal["report", "cap", "drop", "oversample"]
_ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """Which samples stay, and the counts of each class before and after.

    Attributes:
        how: what was done.
        classes: their names.
        kept: int64 indices of the samples that stay, ascending; one that is repeated stands there as often.
        before: int64, the count of each class.
        after: int64, the same of what is kept.
    """

    how: How
    classes: tuple[str, ...]
    kept: Indices
    before: Indices
    after: Indices

    @property
    def ratio(self) -> float:
        """How often the largest class holds the smallest one before, classes without images left out; 1 is even."""
        return ratio(self.before)

    @property
    def ratio_after(self) -> float:
        """The same of what is kept."""
        return ratio(self.after)

    def lines(self) -> list[str]:
        """A line for each class, and one for all."""
        wide = max(map(len, [*self.classes, _ALL]))
        changes = [*zip(self.classes, self.before.tolist(), self.after.tolist(), strict=True)]
        changes.append((_ALL, int(self.before.sum()), int(self.after.sum())))
        rows = [f"{name:<{wide}}  {first:>9,} -> {then:>9,}" for name, first, then in changes]
        end = f"the largest class is {self.ratio:.2f} times the smallest, and then {self.ratio_after:.2f} times"
        empty = [name for name, count in zip(self.classes, self.before.tolist(), strict=True) if not count]
        return [*rows, end, *([f"without an image: {', '.join(empty)}"] if empty else [])]

    def __str__(self) -> str:
        return "\n".join(self.lines())


def ratio(counts: Indices) -> float:
    """Largest through smallest count, of those that are not zero; 1 where there are none."""
    some = counts[counts > 0]
    return float(some.max() / some.min()) if len(some) else 1.0


def balance(
    targets: NDArray[np.int64],
    classes: Sequence[str],
    how: How = "report",
    *,
    limit: int | None = None,
    seed: int = 0,
    splits: Sequence[str] | NDArray[np.str_] | None = None,
) -> Balance:
    """Evens the classes; a pure function of its arguments. Samples without a label (-1) stay as they are.

    Args:
        targets: N int64, each a class's number or -1.
        classes: their names.
        how: "report" keeps all; "cap" keeps at most ``limit`` of a class; "drop" keeps of each class as many as the
            smallest one has; "oversample" repeats samples until each class has as many as the largest one, or as
            ``limit`` says. Which ones, the seed draws, without replacement as long as that goes.
        limit: see ``how``.
        seed: another seed, another draw.
        splits: the name of each sample's split: then each is evened by itself, and only "train" is oversampled, for
            repeated samples would count several times in what is measured.

    Raises:
        DataError: a label that is no class's.
        ValueError: another ``how``, or a limit where there is none or none where there must be one.
    """
    targets = np.asarray(targets, np.int64)
    _check(targets, classes, how, limit, splits)
    kept = [np.flatnonzero(targets < 0)]
    for number, name, places in _parts(len(targets), splits):
        own = targets[places]
        members = [places[own == label] for label in range(len(classes))]
        wanted = _wanted(how, limit, [len(each) for each in members], name)
        for label, (each, count) in enumerate(zip(members, wanted, strict=True)):
            kept.append(_taken(each, count, seed, number * len(classes) + label))
    indices = np.sort(np.concatenate(kept))
    before, after = (_counts(each, len(classes)) for each in (targets, targets[indices]))
    return Balance(how, tuple(classes), indices, before, after)


def _parts(count: int, splits: Sequence[str] | NDArray[np.str_] | None) -> list[tuple[int, str, Indices]]:
    """The samples that are evened together: a number and the name of their split, and their indices."""
    if splits is None:
        return [(0, TRAIN, np.arange(count, dtype=np.int64))]
    names, places = np.unique(np.asarray(splits, np.str_), return_inverse=True)
    return [(number, str(name), np.flatnonzero(places == number)) for number, name in enumerate(names.tolist())]


def _wanted(how: How, limit: int | None, counts: list[int], split: str) -> list[int]:
    """How many of each class; a class without samples gets none."""
    some = [count for count in counts if count]
    if how == "report" or not some or (how == "oversample" and split != TRAIN):
        return counts
    if how == "oversample":
        least = max(some) if limit is None else limit
        return [max(count, least) if count else 0 for count in counts]
    most = limit if how == "cap" and limit is not None else min(some)
    return [min(count, most) for count in counts]


def _taken(members: Indices, count: int, seed: int, stream: int) -> Indices:
    """So many of the members, all of them several times where there are fewer."""
    if count == len(members):
        return members
    whole, rest = divmod(count, len(members))
    return np.concatenate([np.tile(members, whole), drawn(members, rest, seed, stream)])


def _counts(targets: NDArray[np.int64], classes: int) -> Indices:
    return np.bincount(targets[targets >= 0], minlength=classes).astype(np.int64)


def _check(
    targets: NDArray[np.int64],
    classes: Sequence[str],
    how: str,
    limit: int | None,
    splits: Sequence[str] | NDArray[np.str_] | None,
) -> None:
    if how not in get_args(How):
        raise ValueError(f"how must be one of {', '.join(get_args(How))}, not {how!r}")
    if (how == "cap") > (limit is not None) or (limit is not None and how in ("report", "drop")):
        raise ValueError(f"a limit belongs to 'cap' and may be given with 'oversample': how={how!r}, limit={limit}")
    if limit is not None and limit < 1:
        raise ValueError(f"the limit must be at least 1, not {limit}")
    if splits is not None and len(splits) != len(targets):
        raise ValueError(f"splits must have one name a sample, {len(targets)}, not {len(splits)}")
    wrong = np.flatnonzero((targets < -1) | (targets >= len(classes)))
    if len(wrong):
        raise DataError(
            f"a label must be the number of one of {len(classes)} classes or -1, and that of sample {wrong[0]} is "
            f"{targets[wrong[0]]} ({len(wrong):,} are wrong)"
        )
