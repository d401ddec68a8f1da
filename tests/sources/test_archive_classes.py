"""sources/archive_classes.py: order, labels and classes from names and from what is said."""

import pytest

from feedline.errors import DataError
from feedline.sources.archive_classes import assign


def assigned(*names, said=None, folder=""):
    notes = []
    said = said or [None] * len(names)
    order, labels, classes = assign([(name, 0, text) for name, text in zip(names, said, strict=True)], folder, notes)
    return [names[place] for place in order], labels.tolist(), classes, notes


@pytest.mark.parametrize("top", ["", "x/", "x/y/"])
def test_folders_are_classes(top):
    names, labels, classes, notes = assigned(f"{top}b/1", f"{top}a/c/1", f"{top}a/1")
    assert names == [f"{top}a/1", f"{top}a/c/1", f"{top}b/1"]
    assert (labels, classes, notes) == ([0, 0, 1], ["a", "b"], [])


def test_strays_are_told():
    names, labels, classes, notes = assigned("b/1", "a/1", "0")
    assert (names, labels, classes) == (["a/1", "b/1"], [0, 1], ["a", "b"])
    assert len(notes) == 1


@pytest.mark.parametrize("names", [["2", "1"], ["x/2", "x/1"], ["../2", "../1"]])
def test_flat(names):
    assert assigned(*names) == (names[::-1], [-1, -1], [], [])


def test_below_a_given_folder_nothing_is_stripped():
    assert assigned("x/a/1", "x/a/2", folder="x")[1:3] == ([0, 0], ["a"])


@pytest.mark.parametrize(
    ("said", "labels", "classes"),
    [
        (["1", "0"], [1, 0], ["0", "1"]),
        (["007", "+3"], [7, 3], [str(number) for number in range(8)]),
        (["1", "-1"], [1, -1], ["0", "1"]),
        (["-5", "-1"], [-1, -1], []),
        (["1", "cat"], [0, 1], ["1", "cat"]),
        (["2", "1234567"], [1, 0], ["1234567", "2"]),
    ],
)
def test_what_is_said_comes_first(said, labels, classes):
    assert assigned("b/1", "c/2", said=said) == (["b/1", "c/2"], labels, classes, [])


def test_what_is_not_said_is_unlabelled_and_told():
    _, labels, classes, notes = assigned("1", "2", said=[None, "cat"])
    assert (labels, classes) == ([-1, 0], ["cat"])
    assert notes == ["1 of 2 images have no class beside them: they are unlabelled"]


def test_equal_names_are_in_the_order_of_their_shards():
    order, _, _ = assign([("1", 2, None), ("1", 0, None), ("0", 1, None)], "", [])
    assert order == [2, 1, 0]


def test_splits_are_no_classes():
    with pytest.raises(DataError, match=r"holds splits \(Train, val\)"):
        assigned("Train/1", "val/1")
    with pytest.raises(DataError, match=r"holds splits"):
        assigned("train/1", "val/1", "cat/1")
    assert assigned("train/1", "cat/1")[2] == ["cat", "train"]
