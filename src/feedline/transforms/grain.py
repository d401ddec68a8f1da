"""Random numbers for every pixel, from a key: whole numbers, so that every machine draws the same.

The bits are those of Philox4x64-10 (as NumPy's bit generator gives them, whose raw output it keeps from version to
version), whose counter is the sample and whose key is the seed. Normal numbers are quantiles of the normal
distribution, looked up by 16 of these bits.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from feedline.rng import Key

_MASK = (1 << 64) - 1
_LEVELS = 1 << 16
_STREAM = 0x666565646C696E65
"""Second half of the bit generator's key: nothing else that is keyed by a seed draws by it."""


def bits(key: Key, operation: int, count: int, size: int) -> NDArray[np.unsignedinteger]:
    """``count`` whole numbers of ``size`` (8, 16 or 32) random bits each, a pure function of (key, operation).

    They are others than those of ``key.uniform``.
    """
    counter = 0, key.index & _MASK, key.epoch & _MASK, operation
    generator = np.random.Philox(
        key=np.array([key.seed & _MASK, _STREAM], np.uint64), counter=np.array(counter, np.uint64)
    )
    words = generator.random_raw(-(-count * size // 64)).astype("<u8", copy=False)
    return words.view(f"<u{size // 8}")[:count]


@lru_cache(maxsize=1)
def quantiles() -> NDArray[np.float64]:
    """Of the standard normal distribution, in 65536 equal shares: mean 0, standard deviation 1, none beyond 4.4.

    Multiples of 2**-20, so that the last digit of a machine's logarithm does not matter.
    """
    normal = NormalDist()
    half = np.array([normal.inv_cdf((place + 0.5) / _LEVELS) for place in range(_LEVELS // 2, _LEVELS)])
    half /= np.sqrt(np.mean(half**2))
    half = np.rint(half * 2**20) / 2**20
    table = np.concatenate([-half[::-1], half])
    table.setflags(write=False)
    return table
