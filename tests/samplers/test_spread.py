"""samplers/spread.py: places in windows, before and after they are shaken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.samplers.spread import shaken, spread


def ahead(classes, counts):
    """The most that any first positions have more or less of a class than its share."""
    count = np.cumsum(classes[:, np.newaxis] == np.arange(len(counts)), axis=0)
    return np.abs(count - np.arange(1, len(classes) + 1)[:, np.newaxis] * counts / len(classes)).max()


@settings(max_examples=150)
@given(counts=st.lists(st.integers(1, 80), min_size=1, max_size=15), times=st.integers(1, 3), seed=st.integers(0, 99))
def test_the_first_positions_are_less_than_one_sample_off(counts, times, seed):
    counts = np.array(counts, dtype=np.int64) * times
    places = spread(counts)
    positions = np.arange(len(places))
    assert np.array_equal(np.bincount(places.classes), counts)
    assert (places.first <= positions).all()
    assert (positions <= places.last).all()
    assert ahead(places.classes, counts) < 1 - 1e-9
    pattern = shaken(places, seed, 0)
    assert np.array_equal(np.bincount(pattern), counts)
    assert ahead(pattern, counts) < 1 - 1e-9


def test_equal_classes_take_turns():
    assert spread(np.array([2, 2, 2])).classes.tolist() == [0, 1, 2, 0, 1, 2]


def test_one_large_class_and_many_single_ones_alternate():
    counts = np.array([50] + [1] * 50)
    assert (spread(counts).classes == 0).reshape(50, 2).sum(axis=1).tolist() == [1] * 50


@pytest.mark.parametrize("counts", [[], [1], [7]])
def test_no_class_or_one_is_no_difficulty(counts):
    places = spread(np.array(counts, dtype=np.int64))
    assert shaken(places, 0, 0).tolist() == places.classes.tolist() == [0] * sum(counts)


def test_shaking_moves_most_places_and_differs_by_seed_and_epoch():
    places = spread(np.array([30, 31, 32, 33]))
    patterns = [shaken(places, seed, epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    for one, two in [(0, 1), (0, 2), (1, 2)]:
        assert np.count_nonzero(patterns[one] != patterns[two]) > 40
    assert np.array_equal(shaken(places, 0, 1), patterns[1])
