"""Evenly from several sources, without replacement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline import DataError
from feedline.prepare.merging import merged

LABELS = st.lists(st.integers(-1, 2), max_size=40).map(np.array)
NAMES = ["a", "b", "c"]


@given(st.lists(LABELS, min_size=1, max_size=3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 2**40))
def test_no_sample_is_drawn_twice_and_each_class_gives_what_it_can(sources, first, second, seed):
    found = merged(sources, NAMES, {"train": first, "test": second}, seed=seed, allow_fewer=True)
    rows = [tuple(row) for part in found.parts.values() for row in part.tolist()]
    assert len(rows) == len(set(rows))
    labels = np.concatenate(sources)
    for label in range(3):
        have = int((labels == label).sum())
        expected = {"train": min(first, have), "test": min(second, max(have - first, 0))}
        for name, part in found.parts.items():
            drawn = [sources[source][index] for source, index in part.tolist()]
            assert drawn.count(label) == found.counts[name][label] == expected[name]


def test_a_split_comes_from_its_sources_alone_and_is_shuffled_by_seed():
    large, small = np.repeat([0, 1], 300), np.repeat([1, 0], 50)
    wanted, origins = {"train": 200, "test": 50}, {"train": [0], "test": [1]}
    found = merged([large, small], ["a", "b"], wanted, origins=origins, seed=3)
    assert {split: set(part[:, 0].tolist()) for split, part in found.parts.items()} == {"train": {0}, "test": {1}}
    assert np.abs(np.diff(large[found.parts["train"][:, 1]])).sum() > 100
    again = merged([large, small], ["a", "b"], wanted, origins=origins, seed=3)
    other = merged([large, small], ["a", "b"], wanted, origins=origins, seed=4)
    assert found.parts["train"].tolist() == again.parts["train"].tolist() != other.parts["train"].tolist()


def test_it_can_be_read():
    found = merged([np.array([0, 0, 1])], ["a", "b"], {"train": 2}, allow_fewer=True)
    assert str(found) == "train: 3 images, 2 of each class\n  only 1 of class 'b'"


def test_too_few_of_a_class():
    with pytest.raises(DataError, match=r"2 images of each class .* 'test', and 1 of 2 .*: 'b' has 1"):
        merged([np.array([0, 0, 1, 0, 0, 1])], ["a", "b"], {"train": 1, "test": 2})


@pytest.mark.parametrize(
    ("wanted", "origins", "message"),
    [
        ({"train": -1}, None, "0 or more images of each class, not -1"),
        ({"train": 1}, {"test": [0]}, "not wanted: 'test'"),
        ({"train": 1}, {"train": [1]}, "numbers of 1 sources"),
    ],
)
def test_arguments_that_are_wrong(wanted, origins, message):
    with pytest.raises(ValueError, match=message):
        merged([np.array([0])], ["a"], wanted, origins=origins)
