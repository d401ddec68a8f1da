"""Pearson's chi-square test, without SciPy."""

from statistics import NormalDist

import numpy as np


def p_value(observed, expected=None):
    """How likely counts as uneven as these are; Wilson and Hilferty's approximation (PNAS 17, 1931).

    Args:
        observed: counts, an array of any shape.
        expected: what they should be; equal ones by default.
    """
    observed = np.asarray(observed, dtype=np.float64).ravel()
    expected = np.full_like(observed, observed.mean()) if expected is None else np.asarray(expected, dtype=np.float64)
    freedom = len(observed) - 1
    square = float(((observed - expected.ravel()) ** 2 / expected.ravel()).sum())
    spread = 2 / (9 * freedom)
    return NormalDist().cdf(-(((square / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5))
