"""What differs is told, all of it at once."""

import cv2
import numpy as np
import pytest
from archives import zipped
from memory import Memory, picture

import feedline
from feedline import DataError, ImageDataset
from feedline.prepare.expect import expect
from feedline.sources import ArchiveSource, FolderSource
from feedline.subsets import subset


@pytest.fixture
def folder(tmp_path, make_folder):
    return make_folder(tmp_path / "data", size=16)


@pytest.fixture
def source(folder):
    return FolderSource(folder)


RIGHT = {"classes": ["c", "b", "a"], "size": (16, 16), "channels": 3, "count": 36, "names": ["000.png", "a/011.png"]}


@pytest.mark.parametrize("name", [*RIGHT, None])
def test_what_is_as_expected_passes(source, name):
    wanted = RIGHT if name is None else {name: RIGHT[name]}
    expect(source, **wanted)
    expect(ImageDataset(source), **wanted)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"classes": 10}, "there must be 10 classes, and there are 3: 'a', 'b', 'c'"),
        ({"classes": ["a", "d"]}, "classes must be 'a', 'd', and there is none called 'd'"),
        ({"classes": ["a", "d"]}, "and there are more: 'b', 'c'"),
        ({"count": 1000}, "there must be 1,000 samples, and there are 36"),
        (
            {"names": ["a/000.png", "d/000.png", "11.png"]},
            "and there are 2 missing: 'd/000.png', '1",
        ),
        ({"size": (16, 28)}, "must be 16 x 28 pixels .*, and there are 36 of 16 x 16, the first at .*000.png .index 0"),
        ({"channels": 1}, "must have 1 channels, and there are 36 of 3, the first at .*000.png"),
    ],
)
def test_what_differs_is_told(source, wanted, message):
    with pytest.raises(DataError, match=message):
        expect(source, **wanted)


def test_all_differences_are_told_at_once(source):
    with pytest.raises(DataError) as caught:
        expect(source, classes=2, count=1, size=(1, 1), channels=4)
    assert [each.found.split()[1] for each in caught.value.problems] == ["3:", "36", "36", "36"]
    assert len(str(caught.value).splitlines()) == 5


def test_the_few_that_differ_are_found_among_many(folder):
    for name, shape in (("b/005.png", (20, 10, 3)), ("c/001.png", (20, 10, 3)), ("c/002.png", (16, 16, 1))):
        cv2.imwrite(str(folder / name), picture(*shape))
    (folder / "a" / "003.png").write_bytes(b"broken")
    source = FolderSource(folder)
    with pytest.raises(DataError, match=r"there are 2 of 10 x 20, the first at .*b/005.png \(index 17\)") as caught:
        expect(source, size=(16, 16), channels=3)
    assert len(caught.value.problems) == 2
    expect(subset(ImageDataset(source), range(17)), size=(16, 16), channels=3, count=17)


def test_arrays_and_archives(tmp_path):
    expect(Memory([picture(4, 5, 1)] * 3, [0, 1, 2]), size=(5, 4), channels=1, classes=3)
    mixed = Memory([picture(4, 5, 1), picture(5, 4, 1)], [0, 1])
    with pytest.raises(DataError, match=r"1 of 4 x 5, the first at memory\[1\]"):
        expect(mixed, size=(5, 4), channels=1)
    png = cv2.imencode(".png", np.zeros((3, 7), np.uint8))[1].tobytes()
    archive = zipped(tmp_path / "x.zip", {"a/1.png": png, "b/1.png": png})
    expect(ArchiveSource(archive), size=(7, 3), channels=1, classes=["a", "b"], names=["a/1.png"])


def test_the_embedded_glyphs():
    expect(feedline.open("glyphs"), classes=list("ABCDEFGHIJ"), size=(28, 28), channels=1, count=4000)
