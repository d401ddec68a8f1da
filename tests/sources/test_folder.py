"""sources/folder.py on real folders."""

import os
import warnings

import pytest
from contracts.source import SourceContract

import feedline
from feedline.errors import DataError, DecodeError
from feedline.sources import FolderSource


def fill(root, *names):
    """Files with their own name as content: a source decodes nothing."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def listed(source):
    return [os.path.relpath(source.path(index), source.root) for index in range(len(source))]


class TestContract(SourceContract):
    NAMES = ("a/1.jpg", "a/2.png", "b/3.jpg", "b/deep/4.jpg", "c/5.JPEG")

    @pytest.fixture
    def source(self, tmp_path):
        return FolderSource(fill(tmp_path / "root", *self.NAMES))

    @pytest.fixture
    def contents(self):
        return [(name.encode(), "abc".index(name[0])) for name in self.NAMES]


def test_classes_are_the_folders_in_the_order_of_their_names(tmp_path):
    source = FolderSource(fill(tmp_path, "b/1.jpg", "a/1.jpg", "B/1.jpg", "10/1.jpg", "9/1.jpg"))
    assert source.classes == ["10", "9", "B", "a", "b"]
    assert source.targets.tolist() == [0, 1, 2, 3, 4]


def test_files_are_in_the_order_of_their_folder_and_then_their_name(tmp_path):
    """The rule that torchvision's ImageFolder documents and keeps: sorted(os.walk(...)), then sorted names."""
    fill(tmp_path, "a/z.jpg", "a/b/1.jpg", "a/b-c/1.jpg", "a/b/c/0.jpg", "a/a.jpg", "a/10.jpg", "a/9.jpg", "b/x.png")
    expected = []
    for name in sorted(entry.name for entry in os.scandir(tmp_path) if entry.is_dir()):
        for folder, _, files in sorted(os.walk(tmp_path / name, followlinks=True)):
            expected += [os.path.relpath(os.path.join(folder, file), tmp_path) for file in sorted(files)]
    assert listed(FolderSource(tmp_path)) == expected


@pytest.mark.parametrize(
    "suffix",
    [
        "jpg",
        "jpeg",
        "jpe",
        "jfif",
        "png",
        "bmp",
        "gif",
        "webp",
        "tif",
        "tiff",
        "ppm",
        "pgm",
        "pbm",
        "pnm",
        "JPG",
        "Png",
    ],
    ids=str,
)
def test_a_suffix_of_an_image(tmp_path, suffix):
    assert listed(FolderSource(fill(tmp_path, f"a/1.{suffix}"))) == [f"a/1.{suffix}"]


def test_other_and_hidden_files_are_passed_over(tmp_path):
    fill(tmp_path, "a/1.jpg", "a/notes.txt", "a/jpg", "a/.2.jpg", "a/.hidden/3.jpg", ".git/4.jpg", "README.md")
    assert listed(FolderSource(fill(tmp_path, "a/1.jpg.txt"))) == ["a/1.jpg"]


def test_a_folder_named_like_an_image_is_a_folder(tmp_path):
    assert listed(FolderSource(fill(tmp_path, "a/b.jpg/1.jpg"))) == ["a/b.jpg/1.jpg"]


def test_links_are_followed(tmp_path):
    root = fill(tmp_path / "root", "a/1.jpg")
    fill(tmp_path / "else", "x/2.jpg")
    (root / "b").symlink_to(tmp_path / "else" / "x")
    (root / "a" / "3.jpg").symlink_to(tmp_path / "else" / "x" / "2.jpg")
    source = FolderSource(root)
    assert listed(source) == ["a/1.jpg", "a/3.jpg", "b/2.jpg"]
    assert [source[index].data for index in range(3)] == [b"a/1.jpg", b"x/2.jpg", b"x/2.jpg"]


@pytest.mark.parametrize("target", [".", "deep", "../../a"])
def test_a_link_back_to_a_folder_above_is_not_entered(tmp_path, target):
    root = fill(tmp_path, "a/1.jpg", "a/deep/2.jpg")
    (root / "a" / "deep" / "back").symlink_to(target if target != "deep" else "../deep")
    assert listed(FolderSource(root)) == ["a/1.jpg", "a/deep/2.jpg"]


