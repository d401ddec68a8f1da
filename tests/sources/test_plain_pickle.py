"""sources/plain_pickle.py: what plain data is, and what is refused before anything runs."""

import collections
import datetime
import os
import pickle
import struct

import numpy as np
import pytest

from feedline.errors import DataError
from feedline.sources.plain_pickle import read_plain_pickle

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def put(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True], b"b": (b"bytes", "text"), "deep": {"er": [[]]}},
        collections.OrderedDict(a=1),
        {1, 2, 3},
        2**100,
    ],
    ids=["dict", "ordered", "set", "long"],
)
def test_plain_data_comes_back(tmp_path, protocol, value):
    assert read_plain_pickle(put(tmp_path / "data", pickle.dumps(value, protocol))) == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        ARRAY,
        ARRAY.astype(">f4"),
        ARRAY.astype("<i8"),
        np.asfortranarray(ARRAY),
        ARRAY > 5,
        ARRAY[:0],
        np.array([b"ab"]),
    ],
    ids=["bytes", "big", "little", "columns", "truths", "none", "text"],
)
def test_arrays_come_back(tmp_path, protocol, array):
    found = read_plain_pickle(put(tmp_path / "data", pickle.dumps({"x": [array]}, protocol)), "latin1")["x"][0]
    assert isinstance(found, np.ndarray)
    assert found.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
    assert np.array_equal(found, array)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_of_numpy_come_back(tmp_path, protocol):
    found = read_plain_pickle(put(tmp_path / "data", pickle.dumps([np.int64(5), np.float32(0.5)], protocol)))
    assert found == [5, 0.5]


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
@pytest.mark.parametrize("encoding", ["bytes", "latin1"])
def test_arrays_as_python_2_wrote_them(tmp_path, module, encoding):
    """Protocol 2, with the text of Python 2 as it was: short strings and strings without a code."""
    content = bytes(range(250, 256))
    pickled = (
        b"\x80\x02}q\x00U\x04dataq\x01c"
        + module
        + b"\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04"
        b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T" + struct.pack("<I", 6) + content + b"tbs."
    )
    found = read_plain_pickle(put(tmp_path / "data", pickled), encoding)
    array = found[b"data" if encoding == "bytes" else "data"]
    assert array.dtype == np.uint8
    assert array.tolist() == [[250, 251, 252], [253, 254, 255]]


class Runs:
    def __init__(self, function, *arguments):
        self.what = function, arguments

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "value",
    [
        Runs(os.system, "echo > trapped"),
        Runs(open, "trapped", "w"),
        Runs(eval, "open('trapped', 'w')"),
        Runs(getattr, "text", "upper"),
        Runs(bytearray, 10),
        np.array([Runs(open, "trapped", "w")], object),
        np.zeros(2, [("a", "u1"), ("b", "f4")]),
        np.array(["2020-01-01"], "M8[D]"),
        datetime.date(2020, 1, 1),
        np.load,
        {"data": [1, Runs(open, "trapped", "w")]},
    ],
    ids=["system", "open", "eval", "getattr", "bytearray", "objects", "fields", "dates", "date", "function", "deep"],
)
def test_all_else_is_refused_and_not_run(tmp_path, monkeypatch, protocol, value):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"refused to unpickle .*data: it asks for .*; only plain data"):
        read_plain_pickle(put(tmp_path / "data", pickle.dumps(value, protocol)), "latin1")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    "opcodes",
    [
        b"cos\nsystem\n(S'echo > trapped'\ntR.",
        b"(S'echo > trapped'\nios\nsystem\n.",
        b"(cos\nsystem\nS'echo > trapped'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0eecho > trapped\x85R.",
        b"\x80\x04\x8c\x05numpy\x8c\x10load.__globals__\x93.",
        b"\x80\x02\x82\x01.",
        b"Pname\n.",
        b"\x80\x02r\xff\xff\xff\x7f.",
        b"\x80\x02K\x00r\xff\xff\xff\x7f.",
    ],
    ids=["reduce", "inst", "obj", "stack global", "dotted", "extension", "persistent", "memo", "memo of a number"],
)
def test_opcodes_written_by_hand_are_refused(tmp_path, monkeypatch, opcodes):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"refused to unpickle|cannot read .* as a pickle"):
        read_plain_pickle(put(tmp_path / "data", opcodes))
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("state", [b"}U\x01aK\x01s", b"N}U\x08__call__K\x01s\x86", b"}U\x05_makeK\x01s"])
@pytest.mark.parametrize(
    "name", [b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"c__builtin__\nset\n"]
)
def test_what_builds_arrays_cannot_be_changed(tmp_path, name, state):
    with pytest.raises(DataError, match="cannot read"):
        read_plain_pickle(put(tmp_path / "data", b"\x80\x02c" + name + b"\n" + state + b"b."))
    assert read_plain_pickle(put(tmp_path / "good", pickle.dumps(ARRAY, 2))).tolist() == ARRAY.tolist()


def test_an_array_has_as_many_numbers_as_its_shape_says(tmp_path):
    whole = pickle.dumps(ARRAY, 2)
    wrong = whole.replace(b"K\x02K\x03K\x04\x87", b"K\x02K\x03K\x64\x87")
    assert wrong != whole
    with pytest.raises(DataError, match="cannot read"):
        read_plain_pickle(put(tmp_path / "data", wrong))


@pytest.mark.parametrize("content", [b"", b"words", b"\x80\x02", b"\x80\x63.", pickle.dumps([1] * 100)[:-5]])
def test_a_file_that_is_no_pickle(tmp_path, content):
    with pytest.raises(DataError, match=r"cannot read .*data as a pickle"):
        read_plain_pickle(put(tmp_path / "data", content))
    with pytest.raises(DataError, match="no such file"):
        read_plain_pickle(tmp_path / "none")


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("feedline.sources.plain_pickle.MAX_BYTES", 100)
    with pytest.raises(DataError, match="more than 100 bytes"):
        read_plain_pickle(put(tmp_path / "data", pickle.dumps(bytes(200))))
