"""codecs/check.py on real files, good and broken."""

import struct

import pytest
from imagebytes import encode, picture
from PIL import Image

from feedline.codecs import decode
from feedline.codecs.check import Problem, check_data, check_file

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
        (encode(picture(), "PPM"), "unsupported", "ppm"),
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


@pytest.mark.parametrize(
    ("image", "form", "kind"),
    [
        (Image.new("L", (5, 4)), "TIFF", "blank"),
        (Image.new("RGBA", (5, 4), (0, 0, 0, 255)), "TIFF", "blank"),
        (Image.new("I;16", (5, 4)), "TIFF", "blank"),
        (Image.new("L", (5, 4), 1), "TIFF", None),
        (Image.new("L", (5, 4)), "PNG", None),
    ],
)
def test_a_tiff_of_nothing_but_zeros_is_warned_of(image, form, kind):
    data = encode(image, form)
    problem = check_data(data, "there", 3)
    assert (None if problem is None else (problem.kind, problem.path, problem.index)) == (kind and (kind, "there", 3))
    assert decode(data).shape == (4, 5, 3)  # a warning: it is read all the same


def test_what_is_larger_than_the_limits_is_a_problem():
    data = encode(picture("L"), "PNG")
    claim = data[:16] + struct.pack(">II", 2**15, 2**15) + data[24:]
    assert check_data(claim, "there", 0).kind == "too large"
