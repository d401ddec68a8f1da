"""sources/convert.py: whole or not at all, and not without end."""

import bz2
import gzip
import lzma
import os
import shutil

import pytest

from feedline.errors import DataError
from feedline.sources.convert import convert, converted

DATA = bytes(range(256)) * 9000


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_it_unpacks(tmp_path, pack):
    (tmp_path / "a.tar.x").write_bytes(pack(DATA))
    convert(tmp_path / "a.tar.x", tmp_path / "a.tar")
    assert (tmp_path / "a.tar").read_bytes() == DATA


def test_it_is_done_once_and_anew_for_another_state(tmp_path, cache):
    file = tmp_path / "a.tar.gz"
    file.write_bytes(gzip.compress(DATA))
    first = converted(file)
    assert first.read_bytes() == DATA
    before = first.stat().st_mtime_ns
    assert converted(file) == first
    assert first.stat().st_mtime_ns == before
    file.write_bytes(gzip.compress(b"other"))
    assert converted(file).read_bytes() == b"other"
    assert len(list((cache / "archives").iterdir())) == 1


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_cut_file_is_not_converted_and_leaves_nothing(tmp_path, pack):
    (tmp_path / "a.gz").write_bytes(pack(os.urandom(30_000))[:-100])
    with pytest.raises(DataError, match=r"a\.gz is cut or damaged and not converted"):
        convert(tmp_path / "a.gz", tmp_path / "a.tar")
    assert os.listdir(tmp_path) == ["a.gz"]


def test_a_bomb_stops_at_the_limit(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(DataError, match=r"unpacks to more than 2,000,000 bytes: .*limit="):
        convert(tmp_path / "a.gz", tmp_path / "a.tar", limit=2_000_000)
    assert os.listdir(tmp_path) == ["a.gz"]


def test_no_room_is_told_before(tmp_path):
    """A file with a hole, larger than what is free: what it unpacks to would be no smaller."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(DATA))
    os.truncate(tmp_path / "a.gz", shutil.disk_usage(tmp_path).free + 2**30)
    with pytest.raises(DataError, match=r"no room to convert .*a\.gz: .* bytes are free .*FEEDLINE_CACHE"):
        convert(tmp_path / "a.gz", tmp_path / "a.tar")
    assert os.listdir(tmp_path) == ["a.gz"]


def test_what_is_not_compressed_is_an_os_error(tmp_path):
    (tmp_path / "a.gz").write_bytes(b"words")
    with pytest.raises(OSError, match="neither by gzip nor by bzip2 or xz"):
        convert(tmp_path / "a.gz", tmp_path / "a.tar")


@pytest.mark.parametrize("place", ["a file", "a file/below", "/proc/nope"])
def test_a_cache_that_cannot_be_written_is_named_and_not_the_data(tmp_path, monkeypatch, place):
    (tmp_path / "a file").write_bytes(b"")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(DATA))
    monkeypatch.setenv("FEEDLINE_CACHE", str(tmp_path / place))
    with pytest.raises(DataError, match=r"cannot write what .*a\.tar\.gz unpacks to into the cache folder") as caught:
        converted(tmp_path / "a.tar.gz")
    assert str(tmp_path / place) in str(caught.value)
    assert "set FEEDLINE_CACHE" in str(caught.value)


def test_a_file_that_is_gone_is_not_blamed_on_the_cache(tmp_path, cache):
    with pytest.raises(FileNotFoundError):
        converted(tmp_path / "a.tar.gz")
