"""What stays, why the rest does not, and that no leak is left."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import picture

from feedline.prepare.duplicates import duplicates
from feedline.prepare.hashing import phash


def digests(values):
    return [hashlib.sha256(bytes([value])).digest() for value in values]


@st.composite
def cases(draw):
    """Samples of a few pictures, whose hashes lie on a line 3 bits apart, in some splits."""
    values = draw(st.lists(st.integers(0, 9), min_size=1, max_size=30))
    splits = draw(st.lists(st.sampled_from(["train", "val", "test"]), min_size=len(values), max_size=len(values)))
    hashes = np.array([(1 << 63) | ((1 << (3 * value)) - 1) for value in values], np.uint64)
    return values, splits, hashes


@given(case=cases(), near=st.integers(0, 7), keep=st.sampled_from(["first", "last"]))
def test_the_rule_followed_sample_by_sample(case, near, keep):
    values, splits, hashes = case
    places = list(range(len(values)))[:: 1 if keep == "first" else -1]
    turns = [index for name in ("test", "val", "train") for index in places if splits[index] == name]
    kept, told, first = [], {}, {}
    for index in turns:
        if values[index] in first:  # it stays or goes with the first that it is equal to
            told[index] = told.get(first[values[index]], (first[values[index]], 0))
            continue
        first[values[index]] = index
        apart = [((int(hashes[index]) ^ int(hashes[other])).bit_count(), place) for place, other in enumerate(kept)]
        distance, place = min(apart, default=(65, 0))
        if distance <= near:
            told[index] = kept[place], distance
        else:
            kept.append(index)
    found = duplicates(digests(values), hashes, near=near, splits=splits, keep=keep)
    assert found.kept.tolist() == sorted(kept)
    assert [each.index for each in found.dropped] == sorted(told)
    for each in found.dropped:
        assert each.distance <= near
        assert each.of in kept
        assert each.distance == told[each.index][1]
        assert each.across == (splits[each.index] != splits[each.of])
        assert each.why == ("exact" if values[each.index] == values[each.of] else "near")


@given(case=cases())
def test_without_hashes_one_of_each_digest_stays_and_never_in_training_what_is_elsewhere(case):
    values, splits, _ = case
    found = duplicates(digests(values), splits=splits)
    assert sorted(values[index] for index in found.kept.tolist()) == sorted(set(values))
    held = {value for value, name in zip(values, splits, strict=True) if name != "train"}
    assert not {values[index] for index in found.kept.tolist() if splits[index] == "train"} & held


def test_digests_may_be_an_array():
    array = np.array(digests([1, 2, 1]), "V32")
    assert duplicates(array).kept.tolist() == [0, 1]
    assert duplicates(array, keep="last").kept.tolist() == [1, 2]


def test_pictures_of_one_colour_are_duplicates_by_their_bytes_alone():
    pictures = [np.full((8, 8, 1), value, np.uint8) for value in (0, 255, 0)] + [picture(8, 8)]
    hashes = np.array([phash(image) for image in pictures], np.uint64)
    sums = [hashlib.sha256(image.tobytes()).digest() for image in pictures]
    assert duplicates(sums, hashes, near=8).kept.tolist() == [0, 1, 3]


def test_groups_of_different_labels_are_named():
    found = duplicates(digests([1, 2, 1, 1, 2, 3]), labels=np.array([0, 0, 0, 1, 0, 0]))
    assert found.conflicts == [(0, 2, 3)]
    assert str(found).splitlines() == [
        "3 of 6 stay: 3 were equal to another, 0 near",
        "0 of them lay in another split than the one that stays",
        "1 groups have different labels:",
        "  0, 2, 3",
        "  2 is equal to 0",
        "  3 is equal to 0, and has another label",
        "  4 is equal to 1",
    ]


def test_what_would_have_leaked_is_told():
    hashes = np.array([7, 1, 3], np.uint64)
    found = duplicates(digests([1, 2, 3]), hashes, near=1, splits=["train", "test", "train"])
    assert found.kept.tolist() == [0, 1]
    assert [str(each) for each in found.across] == ["2 is 1 bits from 1 (train of test)"]


def test_long_reports_are_cut():
    found = duplicates(digests([0] * 50))
    assert found.lines(most=3)[-1] == "  ... and 46 more"


def test_a_sheet_of_what_was_dropped_shows_other_labels_first():
    pictures = [np.full((4, 4, 3), 40 * number, np.uint8) for number in range(5)]
    found = duplicates(digests([1, 2, 1, 2, 2]), labels=np.array([0, 0, 0, 0, 1]))
    both, first = found.sheet(pictures), found.sheet(pictures, most=1)
    assert both.shape[0] > first.shape[0]
    assert np.array_equal(both[: len(first) - 4], first[: len(first) - 4])
    assert {40, 120, 160} <= set(np.unique(first).tolist())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"near": 3}, "with hashes to compare, not 3"),
        ({"hashes": np.zeros(2, np.uint64), "near": 65}, "from 0 to 64"),
        ({"splits": ["train"]}, "splits must have one value a sample, 2, not 1"),
        ({"keep": "none"}, "keep must be 'first' or 'last'"),
    ],
)
def test_arguments_that_are_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        duplicates(digests([1, 2]), **arguments)
