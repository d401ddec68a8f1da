"""codecs/lazy.py: slices as bytes have them, of files that are not read."""

import os
import struct

import numpy as np
import pytest
from imagebytes import encode, picture

from feedline.codecs import probe
from feedline.codecs.lazy import LazyBytes, read_file, unpack
from feedline.errors import DecodeError

DATA = np.random.default_rng(0).bytes(200_001)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a").write_bytes(DATA)
    return str(tmp_path / "a")


def test_slices_are_those_of_bytes(path):
    random = np.random.default_rng(1)
    with LazyBytes(path) as lazy:
        assert len(lazy) == len(DATA)
        for start, size in zip(random.integers(0, len(DATA) + 9, 500), random.integers(0, 9000, 500), strict=True):
            assert lazy[start : start + size] == DATA[start : start + size]
        assert lazy[-5:] == DATA[-5:]
        for place in (0, 65535, 65536, 200_000):
            assert lazy[place] == DATA[place]
        for place in (200_001, 10**9):
            with pytest.raises(IndexError):
                lazy[place]


def test_numbers_of_a_file_and_of_bytes(path):
    with LazyBytes(path) as lazy:
        for at in (0, 65534, 199_993):
            assert unpack("<IH", lazy, at) == unpack("<IH", DATA, at) == struct.unpack_from("<IH", DATA, at)
        with pytest.raises(struct.error):
            unpack("<I", lazy, 199_998)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_a_header_is_read_without_the_file(tmp_path, form):
    """A hole of 100 GB behind the picture: nobody could read it."""
    data = encode(picture(), form)
    path = tmp_path / "large"
    path.write_bytes(data)
    os.truncate(path, 100 * 10**9)
    assert probe(path) == probe(str(path)) == probe(data)


def test_a_directory_at_the_end_of_a_large_tiff_is_found(tmp_path):
    data = encode(picture(), "TIFF")
    start = 10**9
    (old,) = struct.unpack_from("<I", data, 4)
    path = tmp_path / "large.tif"
    path.write_bytes(data[:4] + struct.pack("<I", start) + data[8:])
    os.truncate(path, start)
    with open(path, "ab") as stream:
        stream.write(data[old:])
    assert probe(path) == probe(data)


def test_what_cannot_be_read_is_unreadable(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("missing", "No such file"), ("", "not a regular file"), ("pipe", "not a regular file")):
        for read in (read_file, LazyBytes):
            with pytest.raises(DecodeError, match=words) as caught:
                read(str(tmp_path / name))
            assert (caught.value.kind, caught.value.path) == ("unreadable", str(tmp_path / name))


def test_files_are_closed(path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        read_file(path)
        with pytest.raises(DecodeError):
            probe(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_that_claims_terabytes_is_too_large(tmp_path):
    with open(tmp_path / "sparse.png", "wb") as stream:
        stream.write(b"\x89PNG")
        stream.truncate(1 << 42)
    with pytest.raises(DecodeError, match="larger than any picture") as error:
        read_file(str(tmp_path / "sparse.png"))
    assert error.value.kind == "too large"


def test_a_path_that_is_none(tmp_path):
    with pytest.raises(DecodeError, match="null byte") as error:
        read_file("a\0b")
    assert error.value.kind == "unreadable"
