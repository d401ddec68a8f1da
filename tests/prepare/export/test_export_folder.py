"""A store as class folders."""

import os

import pytest
from exported import picture, png, row, store

import feedline
from feedline.prepare.export import export
from feedline.store import Part, Row

HOSTILE = (
    "../../evil.png",
    "/etc/passwd",
    "..",
    "",
    "a/b\\..\\c.png",
    ".hidden.png",
    "nul\0byte.png",
    "a\nb.png",
    "x" * 400 + ".png",
    "é" * 200,
    "same.png",
    "other/same.png",
    "other/same-11.png",
    "SAME.PNG",
)


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_the_files_are_there_as_they_were(tmp_path, make_folder):
    folder = make_folder(tmp_path / "data", classes=("a", "b"), count=3)
    source = feedline.open(folder)
    images = [Part(path.read_bytes(), str(path.relative_to(folder))) for path in sorted(folder.rglob("*.png"))]
    rows = [Row(image, 16, 16, "png", label) for image, label in zip(images, source.targets.tolist(), strict=True)]
    path = store(tmp_path / "x.feed", {"all": rows}, classes=("a", "b"))
    assert export(path, tmp_path / "out", "folder", progress=False).left_out == ()
    assert files(tmp_path / "out") == files(folder)
    assert all((tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes() for name in files(folder))
    again = feedline.open(tmp_path / "out")
    assert (again.classes, again.targets.tolist()) == (source.classes, source.targets.tolist())


def test_no_path_leads_outside_and_no_file_is_lost(tmp_path):
    rows = [row(number, label=0, path=path) for number, path in enumerate(HOSTILE)]
    (tmp_path / "in").mkdir()
    path = store(tmp_path / "in" / "x.feed", {"all": rows})
    (tmp_path / "to").mkdir()
    export(path, tmp_path / "to" / "out", "folder", progress=False)
    assert sorted(os.listdir(tmp_path)) == ["in", "to"]
    assert os.listdir(tmp_path / "to") == ["out"]
    found = files(tmp_path / "to" / "out")
    assert sorted((tmp_path / "to/out" / name).read_bytes() for name in found) == sorted(
        each.image.data for each in rows
    )
    assert all(name.startswith("ant/") and name.isprintable() and len(os.fsencode(name)) < 200 for name in found)
    dataset = feedline.open(tmp_path / "to" / "out")
    assert len(dataset) == len(rows)
    assert {"ant/same.png", "ant/same-11.png", "ant/same-11-12.png"} <= set(found)


def test_classes_of_hostile_names_stay_apart(tmp_path):
    classes = ("../up", "", "a/b", "a\\b", "..")
    rows = [row(number, label=number) for number in range(5)]
    exported = export(store(tmp_path / "x.feed", {"all": rows}, classes=classes), tmp_path / "out", "folder")
    assert sorted(os.listdir(tmp_path)) == ["out", "x.feed"]
    assert sorted(os.listdir(tmp_path / "out")) == ["_up", "a_b", "a_b-3", "class", "class-4"]
    assert "the class 'a\\\\b' is called 'a_b-3' in all" in exported.left_out
    assert len(feedline.open(tmp_path / "out")) == 5


def test_what_has_no_class_lies_in_a_folder_of_its_own(tmp_path):
    rows = [row(number, label=number % 3 - 1) for number in range(9)]
    path = store(tmp_path / "x.feed", {"train": rows, "test": [row(20, label=-1)]})
    exported = export(path, tmp_path / "out", "folder", progress=False)
    assert sorted(os.listdir(tmp_path / "out")) == ["test", "train", "train-unlabelled"]
    assert exported.left_out == ("the samples of train without a class are in train-unlabelled",)
    for split, labels in (("train", [0, 0, 0, 1, 1, 1]), ("train-unlabelled", [-1] * 3), ("test", [-1])):
        assert feedline.open(tmp_path / "out", split=split).targets.tolist() == labels


def test_a_store_that_was_never_split_with_and_without_classes(tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(number, label=number % 2 - 1) for number in range(4)]})
    export(path, tmp_path / "out", "folder", progress=False)
    assert sorted(os.listdir(tmp_path / "out")) == ["all", "all-unlabelled"]
    path = store(tmp_path / "y.feed", {"all": [row(number, label=-1) for number in range(4)]})
    export(path, tmp_path / "flat", "folder", progress=False)
    assert files(tmp_path / "flat") == ["000.png", "001.png", "002.png", "003.png"]
    assert feedline.open(tmp_path / "flat").targets.tolist() == [-1] * 4


def test_classes_that_change_are_said(tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(0, label=0), row(1, label=2)]}, classes=("z", "lost", "a"))
    assert export(path, tmp_path / "out", "folder", progress=False).left_out == (
        "classes without a sample in all: lost",
        "the numbers of the classes of all: a folder's are in the order of their names",
    )


@pytest.mark.parametrize(
    ("form", "path", "ending"),
    [("jpeg", "a.JPEG", ".JPEG"), ("jpeg", "a.png", ".jpg"), ("raw", "a.nef", ".nef"), ("../x", "a", "._x")],
)
def test_names_end_as_their_format(tmp_path, form, path, ending):
    rows = [Row(Part(png(picture(0)), path), 5, 6, form, 0)]
    export(store(tmp_path / "x.feed", {"all": rows}), tmp_path / "out", "folder", progress=False)
    assert files(tmp_path / "out") == [f"ant/a{ending}"]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_raw_pixels_are_png_without_loss(tmp_path, channels):
    rows = [row(number, raw=True, channels=channels, path=f"{number}.jpg") for number in range(3)]
    path = store(tmp_path / "x.feed", {"all": rows}, shape=(6, 5, channels))
    export(path, tmp_path / "out", "folder", progress=False)
    assert files(tmp_path / "out") == ["ant/0.png", "ant/2.png", "bee/1.png"]
    dataset = feedline.open(tmp_path / "out", mode="unchanged")
    assert [(dataset[place][0] == picture(number, channels=channels)).all() for place, number in enumerate((0, 2, 1))]
