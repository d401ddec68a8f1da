"""sources/path_table.py."""

import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.sources.path_table import Packer, PathTable

PATHS = ["a/1.jpg", "", "b/größe.png", "b/日本.png", "c/5.gif"]


def test_paths_come_back():
    table = PathTable(PATHS)
    assert len(table) == len(PATHS)
    assert [table[index] for index in range(len(table))] == PATHS


def test_paths_may_come_from_an_iterator():
    assert PathTable(iter(PATHS))[2] == PATHS[2]


def test_a_path_that_is_no_utf8_comes_back():
    assert os.fsencode(PathTable(["a", os.fsdecode(b"c/\xff\xfe.jpg")])[1]) == b"c/\xff\xfe.jpg"


def test_no_paths_are_a_table_too():
    assert len(PathTable([])) == 0


@pytest.mark.parametrize("index", [5, 6, -6, -7])
def test_no_such_index(index):
    with pytest.raises(IndexError):
        PathTable(PATHS)[index]


@pytest.mark.parametrize("back", range(1, 6))
def test_a_negative_index_is_never_another_path(back):
    try:
        path = PathTable(PATHS)[-back]
    except IndexError:
        return
    assert path == PATHS[-back]


@pytest.mark.parametrize(
    "paths",
    [
        ["a.jpg"],
        ["a.jpg", "a.jpg"],
        ["a.jpg", "a.jpg.jpg", "a.jpg.b.jpg"],
        ["x/.jpg", "x/a.jpg"],
        ["x/a.jpg", "x/ab.jpg", "x/b.jpg"],
        ["x/aa.jpg", "x/b.jpg", "x/ab.jpg"],
        ["x/aa.jpg", "x/aa.png"],
        ["x/aa", "x/aa.", "x/aa."],
        ["a/b/1", "a/1", "/1", "//1", "", "", "a/"],
        ["größe/größe1.jpg", "größe/größe2.jpg", "größe/große.jpg"],
        ["a/\0/\0", "a/\0/b"],
    ],
)
def test_what_names_share_is_put_back(paths):
    table = PathTable(paths)
    assert [table[index] for index in range(len(table))] == paths


@given(st.lists(st.text(st.sampled_from("ab./é\0"), max_size=8), max_size=12))
def test_any_paths_come_back(paths):
    table = PathTable(paths)
    assert [table[index] for index in range(len(table))] == paths


def test_groups_are_the_folders_in_their_order():
    table = PathTable(["a/1", "a/2", "b/1", "a/3"])
    assert [table.group(index) for index in range(4)] == [0, 0, 1, 2]


def test_what_many_paths_share_is_kept_once():
    table = PathTable([f"class/photo_{number:06}.jpg" for number in range(1000)])
    each = 6 + 1 + 4  # what tells it apart, a slash, and where it ends
    assert table.nbytes < 1000 * each + 200
    assert len(pickle.dumps(table)) < table.nbytes + 2000


def test_it_survives_pickling():
    table = pickle.loads(pickle.dumps(PathTable(PATHS)))
    assert [table[index] for index in range(len(table))] == PATHS


def test_it_may_be_of_arrays_that_were_kept():
    packer = Packer()
    packer.add("a/", ["1.jpg", "2.jpg"])
    packer.add("", ["3.png"])
    table = PathTable.of(packer.arrays())
    assert [table[index] for index in range(3)] == ["a/1.jpg", "a/2.jpg", "3.png"]
