"""A shuffle that can be asked for any position of a billion, without the others."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from feedline.rng import SHUFFLE_OPERATION, Key, many_words, permute

Indices = NDArray[np.int64]
Words = NDArray[np.uint64]

SORTED_UP_TO = 4096
"""The largest permutation that is made by sorting: 32 kB."""
ROUNDS = 8
"""Rounds of the Feistel network; why so many, tests/samplers/test_permutation.py measures."""


class Permutation:
    """A keyed permutation of 0..n-1: ``p(positions)`` gives what lies at these positions.

    Up to 4096 elements: the order in which keyed 64-bit words sort them, so every permutation is equally likely
    (but for equal words, at most one key in 10**12). Above: an alternating Feistel network on the next power of two
    (Hoang and Rogaway, "On generalized Feistel networks", CRYPTO 2010), walked along its cycle until it is below n
    (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002): constant memory, and a time that does
    not depend on the position. Its 64-bit round keys are words of Philox, its round function is the mixer of SplitMix64
    (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). No secret is safe with it.

    Args:
        n: the number of elements, 0 to 2**63 - 1.
        seed: any integer, used modulo 2**64.
        epoch: 0 to 2**32 - 1.

    Raises:
        ValueError: another ``n``.
    """

    def __init__(self, n: int, seed: int, epoch: int) -> None:
        if not 0 <= n < 2**63:
            raise ValueError(f"the number of elements must be from 0 to 2**63 - 1, not {n}")
        self._n, seed = n, operator.index(seed)
        self._order = np.argsort(sort_keys(n, seed, epoch), kind="stable") if n <= SORTED_UP_TO else None
        self._keys = np.array(round_keys(seed, epoch))

    def __call__(self, positions: Indices) -> Indices:
        """int64, as many as ``positions``, which are int64 from 0 to n-1 in one dimension; this is not checked."""
        if self._order is not None:
            return self._order[positions].astype(np.int64, copy=False)
        if permute is None:
            return walk(positions.astype(np.uint64), self._n, list(self._keys)).astype(np.int64)
        found = np.empty(len(positions), np.int64)
        permute(np.ascontiguousarray(positions, np.int64), self._n, self._keys, found)
        return found


def sort_keys(n: int, seed: int | Words, epoch: int) -> Words:
    """A 64-bit word for each of n elements."""
    words = many_words(seed, epoch, np.arange(n, dtype=np.int64), SHUFFLE_OPERATION)
    keys: Words = words[0] << np.uint64(32) | words[1]
    return keys


def round_keys(seed: int, epoch: int) -> list[np.uint64]:
    # block 1 and on: block 0 belongs to the words that are sorted
    words = Key(seed, epoch).words(SHUFFLE_OPERATION, 2 * ROUNDS, block=1)
    return [np.uint64(high << 32 | low) for high, low in zip(words[::2], words[1::2], strict=True)]


def walk(positions: Words, n: int, keys: Sequence[np.uint64 | Words]) -> Words:
    """The network applied to each position until the result is below n; it is fewer than two times on average."""
    bits = max(2, (n - 1).bit_length())
    result = network(positions, bits, keys)
    outside = np.flatnonzero(result >= np.uint64(n))
    while len(outside):
        again = network(result[outside], bits, keys)
        result[outside] = again
        outside = outside[again >= np.uint64(n)]
    return result


def network(values: Words, bits: int, keys: Sequence[np.uint64 | Words]) -> Words:
    """A permutation of the numbers of ``bits`` bits, 2 to 64: halves take turns in changing each other."""
    low = bits - bits // 2
    shift, to_left, to_right = np.uint64(low), np.uint64(64 - bits // 2), np.uint64(64 - low)
    left, right = values >> shift, values & np.uint64((1 << low) - 1)
    for even, odd in zip(keys[::2], keys[1::2], strict=True):
        left = left ^ (mix(right ^ even) >> to_left)
        right = right ^ (mix(left ^ odd) >> to_right)
    return left << shift | right


def mix(words: Words) -> Words:
    """SplitMix64's mixer (its constants are David Stafford's variant 13); a bijection of 64-bit words."""
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)
