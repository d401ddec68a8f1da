"""Which of many 64-bit hashes lie near each other, without comparing each with each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.int64]

_WORD = 64
_WIDEST = 20
"""Bits of a band at most, whose table has a place for every value: of wider ones the first are looked at."""
_AT_ONCE = 2**20
"""Pairs that are compared in one step."""
_FAR = 2**62
_PLACES = 2**40
_BLOCK, _TABLED = 2048, 16384
_ONES = np.array([number.bit_count() for number in range(2**16)], np.uint8)


def _by_table(words: Hashes) -> NDArray[np.uint8]:
    return np.asarray(_ONES[words.view(np.uint16).reshape(-1, 4)].sum(1, dtype=np.uint8))


_count: Any = getattr(np, "bitwise_count", _by_table)  # NumPy 2 has it, ten times as fast


def distances(one: Hashes, other: Hashes) -> NDArray[np.uint8]:
    """In how many bits the hashes differ, pair by pair."""
    return np.asarray(_count(np.atleast_1d(one ^ other)))


class Nearby:
    """The hashes within a distance of a given one, found by bands of their bits.

    Where two hashes differ in at most ``near`` bits and their bits are cut into m bands, they differ in at most
    ``near // m`` bits in one of them: a table for each band gives what is so near in it, and only that is compared
    (Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012). Where that would
    be no fewer than all, all are compared.

    Args:
        hashes: N uint64.
        near: the greatest distance, in bits.
    """

    def __init__(self, hashes: Hashes, near: int) -> None:
        self._hashes = hashes
        self._near = near
        count = _bands(len(hashes), near)
        edges = [_WORD * number // count for number in range(count + 1)] if count else []
        self._bands = [_Band(hashes, low, min(high - low, _WIDEST), near // count) for low, high in pairwise(edges)]

    def pairs(self, start: int, stop: int) -> Iterator[tuple[Indices, Indices, NDArray[np.uint8]]]:
        """For the hashes from ``start`` to ``stop``, the pairs with each earlier one that is near: its index, that of
        the earlier one, and their distance; piece by piece, and a pair may come several times.
        """
        for ones, others in self._candidates(start, stop):
            apart = distances(self._hashes[ones], self._hashes[others])
            near = np.flatnonzero((apart <= self._near) & (others < ones))
            if len(near):
                yield ones[near], others[near], apart[near]

    def _candidates(self, start: int, stop: int) -> Iterator[tuple[Indices, Indices]]:
        if self._bands:
            for band in self._bands:
                yield from band.candidates(self._hashes, start, stop)
            return
        rows = max(1, _AT_ONCE // max(stop, 1))
        for first in range(start, stop, rows):
            ones = np.arange(first, min(first + rows, stop), dtype=np.int64)
            yield np.repeat(ones, stop), np.tile(np.arange(stop, dtype=np.int64), len(ones))


class _Band:
    """Some neighbouring bits of all hashes: who has which value there."""

    def __init__(self, hashes: Hashes, low: int, width: int, radius: int) -> None:
        self._low, self._mask = np.uint64(low), np.uint64((1 << width) - 1)
        values = self._values(hashes)
        self._order = np.argsort(values, kind="stable").astype(np.int64)
        self._begins = np.zeros((1 << width) + 1, np.int64)
        np.cumsum(np.bincount(values, minlength=1 << width), out=self._begins[1:])
        changes = [sum(1 << bit for bit in bits) for r in range(radius + 1) for bits in combinations(range(width), r)]
        self._changes = np.array(changes, np.int64)

    def _values(self, hashes: Hashes) -> Indices:
        return ((hashes >> self._low) & self._mask).astype(np.int64)

    def candidates(self, hashes: Hashes, start: int, stop: int) -> Iterator[tuple[Indices, Indices]]:
        """Pairs of the hashes from start to stop with those whose value is near theirs, some at a time."""
        begins, order = self._begins, self._order
        values = (self._values(hashes[start:stop])[:, None] ^ self._changes).ravel()
        ones = np.repeat(np.arange(start, stop, dtype=np.int64), len(self._changes))
        first, counts = begins[values], begins[values + 1] - begins[values]
        some = np.flatnonzero(counts)
        ones, first, counts = ones[some], first[some], counts[some]
        ends = np.cumsum(counts)
        place = 0
        while place < len(ends):
            before = ends[place - 1] if place else 0
            upto = max(int(np.searchsorted(ends, before + _AT_ONCE, "right")), place + 1)
            piece = slice(place, upto)
            shift = np.repeat(first[piece] - (ends[piece] - counts[piece]), counts[piece])
            yield np.repeat(ones[piece], counts[piece]), order[shift + np.arange(before, ends[upto - 1])]
            place = upto


def _bands(count: int, near: int) -> int:
    """How many bands make the least work for so many hashes; 0 for none, where all shall be compared."""
    best, least = 0, float(count)
    for bands in range(1, near + 2):
        width, radius = min(_WORD / bands, _WIDEST), near // bands
        probes = sum(math.comb(math.ceil(width), step) for step in range(radius + 1))
        work = bands * probes * (2 + count / 2**width)
        if radius < width and work < least:
            best, least = bands, work
    return best


def leaders(hashes: Hashes, near: int) -> tuple[Indices, Indices]:
    """For each hash the place of the one that it is too near to, or its own where it stays; and their distance.

    In their order each stays unless one that stays before it lies at most ``near`` bits away: so no two that stay are
    near each other, and all others are near one that stays: the nearest, and of several the first.
    """
    of, apart = np.arange(len(hashes), dtype=np.int64), np.zeros(len(hashes), np.int64)
    kept = of[:0]
    for start in range(0, len(hashes), _TABLED):
        # the tables are made anew without those that went: of many that are alike few stay
        places = np.concatenate([kept, of[start : start + _TABLED]])
        codes = _led(hashes[places], len(kept), near)
        led = np.flatnonzero(codes < _FAR)
        of[places[led]], apart[places[led]] = places[codes[led] % _PLACES], codes[led] // _PLACES
        kept = places[codes == _FAR]
    return of, apart


def _led(hashes: Hashes, known: int, near: int) -> Indices:
    """For each hash, _FAR where it stays, else distance * _PLACES + place of what it is near; the first ones stay."""
    nearby = Nearby(hashes, near)
    codes = np.full(len(hashes), _FAR, np.int64)
    for start in range(known, len(hashes), _BLOCK):
        _lead_block(nearby, start, min(start + _BLOCK, len(hashes)), codes)
    return codes


def _lead_block(nearby: Nearby, start: int, stop: int, codes: Indices) -> None:
    """Those of earlier blocks are decided; within the block one after the other is."""
    within = [np.zeros((0, 3), np.int64)]
    for ones, others, apart in nearby.pairs(start, stop):
        stays = codes[others] == _FAR
        before, inside = np.flatnonzero(stays & (others < start)), np.flatnonzero(stays & (others >= start))
        np.minimum.at(codes, ones[before], apart[before].astype(np.int64) * _PLACES + others[before])
        within.append(np.stack([ones[inside], others[inside], apart[inside].astype(np.int64)], 1))
    pairs = np.concatenate(within)
    pairs = np.unique(pairs[codes[pairs[:, 1]] == _FAR], axis=0)  # sorted by the later one of each pair
    for one, other, apart_by in pairs.tolist():
        if codes[other] == _FAR:
            codes[one] = min(codes[one], apart_by * _PLACES + other)
