"""samplers/permutation.py: that it is a permutation, and that no order is likelier than another."""

import itertools
import math

import numpy as np
import pytest
from chisquare import p_value
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.rng import SHUFFLE_OPERATION, many_words
from feedline.samplers import Permutation
from feedline.samplers.permutation import ROUNDS, SORTED_UP_TO, mix, network, round_keys, sort_keys, walk

SEEDS = np.arange(100_000, dtype=np.uint64)
BILLION = 10**9


def whole(n, seed=0, epoch=0):
    return Permutation(n, seed, epoch)(np.arange(n))


def keys_of(seeds, rounds=ROUNDS):
    """round_keys of many seeds at once: arrays in place of the keys."""
    keys = []
    for block in range(rounds // 2):
        words = many_words(seeds, 0, np.zeros(1, dtype=np.int64), SHUFFLE_OPERATION, 1 + block)
        keys += [words[0] << np.uint64(32) | words[1], words[2] << np.uint64(32) | words[3]]
    return keys


def walked(position, n, keys):
    """``walk`` of one position for many keys, each of which walks its own way."""
    bits = max(2, (n - 1).bit_length())
    result = network(np.full(len(keys[0]), position, dtype=np.uint64), bits, keys)
    while (outside := result >= n).any():
        result = np.where(outside, network(result, bits, keys), result)
    return result.astype(np.int64)


def pairs(first, second, n, bins=16):
    """p-value of pairs of different numbers below n, counted in bins x bins."""
    counts = np.zeros((bins, bins))
    np.add.at(counts, (first * bins // n, second * bins // n), 1)
    sizes = np.bincount(np.arange(n) * bins // n, minlength=bins)
    expected = np.outer(sizes, sizes) - np.diag(sizes)
    return p_value(counts, expected * len(first) / expected.sum())


@settings(max_examples=40)
@given(n=st.integers(0, 20_000), seed=st.integers(0, 2**64 - 1), epoch=st.integers(0, 2**32 - 1))
def test_every_number_comes_once(n, seed, epoch):
    assert np.array_equal(np.sort(whole(n, seed, epoch)), np.arange(n))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 9, 1000, 1024, 1025])
def test_the_network_alone_is_a_permutation_too(n):
    order = walk(np.arange(n, dtype=np.uint64), n, round_keys(1, 2))
    assert np.array_equal(np.sort(order), np.arange(n))


@pytest.mark.parametrize("n", [SORTED_UP_TO, SORTED_UP_TO + 1, 2**40, 2**63 - 1])
def test_a_position_alone_is_what_it_is_among_others(n):
    permutation = Permutation(n, 3, 4)
    positions = np.array([0, n - 1, n // 2, 1, n // 3])
    together = permutation(positions)
    assert together.dtype == np.int64
    assert together.min() >= 0
    assert together.max() < n
    assert [int(permutation(positions[place : place + 1])[0]) for place in range(5)] == together.tolist()


@pytest.mark.parametrize("n", [-1, 2**63])
def test_a_number_of_elements_that_no_int64_counts_is_refused(n):
    with pytest.raises(ValueError, match=rf"from 0 to 2\*\*63 - 1, not {n}"):
        Permutation(n, 0, 0)


def test_the_order_is_the_same_on_every_machine():
    assert whole(10, 1, 2).tolist() == [8, 5, 2, 3, 6, 0, 9, 4, 1, 7]
    assert Permutation(BILLION, 1, 2)(np.arange(4)).tolist() == [839738032, 665804552, 608033667, 599025688]


def test_a_seed_is_any_integer_modulo_two_to_the_64():
    for n in (10, 10_000):
        expected = whole(n, 2**64 - 1).tolist()
        assert whole(n, -1).tolist() == whole(n, np.int64(-1)).tolist() == whole(n, 2**65 - 1).tolist() == expected


def test_the_mixer_is_splitmix64():
    # the first numbers of SplitMix64 with seed 0: the mixer of multiples of the golden gamma
    gamma = np.uint64(0x9E3779B97F4A7C15)
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert mix(np.arange(1, 4, dtype=np.uint64) * gamma).tolist() == expected


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7])
def test_all_orders_of_a_few_are_equally_likely_over_100000_seeds(n):
    orders = np.argsort(sort_keys(n, SEEDS[:, np.newaxis], 0), axis=-1, kind="stable")
    for seed in range(0, 100_000, 997):  # that these are the permutations, of which each is made alone
        assert whole(n, seed).tolist() == orders[seed].tolist()
    places = orders @ n ** np.arange(n)
    _, counts = np.unique(places, return_counts=True)
    assert len(counts) == math.factorial(n)
    assert p_value(counts) > 1e-3


def test_all_orders_of_five_are_equally_likely_over_epochs():
    orders = [tuple(whole(5, 0, epoch).tolist()) for epoch in range(6000)]
    counts = [orders.count(order) for order in itertools.permutations(range(5))]
    assert p_value(counts) > 1e-3


@pytest.mark.parametrize("n", [1000, SORTED_UP_TO + 1, 5000])
def test_neighbours_of_one_order_are_evenly_paired(n):
    orders = [whole(n, seed) for seed in range(150)]
    first = np.concatenate([order[:-1] for order in orders])
    second = np.concatenate([order[1:] for order in orders])
    assert pairs(first, second, n) > 1e-3
    assert p_value(np.bincount((second - first) % n, minlength=n)[1:]) > 1e-3


@pytest.mark.parametrize("place", [0, 1, 499, 998])
def test_neighbours_at_one_place_are_evenly_paired_over_seeds(place):
    orders = np.concatenate(
        [
            np.argsort(sort_keys(1000, seeds[:, np.newaxis], 0), axis=-1)[:, place : place + 2]
            for seeds in np.split(SEEDS[:2000], 10)
        ]
    )
    assert pairs(orders[:, 0], orders[:, 1], 1000, bins=8) > 1e-3


@pytest.mark.slow
def test_neighbours_are_evenly_paired_over_100000_seeds_in_all_places():
    counts, differences = np.zeros((10, 10)), np.zeros(1000)
    for seeds in np.split(SEEDS, 500):
        order = np.argsort(sort_keys(1000, seeds[:, np.newaxis], 0), axis=-1)
        first, second = order[:, :-1].ravel(), order[:, 1:].ravel()
        counts += np.bincount(first // 100 * 10 + second // 100, minlength=100).reshape(10, 10)
        differences += np.bincount((second - first) % 1000, minlength=1000)
    expected = np.full((10, 10), 100 * 100.0) - np.diag([100.0] * 10)
    assert p_value(counts, expected * counts.sum() / expected.sum()) > 1e-3
    assert p_value(differences[1:]) > 1e-3


@pytest.mark.parametrize("n", [64, 100, 1000, SORTED_UP_TO + 1, BILLION])
@pytest.mark.parametrize("step", [1, 2, 32])
def test_the_network_pairs_evenly_over_100000_seeds_even_where_it_is_not_used(n, step):
    keys = keys_of(SEEDS)
    first, second = walked(n // 3, n, keys), walked(n // 3 + step, n, keys)
    assert [int(key[7]) for key in keys] == [int(key) for key in round_keys(7, 0)]
    if n < BILLION:
        assert p_value(np.bincount(first, minlength=n)) > 1e-3
        assert pairs(first, second, n) > 1e-3
        assert p_value(np.bincount((second - first) % n, minlength=n)[1:]) > 1e-3
    else:
        assert p_value(np.bincount((second - first) % n * 1000 // n, minlength=1000)) > 1e-3


def test_half_of_the_rounds_are_reserve():
    n = SORTED_UP_TO + 1
    few = keys_of(SEEDS, ROUNDS // 2)
    assert pairs(walked(n // 3, n, few), walked(n // 3 + 1, n, few), n) > 1e-3
    fewer = keys_of(SEEDS, 2)
    assert pairs(walked(n // 3, n, fewer), walked(n // 3 + 1, n, fewer), n) < 1e-6


@pytest.mark.parametrize("start", [0, 640_000_000, BILLION - 10**6])
def test_a_million_of_a_billion_are_different_and_evenly_spread(start):
    order = Permutation(BILLION, 11, 3)(np.arange(start, start + 10**6))
    assert len(np.unique(order)) == 10**6
    assert p_value(np.bincount(order * 1000 // BILLION, minlength=1000)) > 1e-3
    assert p_value(np.bincount(order % 1024, minlength=1024)) > 1e-3
    for step in (1, 2, 64, 2**15, 2**16):
        differences = (order[step:] - order[:-step]) % BILLION
        assert p_value(np.bincount(differences * 1000 // BILLION, minlength=1000)) > 1e-3


@pytest.mark.parametrize("n", [4000, 100_000, BILLION])
def test_orders_of_neighbouring_seeds_and_epochs_have_nothing_to_do_with_each_other(n):
    positions = np.arange(min(n, 100_000))
    own = Permutation(n, 5, 5)(positions)
    for seed, epoch in ((6, 5), (5, 6), (4, 6), (5 + 2**32, 5), (5 + 2**63, 5)):
        other = Permutation(n, seed, epoch)(positions)
        differences = (other - own) % n
        assert p_value(np.bincount(differences * 100 // n, minlength=100)) > 1e-3
        assert np.count_nonzero(differences == 0) < 10
        assert abs(np.corrcoef(own, other)[0, 1]) < 4.5 / math.sqrt(len(positions))
