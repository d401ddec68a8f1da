"""Samples made one by one: some of them watched, and all joined to a batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from feedline.loader.mend import Mended, Mender
from feedline.loader.places import note
from feedline.timing import sample, stage

_STEP = 8  # one sample of so many is watched
_turns = itertools.count()


class Watched:
    """Makes the samples of a chunk, of which some are watched and stand for all ``count``.

    One in eight is, each time beginning at another place, but never the first: there all threads begin, and wait for
    each other.
    """

    def __init__(self, get: Callable[[Any], Any], count: int) -> None:
        self._get = get
        first = 1 + 3 * next(_turns) % _STEP  # each of 1 to 8 in turn
        self._places = range(min(first, count // 2), count, _STEP)
        self._stands_for = count / max(1, len(self._places))
        self._number = 0

    def __call__(self, index: Any) -> Any:
        number, self._number = self._number, self._number + 1
        if number not in self._places:
            return self._get(index)
        with sample(self._stands_for):
            return self._get(index)

    def all(self, indices: Iterable[Any]) -> list[Any]:
        return [self(index) for index in indices]


def joined(
    get: Callable[[Any], Any],
    indices: Any,
    batched: bool,
    collate_fn: Callable[[Any], Any],
    mender: Mender | None,
) -> Any:
    """What ``collate_fn`` makes of the samples of these indices, or of one; a Mended where some may be missing."""
    if mender is None:
        samples = [get(index) for index in indices] if batched else get(indices)
        with stage("collate"):
            return collate_fn(samples)
    made, failures, short = mender.make_all(get, list(indices) if batched else [indices])
    samples = [sample for found in made for sample in found]
    if not samples or short:
        return Mended(None, failures, 0, short)
    try:
        with stage("collate"):
            return Mended(collate_fn(samples if batched else samples[0]), failures, len(samples))
    except Exception as error:
        for failure in failures:
            note(error, f"left out before that: index {failure.index!r}: {failure.error}")
        raise
