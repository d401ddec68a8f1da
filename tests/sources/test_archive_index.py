"""sources/archive_index.py: names, and the arrays that are saved."""

import json

import numpy as np
import pytest
from archives import TREE, tar

from feedline.sources.archive_index import Shard, build, clean, hidden, is_image
from feedline.sources.reader import FileReader


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("a/b.png", "a/b.png"),
        ("./a/b.png", "a/b.png"),
        ("a//b/./c.png", "a/b/c.png"),
        ("/a.png", "a.png"),
        ("../a.png", "../a.png"),
        ("a./b.png", "a./b.png"),
        ("./", ""),
    ],
)
def test_what_means_nothing_in_a_name_is_left_out(name, cleaned):
    assert clean(name) == cleaned


def test_hidden_names():
    assert [hidden(name) for name in (".a", "a/.b", ".a/b", "a/.b/c")] == [True] * 4
    assert [hidden(name) for name in ("a", "a.b/c.", "../a", "a/../b")] == [False] * 4


def test_what_counts_as_an_image():
    assert all(is_image(name) for name in ("a.JPG", "b/c.d.png", "e.npy", "f.NPY"))
    assert not any(is_image(name) for name in ("a.txt", "png", "a.png/b"))


def test_the_index_is_small_and_holds_no_objects(tmp_path):
    arrays = build([Shard(FileReader(tar(tmp_path / "a.tar", TREE)), False)], "")
    assert not any(array.dtype.hasobject for array in arrays.values())
    assert arrays["members"].shape == (6, 6)
    assert arrays["sides"].shape == (6, 0)
    assert json.loads(arrays["words"].tobytes()) == {"classes": ["a", "b"], "notes": []}
    assert np.array_equal(np.diff(arrays["ends"]), [len(name) for name in sorted(TREE)][1:])
