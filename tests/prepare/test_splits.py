"""Stratified by class, by group, and a pure function of its seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import labelled

import feedline
from feedline import DataError
from feedline.prepare.splits import split

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=20).flatmap(lambda third: st.permutations(third * 3))
SEEDS = st.integers(0, 2**63 - 1)


@given(targets=LABELS, val=st.floats(0.01, 0.45), test=st.floats(0.01, 0.45), seed=SEEDS)
def test_every_class_gives_each_split_its_share_and_keeps_one(targets, val, test, seed):
    targets = np.array(targets)
    names = split(targets, {"val": val, "test": test}, seed=seed)
    for label, count in zip(*np.unique(targets, return_counts=True), strict=True):
        own = names[targets == label]
        assert (own == "train").any()
        for name, share in (("val", val), ("test", test)):
            taken = (own == name).sum()
            assert taken >= 1
            assert abs(taken - share * count) <= 0.5 or taken == 1 or (own == "train").sum() == 1
    assert names.tolist() == split(targets, {"val": val, "test": test}, seed=seed).tolist()


@given(data=st.data(), targets=LABELS, seed=SEEDS)
def test_no_group_is_in_two_splits_and_no_class_is_missing_in_one(data, targets, seed):
    groups = data.draw(st.lists(st.integers(0, 12), min_size=len(targets), max_size=len(targets)))
    try:
        names = split(np.array(targets), {"val": 0.2, "test": 0.2}, groups=groups, seed=seed)
    except DataError:
        return
    places = dict(zip(groups, names.tolist(), strict=True))
    assert [places[group] for group in groups] == names.tolist()
    for name in ("train", "val", "test"):
        assert set(np.array(targets)[names == name].tolist()) == set(targets)


@pytest.mark.parametrize("groups", [None, [number // 4 for number in range(80)]])
def test_one_share_is_what_the_split_of_a_dataset_gives(groups):
    targets = [0, 1] * 40
    _, held = feedline.split(labelled(targets), 0.3, 5, groups)
    names = split(np.array(targets), {"val": 0.3}, groups=groups, seed=5)
    assert np.flatnonzero(names == "val").tolist() == held.indices.tolist()


def test_groups_come_near_their_shares():
    rng = np.random.default_rng(0)
    targets, groups = rng.integers(0, 3, 3000), rng.integers(0, 100, 3000)
    names = split(targets, {"val": 0.2, "test": 0.1}, groups=groups.tolist())
    for name, share in (("val", 0.2), ("test", 0.1)):
        assert np.abs(np.bincount(targets[names == name]) / np.bincount(targets) - share).max() < 0.03


def test_another_seed_is_another_split():
    targets = np.array([0, 1] * 30)
    assert len({str(split(targets, seed=seed)) for seed in range(10)}) == 10


def test_nothing_is_split_into_nothing():
    assert len(split(np.zeros(0, np.int64))) == 0


def test_too_few_of_a_class():
    with pytest.raises(DataError, match="3 splits need at least 3 images of each class, and class 1 has 2"):
        split(np.array([0, 0, 0, 1, 1]))


def test_groups_that_cannot_be_split():
    with pytest.raises(DataError, match=r"no image of class \d is left for"):
        split(np.array([0, 0, 0, 1, 1, 1]), groups=["a", "b", "c", "d", "d", "d"])


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({}, "leave some for training"),
        ({"val": 0.5, "test": 0.5}, "leave some for training"),
        ({"val": 1.5}, "share of 'val' must be between 0 and 1, not 1.5"),
        ({"train": 0.5}, "and not 'train', which is the rest"),
    ],
)
def test_shares_that_are_none(shares, message):
    with pytest.raises(ValueError, match=message):
        split(np.array([0, 0, 0]), shares)


def test_too_few_groups():
    with pytest.raises(ValueError, match="one value a sample, 3, not 1"):
        split(np.array([0, 0, 0]), groups=[1])