@pytest.mark.parametrize("place", ["me", "a/me"])
def test_a_link_to_itself_is_passed_over(tmp_path, place):
    root = fill(tmp_path, "a/1.jpg")
    (root / place).symlink_to("me")
    assert listed(FolderSource(root)) == ["a/1.jpg"]


def test_names_that_are_no_utf8_are_read(tmp_path):
    fill(tmp_path, "a/1.jpg")
    with open(os.fsencode(tmp_path) + b"/a/\xff.jpg", "wb") as stream:
        stream.write(b"odd")
    source = FolderSource(tmp_path)
    assert os.fsencode(source.path(1)).endswith(b"/a/\xff.jpg")
    assert source[1].data == b"odd"


def test_a_relative_root_stays_where_it_was(tmp_path, monkeypatch):
    fill(tmp_path / "root", "a/1.jpg")
    monkeypatch.chdir(tmp_path)
    source = FolderSource("root")
    monkeypatch.chdir("/")
    assert source[0].data == b"a/1.jpg"
    assert source.root == str(tmp_path / "root")


def test_images_beside_the_classes_are_warned_of(tmp_path):
    fill(tmp_path, "a/1.jpg", "2.jpg", "3.png", "notes.txt", ".4.jpg")
    with pytest.warns(UserWarning, match="2 image files lie directly in .*, in no class: left out"):
        source = FolderSource(tmp_path)
    assert listed(source) == ["a/1.jpg"]


def test_the_warning_points_to_who_opened_the_folder(tmp_path):
    fill(tmp_path, "a/1.jpg", "2.jpg")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        feedline.open(tmp_path)
    assert [os.path.basename(warning.filename) for warning in caught] == [os.path.basename(__file__)]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], r"no class folder in .* \(0 image files"),
        (["1.jpg", "2.jpg"], r"no class folder in .* \(2 image files .*ROOT/CLASS/IMAGE"),
        ([".hidden/1.jpg"], "no class folder"),
        (["a/notes.txt", "b/.1.jpg"], "no image file in .* or below it.*\\.jpg"),
        (["a/1.jpg", "b/notes.txt"], r"class folder .*b holds no image file: fill it or remove it"),
        (["train/a/1.jpg", "val/a/1.jpg"], r"holds splits \(train, val\) .*open one of them, such as .*train"),
        (["Test/a/1.jpg", "TRAIN/a/1.jpg", "valid/a/1.jpg"], "holds splits"),
    ],
)
def test_a_folder_that_is_no_dataset_says_why(tmp_path, names, words):
    with pytest.raises(DataError, match=words) as caught:
        FolderSource(fill(tmp_path, *names))
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("names", [["train/1.jpg"], ["train/1.jpg", "val/1.jpg", "cat/1.jpg"]])
def test_one_name_of_a_split_among_others_is_a_class(tmp_path, names):
    assert len(FolderSource(fill(tmp_path, *names))) == len(names)


def test_no_such_folder(tmp_path):
    with pytest.raises(DataError, match=f"no such folder: {tmp_path}/missing"):
        FolderSource(tmp_path / "missing")
    fill(tmp_path, "file.jpg")
    with pytest.raises(DataError, match="no such folder"):
        FolderSource(tmp_path / "file.jpg")


def test_a_file_that_is_deleted_under_way_is_a_decode_error_with_its_place(tmp_path):
    source = FolderSource(fill(tmp_path, "a/1.jpg", "a/2.jpg"))
    (tmp_path / "a" / "2.jpg").unlink()
    for read in (lambda: source[1], lambda: source.read_batch([0, 1])):
        with pytest.raises(DecodeError) as caught:
            read()
        error = caught.value
        assert (error.kind, error.path, error.index) == ("unreadable", str(tmp_path / "a" / "2.jpg"), 1)
        assert "No such file" in str(error)
    assert source[0].data == b"a/1.jpg"
