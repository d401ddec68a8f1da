"""sources/chosen.py: the same samples, fewer of them."""

import pickle

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DecodeError
from feedline.sources import Finding, FolderSource
from feedline.sources.chosen import ChosenSource

LEFT_OUT = [Finding("a/0.jpg", 0, "empty", "no byte")]


def tree(root):
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        for number in range(4):
            (root / name / f"{number}.jpg").write_bytes(f"{name}/{number}".encode())
    return FolderSource(root)


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ChosenSource(tree(tmp_path / "root"), np.array([1, 3, 4, 7]), LEFT_OUT)

    @pytest.fixture
    def contents(self):
        return [(b"a/1", 0), (b"a/3", 0), (b"b/0", 1), (b"b/3", 1)]


def test_what_was_left_out_is_told_to_who_opened_it(tmp_path):
    source = ChosenSource(tree(tmp_path), np.array([7]), LEFT_OUT)
    assert source.findings == tuple(LEFT_OUT)
    assert pickle.loads(pickle.dumps(source)).findings == ()


def test_what_cannot_be_read_has_the_index_it_has_here(tmp_path):
    source = ChosenSource(tree(tmp_path), np.array([1, 3, 6]))
    (tmp_path / "b/2.jpg").unlink()
    with pytest.raises(DecodeError) as caught:
        source.read_batch([0, 2])
    assert (caught.value.index, caught.value.path) == (2, str(tmp_path / "b/2.jpg"))
