"""sources/watched.py."""

import os

import pytest

from feedline.errors import DecodeError
from feedline.sources.watched import WatchedFile


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    return str(tmp_path / "file")


def test_it_is_read_at_any_place(path):
    file = WatchedFile(path)
    assert (file.size, file.pread(3, 4), file.pread(5, 8)) == (10, b"456", b"89")
    with file.stream() as one:
        assert one.read(4) == b"0123"
    with file.stream() as other:
        assert other.read(4) == b"0123"


def test_what_is_deleted_or_replaced_stays_what_it_was(path, tmp_path):
    file = WatchedFile(path)
    (tmp_path / "other").write_bytes(b"other")
    os.replace(tmp_path / "other", path)
    file.require_unchanged("a", 1)
    assert file.pread(10, 0) == b"0123456789"
    os.unlink(path)
    with file.stream() as stream:
        assert stream.read() == b"0123456789"


@pytest.mark.parametrize("content", [b"", b"01234", b"012345678901", b"9876543210"])
def test_what_is_written_to_is_noticed(path, content):
    file = WatchedFile(path)
    with open(path, "r+b") as stream:
        stream.truncate(0)
        stream.write(content)
    os.utime(path, ns=(1, 1))
    with pytest.raises(DecodeError, match=r"cannot decode a\[1\] \(index 1\): .*file was changed after it was opened"):
        file.require_unchanged("a[1]", 1)


@pytest.mark.parametrize("change", ["replaced", "longer", "touched"])
def test_a_file_in_another_state_than_at_first_is_not_opened(path, tmp_path, change):
    first = WatchedFile(path)
    assert WatchedFile(path, first.state).state == first.state
    if change == "replaced":
        (tmp_path / "other").write_bytes(b"9876543210")
        os.utime(tmp_path / "other", ns=(first.state[1],) * 2)
        os.replace(tmp_path / "other", path)
    elif change == "longer":
        with open(path, "ab") as stream:
            stream.write(b"x")
        os.utime(path, ns=(first.state[1],) * 2)
    else:
        os.utime(path, ns=(1, 1))
    with pytest.raises(DecodeError, match="file was changed or replaced after it was opened first") as caught:
        WatchedFile(path, first.state)
    assert caught.value.kind == "unreadable"


def test_its_descriptor_goes_with_it(path):
    before = len(os.listdir("/dev/fd"))
    files = [WatchedFile(path) for _ in range(5)]
    assert len(os.listdir("/dev/fd")) == before + 5
    del files
    assert len(os.listdir("/dev/fd")) == before
    with pytest.raises(FileNotFoundError):
        WatchedFile(path + "none")
