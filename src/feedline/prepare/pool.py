"""All samples that were read, and which of them a store is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.prepare.balance import Balance
from feedline.prepare.balance import balance as balanced
from feedline.prepare.drawn import Indices
from feedline.prepare.duplicates import Duplicates, duplicates
from feedline.prepare.inputs import Inputs
from feedline.prepare.merging import merged
from feedline.prepare.recipe import Recipe
from feedline.prepare.splits import TRAIN
from feedline.prepare.splits import split as split_names
from feedline.samplers.permutation import Permutation
from feedline.store.manifest import WHOLE

_SHUFFLES = 2**25
"""The streams of the shuffles of splits: behind all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What the store is made of, and why.

    Attributes:
        inputs: the samples in their order.
        duplicates: what was there several times.
        balance: the counts of the classes.
        merged: lines about what was drawn, where something was.
    """

    inputs: Inputs
    duplicates: Duplicates
    balance: Balance
    merged: tuple[str, ...] = ()


def choose(recipe: Recipe, inputs: Inputs, digests: Sequence[bytes], hashes: NDArray[np.uint64] | None) -> Chosen:
    """Drops duplicates, draws, evens, splits and shuffles: in this order, as a pure function of its arguments.

    Args:
        recipe: what shall be done.
        inputs: all samples that could be read; those without a split are in the split "all".
        digests: one a sample, equal for equal images.
        hashes: perceptual ones, where near duplicates are looked for.

    Raises:
        DataError: a class has too few images for what shall be drawn or split.
    """
    found = _duplicates(recipe, inputs, digests, hashes)
    places, lines = found.kept, tuple[str, ...]()
    if recipe.merge is not None:
        places, lines = _drawn(recipe, inputs, places)
    names = _split(recipe, inputs, places)
    even = balanced(
        inputs.labels[places], inputs.classes, recipe.balance, limit=recipe.limit, seed=recipe.seed, splits=names
    )
    places, names = places[even.kept], names[even.kept]
    if recipe.shuffle:
        order = Permutation(len(places), recipe.seed, _SHUFFLES)(np.arange(len(places), dtype=np.int64))
        places, names = places[order], names[order]
    return Chosen(inputs.chosen(places, names, _order(names)), found, even, lines)


def _order(names: NDArray[np.str_]) -> list[str]:
    """Training first, then the others by name, testing last."""
    return sorted(set(names.tolist()), key=lambda name: (name != TRAIN, name == "test", name))


def _duplicates(
    recipe: Recipe, inputs: Inputs, digests: Sequence[bytes], hashes: NDArray[np.uint64] | None
) -> Duplicates:
    if not recipe.exact and not recipe.near:
        return Duplicates(np.arange(len(inputs), dtype=np.int64), ())
    return duplicates(digests, hashes, near=recipe.near, splits=inputs.splits, labels=inputs.labels)


def _drawn(recipe: Recipe, inputs: Inputs, places: Indices) -> tuple[Indices, tuple[str, ...]]:
    """So many of each class for each split that is named, from those that are of it; all of the other splits."""
    assert recipe.merge is not None
    names = sorted(set(inputs.splits[places].tolist()))
    missing = sorted(set(recipe.merge) - set(names))
    if missing:
        raise DataError(f"merge draws for splits that there are, {', '.join(names)}, and not for {', '.join(missing)}")
    members = [places[inputs.splits[places] == name] for name in names]
    found = merged(
        [inputs.labels[each] for each in members],
        inputs.classes,
        recipe.merge,
        origins={name: [names.index(name)] for name in recipe.merge},
        seed=recipe.seed,
    )
    rows = [members[which][index] for part in found.parts.values() for which, index in part.tolist()]
    rest = [each for name, each in zip(names, members, strict=True) if name not in recipe.merge]
    return np.concatenate([np.array(rows, np.int64), *rest]), tuple(found.lines())


def _split(recipe: Recipe, inputs: Inputs, places: Indices) -> NDArray[np.str_]:
    """The split of each: its own, or one that is drawn by the shares for those that have none."""
    names = inputs.splits[places].astype(object)
    free = np.flatnonzero(names == WHOLE)
    if recipe.split is not None and len(free):
        groups = None if inputs.groups is None else [inputs.groups[place] for place in places[free].tolist()]
        names[free] = split_names(inputs.labels[places[free]], recipe.split, groups=groups, seed=recipe.seed)
    return names.astype(np.str_)


def digest(data: bytes) -> bytes:
    """What tells images apart that are not equal to the byte."""
    return hashlib.blake2b(data, digest_size=16).digest()
