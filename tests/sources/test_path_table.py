"""sources/path_table.py."""

import os
import pickle

import pytest

from feedline.sources.path_table import PathTable

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


def test_memory_is_the_bytes_and_an_offset_each():
    table = PathTable([f"class/{number:06}.jpg" for number in range(1000)])
    assert table.nbytes == 1000 * 16 + 1001 * 8
    assert len(pickle.dumps(table)) < table.nbytes + 1000


def test_it_survives_pickling():
    table = pickle.loads(pickle.dumps(PathTable(PATHS)))
    assert [table[index] for index in range(len(table))] == PATHS
