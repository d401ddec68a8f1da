"""Files that are whole or absent."""

import os
import subprocess
import sys

import pytest

from feedline._atomic import replacing, write_whole


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    return path


def test_takes_the_place_when_the_block_ends(file):
    with replacing(file) as stream:
        stream.write(b"new")
        assert file.read_bytes() == b"old"
    assert file.read_bytes() == b"new"
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_content_and_nothing_else(file, error):
    def fail():
        with replacing(file) as stream:
            stream.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert file.read_bytes() == b"old"
    assert os.listdir(file.parent) == [file.name]


def test_a_place_that_cannot_be_taken_leaves_nothing(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "folder", "text")
    assert os.listdir(tmp_path) == ["folder"]


def test_survives_that_the_temporary_file_is_gone(file):
    def lose():
        with replacing(file):
            for name in os.listdir(file.parent):
                if name != file.name:
                    os.unlink(file.parent / name)
            raise ValueError("lost")

    with pytest.raises(ValueError, match="lost"):
        lose()
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize(("mask", "rights"), [(0o022, 0o644), (0o077, 0o600), (0o000, 0o666)])
def test_permissions_follow_the_umask(tmp_path, mask, rights):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "file", b"content")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == rights


def test_text_is_utf_8(tmp_path):
    write_whole(tmp_path / "file", "Ä")
    assert (tmp_path / "file").read_bytes() == b"\xc3\x84"


def test_a_killed_process_leaves_the_old_content(file):
    code = (
        "import sys\nfrom feedline._atomic import replacing\n"
        "with replacing(sys.argv[1]) as stream:\n"
        "    stream.write(b'x' * 100_000); stream.flush(); print('inside', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "inside\n"
        child.kill()
        assert child.wait() == -9
    assert file.read_bytes() == b"old"
