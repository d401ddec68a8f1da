"""sources/saved.py: what is built once, shared, and built anew when the data is another."""

import os
import pickle

import numpy as np
import pytest

from feedline.errors import DataError
from feedline.sources.saved import saved, saved_while, state_of

ARRAYS = {
    "offsets": np.arange(10, dtype=np.int64),
    "text": np.frombuffer(b"abc", np.uint8),
    "none": np.zeros((0, 2), np.float32),
    "boxes": np.arange(8, dtype=np.float32).reshape(2, 4),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FEEDLINE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Maker:
    def __init__(self, arrays=None):
        self.calls = 0
        self.arrays = ARRAYS if arrays is None else arrays

    def __call__(self):
        self.calls += 1
        return self.arrays


def same(found):
    return list(found) == list(ARRAYS) and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array) for name, array in ARRAYS.items()
    )


def test_it_is_made_once():
    maker = Maker()
    assert same(saved("tar /a", "1", maker))
    assert same(saved("tar /a", "1", maker))
    assert maker.calls == 1


def test_another_state_and_another_thing_are_made_anew(cache):
    maker = Maker()
    for what, stamp in [("a", "1"), ("b", "1"), ("a", "2")]:
        saved(what, stamp, maker)
    assert maker.calls == 3
    assert len(list((cache / "index").iterdir())) == 2, "what is of no use is removed"


def test_it_cannot_be_written():
    found = saved("a", "1", Maker())
    with pytest.raises(ValueError, match="read-only"):
        found["offsets"][0] = 7


def test_the_pickle_is_a_path():
    maker = Maker({"offsets": np.arange(1_000_000)})
    found = saved("a", "1", maker)
    assert len(pickle.dumps(found)) < 1000
    assert np.array_equal(pickle.loads(pickle.dumps(found))["offsets"], maker.arrays["offsets"])


def test_an_index_that_was_replaced_is_pickled_by_value_and_not_mistaken():
    found = saved("a", "1", Maker())
    late = pickle.dumps(found)
    saved("a", "2", Maker({"offsets": np.zeros(1)}))
    assert same(found)
    assert same(pickle.loads(pickle.dumps(found)))
    with pytest.raises(DataError, match="opened anew"):
        pickle.loads(late)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(cache):
    cache.write_text("a file lies where the folder should be")
    maker = Maker()
    found = saved("a", "1", maker)
    assert same(found)
    assert same(pickle.loads(pickle.dumps(found)))


@pytest.mark.parametrize("damage", [b"", b"x", b"feedline index 1\n", b"feedline index 1\n" + b"\xff" * 100])
def test_a_damaged_index_is_made_anew(cache, damage):
    saved("a", "1", Maker())
    next((cache / "index").iterdir()).write_bytes(damage)
    assert same(saved("a", "1", Maker()))


def test_a_shortened_index_is_made_anew(cache):
    saved("a", "1", Maker())
    file = next((cache / "index").iterdir())
    file.write_bytes(file.read_bytes()[:150])
    assert same(saved("a", "1", Maker()))


def test_an_index_is_used_while_it_holds(cache):
    first, second = Maker(), Maker({"offsets": np.zeros(1)})
    saved_while("a", lambda _: pytest.fail("nothing is kept"), first)
    asked = []
    assert same(saved_while("a", lambda arrays: asked.append(same(arrays)) or True, second))
    assert (asked, second.calls) == ([True], 0)
    assert list(saved_while("a", lambda _: False, second)) == ["offsets"]
    assert len(list((cache / "index").iterdir())) == 1
    assert list(saved_while("b", lambda _: True, Maker({}))) == []


def test_an_index_that_no_longer_holds_is_not_mistaken():
    late = pickle.dumps(saved_while("a", lambda _: True, Maker()))
    saved_while("a", lambda _: False, Maker())
    assert same(pickle.loads(late)), "the same content has the same name"
    saved_while("a", lambda _: False, Maker({"offsets": np.zeros(1)}))
    with pytest.raises(DataError, match="opened anew"):
        pickle.loads(late)


def test_the_state_of_a_file_changes_with_it(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"1")
    first = state_of(file)
    os.utime(file, ns=(1, 1))
    assert state_of(file) != first


def test_another_file_of_the_same_size_and_time_is_another_state(tmp_path):
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_bytes(b"1")
    other.write_bytes(b"2")
    for path in (file, other):
        os.utime(path, ns=(1, 1))
    first = state_of(file)
    os.replace(other, file)
    assert os.stat(file).st_mtime_ns == 1
    assert state_of(file) != first


def test_a_file_that_was_written_over_and_given_its_time_back_is_in_another_state(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"1")
    os.utime(file, ns=(1, 1))
    first = state_of(file)
    while state_of(file).split()[2] == first.split()[2]:  # the clock of the file system has ticks of some ms
        file.write_bytes(b"2")
        os.utime(file, ns=(1, 1))
    assert state_of(file).split()[:2] == first.split()[:2]
