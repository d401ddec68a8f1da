"""codecs/tiff_tags.py: directories byte by byte."""

import struct

import numpy as np
import pytest

from feedline.codecs.tiff_tags import directories, single
from feedline.errors import DecodeError

BOTH = pytest.mark.parametrize("order", ["<", ">"])


def classic(order, *listed, follow=0, start=8):
    """A file of one directory of (tag, type, count, value) entries, each value 4 bytes."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    entries = b"".join(struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in listed)
    return head + bytes(start - 8) + struct.pack(order + "H", len(listed)) + entries + struct.pack(order + "I", follow)


@BOTH
def test_values_lie_in_the_entry_or_elsewhere(order):
    short = struct.pack(order + "HH", 7, 9)
    far = struct.pack(order + "I", 100)
    data = classic(order, (256, 3, 2, short), (257, 4, 3, far)).ljust(100, b"\0") + struct.pack(
        order + "3I", 1, 2, 70000
    )
    (directory,) = directories(data)
    assert directory.values(256).tolist() == [7, 9]
    assert directory.values(257).tolist() == [1, 2, 70000]
    assert directory.first(256) == 7
    assert directory.first(999, 5) == 5


@BOTH
def test_bigtiff(order):
    head = (b"II+\0" if order == "<" else b"MM\0+") + struct.pack(order + "HHQ", 8, 0, 16)
    entry = struct.pack(order + "HHQQ", 256, 16, 1, 2**40)
    (directory,) = directories(head + struct.pack(order + "Q", 1) + entry + bytes(8))
    assert directory.values(256).tolist() == [2**40]


@pytest.mark.parametrize("size", [4, 7, 8, 20, 25])
def test_a_file_that_ends_within_its_directory_is_truncated(size):
    data = classic("<", (256, 3, 1, bytes(4)), (257, 3, 1, bytes(4)))
    with pytest.raises(DecodeError, match=f"{size} bytes") as caught:
        list(directories(data[:size]))
    assert caught.value.kind == "truncated"


def test_values_beyond_the_end_are_truncated():
    (directory,) = directories(classic("<", (273, 4, 2**30, struct.pack("<I", 8))))
    with pytest.raises(DecodeError, match="tag 273 ends beyond") as caught:
        directory.values(273)
    assert caught.value.kind == "truncated"


def test_directories_in_a_circle_are_corrupt():
    with pytest.raises(DecodeError, match="run in a circle") as caught:
        list(directories(classic("<", (256, 3, 1, bytes(4)), follow=8)))
    assert caught.value.kind == "corrupt"


def test_an_empty_directory_and_one_of_thousands_of_tags_are_corrupt():
    with pytest.raises(DecodeError, match="of 0 tags"):
        list(directories(classic("<")))
    with pytest.raises(DecodeError, match="of 60000 tags"):
        list(directories(b"II*\0\x08\0\0\0" + struct.pack("<H", 60000)))


@BOTH
def test_a_page_alone_has_the_kept_and_the_changed_tags(order):
    far = struct.pack(order + "I", 100)
    data = classic(order, (256, 3, 1, bytes(4)), (270, 4, 3, far), (274, 3, 1, bytes(4)), follow=8).ljust(100, b"\0")
    data += struct.pack(order + "3I", 5, 6, 7)
    directory = next(directories(data))
    (alone,) = directories(single(data, directory, frozenset({256, 270}), {273: [8, 9], 277: [1]}))
    assert sorted(alone.tags) == [256, 270, 273, 277]
    assert alone.values(270).tolist() == [5, 6, 7]
    assert alone.values(273).tolist() == [8, 9]
    assert np.array_equal(alone.values(277), [1])
