"""codecs/check.py on real files, good and broken."""

import pytest
from imagebytes import encode, picture

from feedline.codecs.check import Problem, check_file

JPEG = encode(picture(), "JPEG")
PNG = encode(picture("RGBA"), "PNG")


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["JPEG", "PNG"])
def test_a_good_file_is_no_problem(tmp_path, data):
    path = tmp_path / "any.name"
    path.write_bytes(data)
    assert check_file(str(path), 0) is None


@pytest.mark.parametrize(
    ("data", "kind", "cause"),
    [
        (b"", "empty", "the file is empty"),
        (b"some words", "wrong type", "not an image"),
        (JPEG[:-2], "truncated", "truncated JPEG"),
        (PNG[:-1], "truncated", "truncated PNG"),
        (PNG.replace(b"IDAT", b"iDAT"), "corrupt", "corrupt PNG"),
        (encode(picture(), "BMP"), "unsupported", "bmp"),
    ],
)
def test_a_broken_file_is_a_problem_with_its_place(tmp_path, data, kind, cause):
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    problem = check_file(str(path), 7)
    assert (problem.path, problem.index, problem.kind) == (str(path), 7, kind)
    assert cause in problem.cause


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    missing = str(tmp_path / "missing.jpg")
    assert check_file(missing, 3) == Problem(missing, 3, "unreadable", "No such file or directory")
    assert check_file(str(tmp_path), 4).kind == "unreadable"


def test_a_problem_as_dict():
    expected = {"path": "a.jpg", "index": 3, "kind": "empty", "cause": "why"}
    assert Problem("a.jpg", 3, "empty", "why").as_dict() == expected
