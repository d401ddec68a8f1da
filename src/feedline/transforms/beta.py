"""Random shares from a key: the symmetric Beta distribution."""

from __future__ import annotations

import itertools
import math

from feedline.rng import Key


def beta(alpha: float, key: Key, operation: int, block: int = 0) -> float:
    """A number in [0, 1] of Beta(alpha, alpha), whose mean is a half; for alpha 1 all are alike.

    It is X / (X + Y) of two numbers of Gamma(alpha), taken by their logarithms, for with a small alpha both may be
    smaller than a float can say. Words of that operation are drawn from ``block`` on, as many as it takes.
    """
    first, second = (_log_gamma(alpha, key, operation, start) for start in (block, block + 1))
    other = math.exp(-abs(first - second))
    return (1.0 if first > second else other) / (1.0 + other)


def _log_gamma(alpha: float, key: Key, operation: int, block: int) -> float:
    """The logarithm of a number of Gamma(alpha); draws from every other block.

    Marsaglia and Tsang: "A simple method for generating gamma variables", ACM Transactions on Mathematical Software 26
    (2000): of one candidate in twenty at most nothing comes, and an alpha under 1 is taken from alpha + 1.
    """
    d = (alpha if alpha >= 1 else alpha + 1) - 1 / 3
    for number in itertools.count(block, 2):
        radius, angle, chance, raised = key.uniform(operation, 4, number)
        normal = math.sqrt(-2 * math.log(1 - radius)) * math.cos(2 * math.pi * angle)  # Box and Muller
        v = (1 + normal / math.sqrt(9 * d)) ** 3
        if v > 0 and math.log(1 - chance) < normal * normal / 2 + d - d * v + d * math.log(v):
            return math.log(d * v) + (math.log(1 - raised) / alpha if alpha < 1 else 0.0)
    raise AssertionError("unreachable")
