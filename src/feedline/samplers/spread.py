"""Where the classes go, so that each is everywhere in its share.

Place ``k`` (from 0) of a class that has ``m`` of ``n`` samples is given a window of positions, from ``floor(k n / m)``
to ``ceil((k + 1) n / m) - 1``. Where every place lies in its window, the first ``p`` positions hold less than one
sample more or less of each class than ``p m / n``; and there always is such an order (R. Tijdeman, "The chairman
assignment problem", Discrete Mathematics 32, 1980). All of it is arithmetic of integers, equal on every machine.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedline.rng import SHUFFLE_OPERATION, many_words

Integers = NDArray[np.int64]

_COINS_BLOCK = 16  # first number of the words that toss coins; lower ones serve shuffles


@dataclass(frozen=True, slots=True)
class Places:
    """One entry a position: the class there, and the first and last position that its place may go to (int64)."""

    classes: Integers
    first: Integers
    last: Integers

    def __len__(self) -> int:
        return len(self.classes)


def spread(counts: Integers) -> Places:
    """An order of classes that has ``counts[c]`` of class c, each in its window; always the same one.

    The order repeats after ``n / gcd(counts)`` positions, so that much of it is made, by earliest deadline first, which
    finds an order in windows if there is one (F. Glover, "Maximum matching in a convex bipartite graph", Naval
    Research Logistics Quarterly 14, 1967).
    """
    if not len(counts):
        return Places(*(np.empty(0, dtype=np.int64) for _ in range(3)))
    times = math.gcd(*counts.tolist())
    places = _windows(counts // times)
    period = len(places)
    by_first = np.argsort(places.first, kind="stable")
    chosen = _earliest_deadline_first(places.first[by_first], places.last[by_first])
    order = np.tile(by_first[chosen], times)
    start = np.repeat(np.arange(times, dtype=np.int64) * period, period)
    return Places(places.classes[order], places.first[order] + start, places.last[order] + start)


def _windows(counts: Integers) -> Places:
    """The places class by class."""
    n = counts.sum()
    classes = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    number = np.arange(n, dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    share = counts[classes]
    return Places(classes, number * n // share, -(-(number + 1) * n // share) - 1)


def _earliest_deadline_first(first: Integers, last: Integers) -> Integers:
    """For each position the job that takes it; jobs are given in the order in which they may begin."""
    codes = (last * len(last) + np.arange(len(last))).tolist()
    released = np.searchsorted(first, np.arange(len(first)), side="right").tolist()
    heap: list[int] = []
    done, taken = 0, []
    for count in released:
        while done < count:
            heapq.heappush(heap, codes[done])
            done += 1
        taken.append(heapq.heappop(heap))
    return np.array(taken, dtype=np.int64) % len(last)


def shaken(places: Places, seed: int, epoch: int) -> Integers:
    """The classes of another order of the same places, each in its window still.

    Pairs of places change sides by a coin wherever both windows allow it, at distances of 1, 2, 4 and so on up to the
    number of classes; then again with other partners.
    """
    order = np.arange(len(places), dtype=np.int64)
    widest = int(places.classes.max(initial=0)).bit_length()
    for number in range(2 * (widest + 1)):
        sweep, power = divmod(number, widest + 1)
        coins = _coins(len(places), seed, epoch, _COINS_BLOCK + number)
        _swap(places, order, sweep << power, 1 << power, coins)
    return places.classes[order]


def _swap(places: Places, order: Integers, begin: int, distance: int, coins: NDArray[np.bool_]) -> None:
    """Lets coins decide between each position from ``begin`` on and its one partner, ``distance`` before or behind."""
    here = np.arange(begin, len(order) - distance, dtype=np.int64)
    here = here[((here - begin) // distance % 2 == 0) & coins[here]]
    there = here + distance
    forth, back = order[here], order[there]
    free = (places.last[forth] >= there) & (places.first[back] <= here)
    order[here[free]], order[there[free]] = back[free], forth[free]


def _coins(count: int, seed: int, epoch: int, block: int) -> NDArray[np.bool_]:
    words = many_words(seed, epoch, np.arange(-(-count // 128), dtype=np.int64), SHUFFLE_OPERATION, block)
    little = np.ascontiguousarray(words.T, dtype="<u4")
    return np.unpackbits(little.view(np.uint8).ravel(), count=count).astype(np.bool_)
