"""sources/files.py."""

import os
import re

import pytest

from feedline.errors import DataError, DecodeError
from feedline.sources.files import SUSPICIOUS, inside, missing_files, read_file


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.jpg", "a.jpg"),
        ("a/b.jpg", "a/b.jpg"),
        ("./a//b.jpg", "a/b.jpg"),
        ("a\\b.jpg", "a/b.jpg"),
        ("a/../b.jpg", "b.jpg"),
        ("..a/b..jpg", "..a/b..jpg"),
        ("/root/a.jpg", "a.jpg"),
        ("../root/a.jpg", "a.jpg"),
        ("größe/ .jpg", "größe/ .jpg"),
    ],
)
def test_paths_inside(name, found):
    assert inside("/root", name, "here") == found


OUTSIDE = ["", "..", "../a", "/a", "/rooted/a", "a/../../b", "..\\a", "C:\\a", "c:a", "\\\\h\\a", "http://a/b", "a\0b"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_paths_outside(name):
    with pytest.raises(DataError, match="line 5"):
        inside("/root", name, "line 5")
    assert re.search(SUSPICIOUS, name), "else it is never asked"


def test_paths_outside_where_allowed():
    assert inside("/root", "../a", "here", True) == "/a"
    assert inside("/root", "b/a", "here", True) == "b/a"


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    assert len(read_file(str(tmp_path / "a"), 3)) == 100_000


def test_what_cannot_be_read_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, word in [
        ("none", "No such file"),
        ("pipe", "not a regular file"),
        (".", "directory|regular"),
        ("a\0", "null"),
    ]:
        with pytest.raises(DecodeError, match=word) as raised:
            read_file(os.path.join(tmp_path, name), 3, " (note)")
        assert (raised.value.kind, raised.value.index) == ("unreadable", 3)
        assert raised.value.cause.endswith(" (note)")


def test_missing_files(tmp_path):
    (tmp_path / "1").write_bytes(b"")
    found = missing_files(3, lambda index: str(tmp_path / str(index)))
    assert [(finding.index, finding.path) for finding in found] == [(0, f"{tmp_path}/0"), (2, f"{tmp_path}/2")]
