"""Counts, and which samples stay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline import DataError
from feedline.prepare.balance import balance

NAMES = ["a", "b", "c", "d"]
TARGETS = st.lists(st.integers(-1, 3), max_size=60).map(np.array)
SEEDS = st.integers(0, 2**63)


def counts(targets, kept):
    return [int((targets[kept] == label).sum()) for label in range(4)]


@given(targets=TARGETS, limit=st.integers(1, 20), seed=SEEDS)
def test_a_cap_keeps_at_most_its_limit_of_each_class(targets, limit, seed):
    found = balance(targets, NAMES, "cap", limit=limit, seed=seed)
    before = counts(targets, slice(None))
    assert found.before.tolist() == before
    assert found.after.tolist() == counts(targets, found.kept) == [min(count, limit) for count in before]
    assert np.all(np.diff(found.kept) > 0)
    assert (targets[found.kept] == -1).sum() == (targets == -1).sum()


@given(targets=TARGETS, seed=SEEDS)
def test_dropping_leaves_as_many_of_each_class_as_the_smallest_has(targets, seed):
    found = balance(targets, NAMES, "drop", seed=seed)
    some = [count for count in found.before.tolist() if count]
    assert counts(targets, found.kept) == [min(some) if count else 0 for count in found.before.tolist()]
    assert found.ratio_after == 1


@given(targets=TARGETS, seed=SEEDS)
def test_oversampling_repeats_each_sample_of_a_class_about_as_often(targets, seed):
    found = balance(targets, NAMES, "oversample", seed=seed)
    most = max(found.before.tolist())
    assert found.after.tolist() == counts(targets, found.kept) == [most if count else 0 for count in found.before]
    assert set(found.kept.tolist()) == set(range(len(targets)))
    for label in range(4):
        times = np.bincount(found.kept, minlength=len(targets))[targets == label]
        assert len(times) == 0 or times.max() - times.min() <= 1


@given(targets=TARGETS)
def test_a_report_keeps_all(targets):
    assert balance(targets, NAMES).kept.tolist() == list(range(len(targets)))


def test_a_smaller_cap_is_a_part_of_a_larger_one_and_another_seed_another():
    targets = np.zeros(100, np.int64)
    kept = [set(balance(targets, NAMES, "cap", limit=limit).kept.tolist()) for limit in (10, 30)]
    assert kept[0] < kept[1]
    assert kept[0] != set(balance(targets, NAMES, "cap", limit=10, seed=1).kept.tolist())


def test_each_split_is_evened_by_itself_and_only_training_repeats():
    targets = np.array([0] * 6 + [1] * 2 + [0] * 4 + [1])
    splits = np.array(["train"] * 8 + ["test"] * 5)
    dropped = balance(targets, ["a", "b"], "drop", splits=splits).kept
    assert [counts(targets, dropped[splits[dropped] == name])[:2] for name in ("train", "test")] == [[2, 2], [1, 1]]
    more = balance(targets, ["a", "b"], "oversample", splits=splits).kept
    assert [counts(targets, more[splits[more] == name])[:2] for name in ("train", "test")] == [[6, 6], [4, 1]]


def test_oversampling_up_to_a_limit():
    found = balance(np.array([0, 0, 0, 0, 1]), NAMES, "oversample", limit=3)
    assert found.after.tolist() == [4, 3, 0, 0]


def test_it_can_be_read():
    found = balance(np.array([0] * 2000 + [1] * 500), ["first", "b", "c"], "drop")
    assert str(found).splitlines() == [
        "first      2,000 ->       500",
        "b            500 ->       500",
        "c              0 ->         0",
        "all        2,500 ->     1,000",
        "the largest class is 4.00 times the smallest, and then 1.00 times",
        "without an image: c",
    ]


def test_a_label_that_is_none():
    with pytest.raises(DataError, match="sample 1 is 7"):
        balance(np.array([0, 7]), NAMES)


@pytest.mark.parametrize(
    ("how", "limit", "message"),
    [
        ("some", None, "one of report, cap, drop, oversample, not 'some'"),
        ("cap", None, "a limit belongs to 'cap'"),
        ("drop", 3, "a limit belongs to 'cap'"),
        ("cap", 0, "at least 1, not 0"),
    ],
)
def test_arguments_that_are_wrong(how, limit, message):
    with pytest.raises(ValueError, match=message):
        balance(np.array([0]), NAMES, how, limit=limit)


def test_splits_of_another_length():
    with pytest.raises(ValueError, match="one name a sample, 1, not 2"):
        balance(np.array([0]), NAMES, splits=["train", "val"])
