"""beta.py: the distribution, against its moments and against closed forms of its quantiles."""

import math

import pytest

from feedline.rng import Key
from feedline.transforms.beta import beta

COUNT = 4000


def shares(alpha, seed=3, block=0):
    return [beta(alpha, Key(seed, 1, index), 7, block) for index in range(COUNT)]


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.5, 1.0, 1.5, 4.0, 100.0])
def test_mean_and_variance_are_those_of_the_distribution(alpha):
    found = shares(alpha)
    variance = 1 / (4 * (2 * alpha + 1))
    mean = sum(found) / COUNT
    assert abs(mean - 0.5) < 4 * math.sqrt(variance / COUNT)
    assert sum((each - 0.5) ** 2 for each in found) / COUNT == pytest.approx(variance, rel=0.12)
    assert all(0 <= each <= 1 for each in found)


@pytest.mark.parametrize(
    ("alpha", "distribution"),
    [
        (1.0, lambda x: x),
        (0.5, lambda x: 2 / math.pi * math.asin(math.sqrt(x))),
        (2.0, lambda x: 3 * x**2 - 2 * x**3),
    ],
    ids=["uniform", "arcsine", "parabola"],
)
def test_quantiles_are_those_of_the_distribution(alpha, distribution):
    """Kolmogorov and Smirnov's distance, which a right sample of this size exceeds once in 10^5."""
    ordered = sorted(map(distribution, shares(alpha)))
    distance = max(abs(each - (rank + 0.5) / COUNT) for rank, each in enumerate(ordered))
    assert distance < 2.47 / math.sqrt(COUNT)


def test_very_small_alphas_give_one_end_or_the_other():
    found = shares(1e-6)
    assert min(found) == 0.0
    assert max(found) == 1.0
    assert 0.4 < sum(found) / COUNT < 0.6


def test_it_is_a_function_of_key_operation_and_block():
    one = beta(0.4, Key(1, 2, 3), 7)
    assert one == beta(0.4, Key(1, 2, 3), 7)
    others = [beta(0.4, *rest) for rest in ((Key(1, 2, 4), 7), (Key(1, 2, 3), 8), (Key(1, 2, 3), 7, 2))]
    assert one not in others
