"""Keyed randomness: numbers from a key, not from a stream.

A number is a pure function of (seed, epoch, index, operation, position). Nothing is consumed, so the order in
which samples are made, and by whom, cannot change what they look like.

The function is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
checked in the tests against the vectors that its authors published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedline.native.choice import extension

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF
_ROUNDS = 10

Words = tuple[int, int, int, int]

EPOCH_OPERATION = 0xFFFF
"""The operation number of what belongs to an epoch as a whole (its order); transforms take the lower ones."""
SHUFFLE_OPERATION = 0xFFFE
"""Reserved for the keyed shuffles of the samplers; the index is a sample's, or a position's in the order."""
DRAW_OPERATION = 0xFFFD
"""Reserved for the weighted draws of the samplers, in the same way."""
RESEED_OPERATION = 0xFFFB
"""Of the global generators that a foreign sample draws from."""
COLLATE_OPERATION = 0xFFFA
"""Of the global generators that a foreign ``collate_fn`` draws from."""
SUBSTITUTE_OPERATION = 0xFFF9
"""Of the sample that takes the place of one that cannot be made."""
BATCH_OPERATION = 0xFFF8
"""Of what is done to a finished batch; the index is the batch's number in its pass."""


def philox4x32(counter: Words, key: tuple[int, int]) -> Words:
    """Four 32-bit words from a 128-bit counter and a 64-bit key."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _MASK, (p0 >> 32) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@dataclass(frozen=True, slots=True)
class Key:
    """What a sample's randomness depends on: the run's seed, the epoch (from 0) and the sample's index."""

    seed: int = 0
    epoch: int = 0
    index: int = 0

    def uniform(self, operation: int, count: int, block: int = 0) -> list[float]:
        """``count`` numbers in [0, 1) of 32 random bits each, for one operation (0 to 65535) on this sample.

        They begin with number ``4 * block`` of that operation.
        """
        return [word * 2.0**-32 for word in self.words(operation, count, block)]

    def words(self, operation: int, count: int, block: int = 0) -> list[int]:
        """``count`` 32-bit words; arguments as for :meth:`uniform`, of which these are the bits."""
        return _words(self.seed, self.epoch, self.index, operation, count, block)


def plain_words(seed: int, epoch: int, index: int, operation: int, count: int, block: int) -> list[int]:
    """What :meth:`Key.words` gives, in Python: what the kernel's has to equal."""
    words: list[int] = []
    for number in range(block, block + (count + 3) // 4):
        counter = (index & _MASK, (index >> 32) & _MASK, epoch & _MASK, operation << 16 | number)
        words += philox4x32(counter, (seed & _MASK, (seed >> 32) & _MASK))
    return words[:count]


_words = plain_words if extension is None else extension.words
permute: Callable[[NDArray[np.int64], int, NDArray[np.uint64], NDArray[np.int64]], None] | None
permute = None if extension is None else extension.permute
"""Where there is a kernel: what lies at positions of a shuffled order of n, by round keys, to an array as long. It has
to equal ``walk`` of samplers/permutation.py, and raises ValueError for a position that is not from 0 to n - 1."""


def many_words(
    seed: int | NDArray[np.uint64], epoch: int, indices: NDArray[np.int64], operation: int, block: int = 0
) -> NDArray[np.uint64]:
    """What ``Key(seed, epoch, index).words(operation, 4, block)`` gives, for many indices at once.

    Args:
        seed: one seed, or an array of them that broadcasts against ``indices``.
        epoch, operation, block: as there.
        indices: at least 0, of any shape.

    Returns:
        Array 4 x the broadcast shape; each number is a word of 32 bits.
    """
    seeds = np.asarray(seed & (1 << 64) - 1 if isinstance(seed, int) else seed, dtype=np.uint64)
    shape = np.broadcast_shapes(seeds.shape, indices.shape)
    index = np.broadcast_to(indices.astype(np.uint64), shape)
    last_two = (np.full(shape, word, dtype=np.uint64) for word in (epoch & _MASK, operation << 16 | block))
    return _philox4x32_arrays((index & _LOW, index >> _HALF, *last_two), (seeds & _LOW, seeds >> _HALF))


_LOW, _HALF = np.uint64(_MASK), np.uint64(32)


def _philox4x32_arrays(
    counter: tuple[NDArray[np.uint64], ...], key: tuple[NDArray[np.uint64], NDArray[np.uint64]]
) -> NDArray[np.uint64]:
    """:func:`philox4x32`, with arrays of 32-bit words in place of the words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = np.uint64(_M0) * c0, np.uint64(_M1) * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + np.uint64(_W0)) & _LOW, (k1 + np.uint64(_W1)) & _LOW
    return np.stack((c0, c1, c2, c3))


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed in 0..2**63-1 for a generator that serves one epoch of a run."""
    high, low = Key(seed, epoch).words(EPOCH_OPERATION, 2)
    return (high << 32 | low) >> 1
