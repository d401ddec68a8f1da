"""What is remembered of checks, and what is not."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from feedline.checking.memory import CheckMemory
from feedline.codecs.check import Problem, check_file


@pytest.fixture
def file(tmp_path, make_folder):
    return str(make_folder(tmp_path / "data", ("a",), 1) / "a" / "000.png")


def forbidden(path, _):
    raise AssertionError(f"{path} is looked at again")


def remember(file, look=check_file):
    with CheckMemory("root") as memory:
        return memory.recall(file, 0, look)


def test_a_good_file_is_looked_at_once(file):
    assert remember(file) is None
    assert remember(file, forbidden) is None


def test_a_broken_file_is_looked_at_once(file):
    Path(file).write_bytes(b"")
    assert remember(file) == remember(file, forbidden) == Problem(file, 0, "empty", "the file is empty")


def test_each_root_has_its_own_memory(file, cache):
    remember(file)
    with CheckMemory("other") as memory, pytest.raises(AssertionError, match="again"):
        memory.recall(file, 0, forbidden)
    assert len(os.listdir(cache)) == 2


def test_another_time_of_change_is_another_file(file):
    remember(file)
    os.utime(file, ns=(0, 1))
    with pytest.raises(AssertionError, match="again"):
        remember(file, forbidden)


def test_a_missing_file_is_not_remembered(tmp_path):
    missing = str(tmp_path / "missing.png")
    assert remember(missing).kind == "unreadable"
    with pytest.raises(AssertionError, match="again"):
        remember(missing, forbidden)


def test_an_unreadable_file_is_not_remembered(file):
    assert remember(file, lambda path, index: Problem(path, index, "unreadable", "rights")).kind == "unreadable"
    assert remember(file) is None


def test_none_remembers_nothing(file, cache):
    with CheckMemory(None) as memory:
        assert memory.recall(file, 0, check_file) is None
    assert os.listdir(cache) == []


def test_an_interrupted_check_keeps_what_was_known_and_what_is_new(tmp_path, make_folder):
    root = make_folder(tmp_path / "data", ("a",), 2)
    first, second = (str(root / "a" / f"00{number}.png") for number in range(2))
    remember(first)

    def interrupt():
        with CheckMemory("root") as memory:
            memory.recall(second, 1, check_file)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    with CheckMemory("root") as memory:
        assert memory.recall(first, 0, forbidden) is memory.recall(second, 1, forbidden) is None


def test_what_is_not_asked_for_any_more_is_forgotten(tmp_path, make_folder):
    root = make_folder(tmp_path / "data", ("a",), 2)
    first, second = (str(root / "a" / f"00{number}.png") for number in range(2))
    remember(first)
    remember(second)
    with pytest.raises(AssertionError, match="again"):
        remember(first, forbidden)


def npz(**arrays):
    def write(path):
        with open(path, "wb") as stream:
            np.savez(stream, **arrays)

    return write


def packed(content):
    return np.frombuffer(json.dumps(content).encode(), np.uint8)


NONE = np.zeros(0, "V16")
SPOILT = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no archive"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-30]),
    "begins like an archive": lambda path: path.write_bytes(b"PK\x03\x04" + bytes(40)),
    "plain array": lambda path: path.write_bytes(array()),
    "no arrays": npz(),
    "no json": npz(good=NONE, broken=np.zeros(3, np.uint8)),
    "a list": npz(good=NONE, broken=packed([1, 2])),
    "no pairs": npz(good=NONE, broken=packed({"00": 1})),
    "pickled": npz(good=np.array([{}], object), broken=packed({})),
}


def array():
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_memory_is_ignored_and_renewed(file, cache, how):
    remember(file)
    (path,) = cache.iterdir()
    SPOILT[how](path)
    assert remember(file) is None
    assert remember(file, forbidden) is None


def test_a_cache_that_cannot_be_written_is_no_harm(file, tmp_path, monkeypatch):
    (tmp_path / "plain").write_text("a file where the folder should be")
    monkeypatch.setenv("FEEDLINE_CACHE", str(tmp_path / "plain" / "cache"))
    assert remember(file) is None
    assert (tmp_path / "plain").read_text() == "a file where the folder should be"
