"""samplers/weighted.py: draws in the given proportions."""

import itertools

import numpy as np
import pytest
import torch
from chisquare import p_value
from contracts.sampler import SamplerContract

from feedline.rng import DRAW_OPERATION, Key
from feedline.samplers import WeightedSampler
from feedline.samplers.weighted import uniforms

WEIGHTS = [0.5, 0, 3, 1, 0.25, 1, 2, 0]


class TestWithReplacementContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return WeightedSampler(WEIGHTS, 300, seed=seed)

    @staticmethod
    def other():
        return WeightedSampler(WEIGHTS[::-1], 300)


class TestWithoutReplacementContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return WeightedSampler(np.arange(100.0), 60, replacement=False, seed=seed)

    @staticmethod
    def other():
        return WeightedSampler(np.arange(100.0), 60)


def test_with_replacement_counts_are_in_proportion_and_weight_zero_is_never_drawn():
    drawn = WeightedSampler(WEIGHTS, 200_000, seed=1).take(0, 200_000)
    counts = np.bincount(drawn, minlength=8)
    assert counts[[1, 7]].tolist() == [0, 0]
    positive = np.flatnonzero(WEIGHTS)
    share = np.array(WEIGHTS)[positive] / sum(WEIGHTS)
    assert p_value(counts[positive], 200_000 * share) > 1e-3


def test_with_replacement_one_draw_says_nothing_of_the_next():
    drawn = WeightedSampler([1, 1, 2], 90_000, seed=2).take(0, 90_000)
    counts = np.bincount(drawn[:-1] * 3 + drawn[1:], minlength=9)
    assert p_value(counts, np.outer([1, 1, 2], [1, 1, 2]) / 16 * 89_999) > 1e-3


def test_without_replacement_sequences_have_the_probabilities_of_drawing_one_by_one():
    weights = [1.0, 2.0, 0.0, 5.0]
    sampler = WeightedSampler(weights, 2, replacement=False)
    drawn = []
    for seed in range(8000):
        sampler.seed = seed
        drawn.append(tuple(sampler.take(0, 2).tolist()))
    possible = list(itertools.permutations([0, 1, 3], 2))
    expected = [weights[a] / 8 * weights[b] / (8 - weights[a]) * 8000 for a, b in possible]
    assert set(drawn) == set(possible)
    assert p_value([drawn.count(pair) for pair in possible], expected) > 1e-3


def test_without_replacement_every_index_comes_at_most_once():
    sampler = WeightedSampler(WEIGHTS, 6, replacement=False)
    for epoch in range(20):
        sampler.set_epoch(epoch)
        assert sorted(sampler) == np.flatnonzero(WEIGHTS).tolist()


def test_equal_weights_without_replacement_are_a_shuffle():
    sampler = WeightedSampler([2.0] * 4, 4, replacement=False)
    orders = []
    for seed in range(5000):
        sampler.seed = seed
        orders.append(tuple(sampler))
    assert p_value([orders.count(order) for order in itertools.permutations(range(4))]) > 1e-3


@pytest.mark.parametrize("weights", [torch.tensor([0.0, 1.0, 2.0]), (0, 1, 2), np.array([0, 1, 2], np.float32)])
def test_weights_are_what_torch_takes_in_any_scale(weights):
    expected = WeightedSampler([0, 1, 2], 50).take(0, 50).tolist()
    assert WeightedSampler(weights, 50).take(0, 50).tolist() == expected
    assert WeightedSampler([0, 2.0**1000, 2.0**1001], 50).take(0, 50).tolist() == expected
    assert WeightedSampler([0, 2.0**-1000, 2.0**-999], 50).take(0, 50).tolist() == expected


def test_weights_whose_sum_is_too_large_for_a_float_are_no_difficulty():
    counts = np.bincount(WeightedSampler([1.7e308] * 3, 9000).take(0, 9000))
    assert p_value(counts) > 1e-3


def test_weights_given_are_not_changed_later_by_their_owner():
    weights = np.ones(5)
    sampler = WeightedSampler(weights, 20)
    expected = sampler.take(0, 20).tolist()
    weights[:] = 0
    assert WeightedSampler(sampler.weights, 20).take(0, 20).tolist() == expected


def test_a_position_far_away_is_found_at_once():
    sampler = WeightedSampler(WEIGHTS, 2**62)
    assert set(sampler.take(2**61, 2**61 + 100).tolist()) <= {0, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 2], 0), "num_samples should be a positive integer value, but got num_samples=0"),
        (([1, 2], True), "num_samples should be a positive integer value, but got num_samples=True"),
        (([1, 2], 1.5), "num_samples should be a positive integer value, but got num_samples=1.5"),
        (([1, 2], 1, 1), "replacement should be a boolean value, but got replacement=1"),
        (([[1, 2]], 1), r"weights should be a 1d sequence but given weights have shape \(1, 2\)"),
        (([1, -2], 1), r"weights must be finite and at least 0, but weights\[1\] is -2.0"),
        (([1, 2, float("nan")], 1), r"weights\[2\] is nan"),
        (([float("inf"), 2], 1), r"weights\[0\] is inf"),
        (([0, 0], 1), "at least one weight must be above 0, but all 2 of them are 0"),
        (([], 1), "at least one weight must be above 0, but all 0"),
        (([1, 0, 2], 3, False), "without replacement num_samples must be at most .* above 0, 2, not 3"),
    ],
)
def test_parameters_that_break_a_rule_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        WeightedSampler(*arguments)


def test_uniforms_are_53_bits_of_the_keys_words():
    for index in (0, 1, 2**40):
        high, low = Key(3, 4, index).words(DRAW_OPERATION, 2)
        assert uniforms(3, 4, np.array([index])).tolist() == [(high << 21 | low >> 11) / 2**53]


def test_the_largest_number_falls_in_the_last_part_that_there_is():
    for last in (1.0, 0.1, 3.0, 1e-9):
        total = np.cumsum([1.0, last, 0.0])
        assert np.searchsorted(total, np.nextafter(1, 0) * total[-1], side="right") <= 1


def draws_from(count, replacement):
    """Ten thousand draws where every 1000th of many weights is above 0, and the last ones are large."""
    weights = np.zeros(count)
    weights[::1000] = 1
    weights[-3:] = count // 1000
    drawn = WeightedSampler(weights, 10_000, replacement=replacement).take(0, 10_000)
    assert (weights[drawn] > 0).all()
    return drawn, np.bincount(np.maximum(drawn - (count - 4), 0), minlength=4)


def test_many_weights_are_drawn_from_to_the_last():
    _, counts = draws_from(2**17 + 1000, replacement=True)
    assert p_value(counts) > 1e-3


@pytest.mark.slow
def test_more_weights_than_two_to_the_24_are_drawn_from_to_the_last():
    drawn, counts = draws_from(2**24 + 1000, replacement=True)
    assert drawn.max() >= 2**24
    assert p_value(counts) > 1e-3
    drawn, counts = draws_from(2**24 + 1000, replacement=False)
    assert len(set(drawn.tolist())) == 10_000
    assert counts[1:].tolist() == [1, 1, 1]


def test_weights_cannot_be_changed():
    sampler = WeightedSampler([1.0, 1.0, 0.0], 8)
    with pytest.raises(ValueError, match="read-only"):
        sampler.weights[:] = 0.5
    with pytest.raises(AttributeError):
        sampler.weights = [1.0, 2.0, 3.0]


def test_a_weight_next_to_nothing_comes_last():
    assert next(iter(WeightedSampler([1e-320, 1e300, 5.0], 3, replacement=False))) == 1
