"""samplers/stratified.py: every class in its share, everywhere, and all else by chance."""

import numpy as np
import pytest
import torch
from chisquare import p_value
from contracts.sampler import SamplerContract
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.samplers import StratifiedSampler


class TestStratifiedContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return StratifiedSampler([0] * 20 + [1] * 9 + [2] * 30 + [7], seed)

    @staticmethod
    def other():
        return StratifiedSampler([0] * 20 + [1] * 9 + [2] * 29 + [7] * 2)


def order_of(labels, seed=0, epoch=0):
    sampler = StratifiedSampler(labels, seed)
    sampler.set_epoch(epoch)
    return sampler.take(0, len(sampler))


def widest(classes):
    """By how much any window of positions has more or less of a class than its share."""
    count = np.zeros((len(classes) + 1, classes.max() + 1))
    count[1:] = np.cumsum(classes[:, np.newaxis] == np.arange(classes.max() + 1), axis=0)
    ahead = count - np.arange(len(classes) + 1)[:, np.newaxis] * count[-1] / len(classes)
    return (ahead.max(axis=0) - ahead.min(axis=0)).max()


sizes = st.lists(st.integers(1, 60), min_size=1, max_size=12) | st.builds(
    lambda large, small: large + [1] * small, st.lists(st.integers(1, 300), max_size=3), st.integers(1, 100)
)


@settings(max_examples=150)
@given(counts=sizes, seed=st.integers(0, 2**64 - 1), epoch=st.integers(0, 2**32 - 1), choose=st.randoms())
def test_every_window_has_every_class_in_its_share_but_for_less_than_two(counts, seed, epoch, choose):
    labels = np.repeat(np.arange(len(counts)), counts)
    choose.shuffle(labels)
    order = order_of(labels, seed, epoch)
    assert np.array_equal(np.sort(order), np.arange(len(labels)))
    assert widest(labels[order]) < 2 - 1e-9


def test_batches_of_balanced_classes_have_each_of_them():
    labels = np.arange(1000) % 10
    for epoch in range(5):
        batches = labels[order_of(labels, 0, epoch)].reshape(-1, 50)
        counts = np.stack([np.bincount(batch, minlength=10) for batch in batches])
        assert counts.min() >= 4
        assert counts.max() <= 6


def test_labels_are_strings_or_integers_or_a_tensor_and_only_their_classes_count():
    numbers = [0, 3, 3, 0, 9, 3]
    order = order_of(numbers).tolist()
    words = [f"{number:04}" for number in numbers]
    for labels in (words, np.array(words, dtype=object), np.array(numbers, np.uint8), torch.tensor(numbers)):
        assert order_of(labels).tolist() == order
    assert StratifiedSampler(words).state_dict() == StratifiedSampler(numbers).state_dict()
    assert StratifiedSampler(numbers).state_dict() != StratifiedSampler(numbers[::-1]).state_dict()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([[0, 1]], r"one a sample, in one dimension, not of shape \(1, 2\)"),
        (3, r"not of shape \(\)"),
        ([0.5, 1.5], "integers or strings, not float64"),
        ([None, 1], "integers or strings, not object"),
    ],
)
def test_labels_that_are_none_are_refused(labels, words):
    with pytest.raises(ValueError, match=words):
        StratifiedSampler(labels)


@pytest.mark.parametrize("labels", [[], [5], ["a", "a"], [1, 2]])
def test_few_labels_are_enough(labels):
    assert sorted(StratifiedSampler(labels)) == list(range(len(labels)))


def test_every_sample_is_equally_likely_at_every_position():
    labels = [0, 0, 0, 0, 1, 1, 2]
    counts = np.zeros((7, 7))
    sampler = StratifiedSampler(labels)
    for epoch in range(1500):
        sampler.set_epoch(epoch)
        counts[np.arange(7), sampler.take(0, 7)] += 1
    assert p_value(counts) > 1e-3


def test_which_class_follows_which_changes():
    labels = np.arange(400) % 4
    sampler = StratifiedSampler(labels)
    followers = np.zeros((4, 4))
    for epoch in range(20):
        sampler.set_epoch(epoch)
        classes = labels[sampler.take(0, 400)]
        np.add.at(followers, (classes[:-1], classes[1:]), 1)
    off = followers[~np.eye(4, dtype=bool)]
    assert p_value(off) > 1e-3


def test_within_a_class_all_orders_are_equally_likely():
    sampler = StratifiedSampler([0, 0, 0, 1, 1])
    orders = []
    for seed in range(1000):
        sampler.seed = seed
        orders.append(tuple(index for index in sampler.take(0, 5).tolist() if index < 3))
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    assert p_value(counts) > 1e-3


def test_the_order_is_the_same_on_every_machine():
    assert order_of([0, 1, 1, 0, 2, 1, 1], 1, 2).tolist() == [5, 3, 4, 2, 6, 0, 1]
