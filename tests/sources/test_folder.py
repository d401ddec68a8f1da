"""sources/folder.py on real folders."""

import os
import pickle
import shutil
import warnings
from pathlib import Path

import pytest
from contracts.source import SourceContract

import feedline
from feedline.errors import DataError, DecodeError
from feedline.sources import FolderSource
from feedline.sources.scan import Walk
from feedline.types import UNLABELLED


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


class TestContractWithoutLabels(SourceContract):
    """Images at any depth, beside each other; a folder without images, hidden files and texts are passed over."""

    NAMES = ("0.jpg", "1.png", "b/3.jpg", "b/deep/4.jpg")

    @pytest.fixture
    def source(self, tmp_path):
        root = fill(tmp_path / "root", *self.NAMES, ".hidden.png", ".git/5.png", "notes.txt", "b/._3.jpg")
        (root / "empty").mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return FolderSource(root, labels=False)

    @pytest.fixture
    def contents(self):
        return [(name.encode(), UNLABELLED) for name in self.NAMES]

    def test_classes_name_every_label(self, source):
        assert source.classes == []

    def test_a_file_that_comes_is_found_and_classes_are_found_beside(self, source):
        fill(Path(source.root), "new/5.jpg")
        assert [*map(len, (FolderSource(source.root, labels=False), source))] == [5, 4]
        (Path(source.root) / "empty").rmdir()
        with pytest.warns(UserWarning, match="2 image files lie directly in"):
            assert FolderSource(source.root).classes == ["b", "new"]


def test_a_tree_without_an_image(tmp_path):
    (tmp_path / "deep/er").mkdir(parents=True)
    with pytest.raises(DataError, match=r"no image file in .* or below it$"):
        FolderSource(tmp_path, labels=False)


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


@pytest.fixture
def linked(tmp_path):
    """A folder with links to images and to folders, inside and outside of it."""
    root = fill(tmp_path / "root", "a/5.jpg", ".kept/x/2.jpg")
    fill(tmp_path / "else", "x/3.jpg", "notes.txt")
    for number, place in enumerate([root / ".kept", tmp_path / "else"]):
        (root / f"{number}").symlink_to(place / "x")
        (root / "a" / f"{number}.jpg").symlink_to(place / "x" / f"{number + 2}.jpg")
    (root / "a" / "notes.txt").symlink_to(tmp_path / "else" / "notes.txt")
    return root


def test_links_are_followed_inside_the_root(linked):
    with pytest.warns(UserWarning, match=f'2 symbolic links in {linked} lead out .*left out; links="anywhere"'):
        source = FolderSource(linked)
    assert source.classes == ["0", "a"]
    assert listed(source) == ["0/2.jpg", "a/0.jpg", "a/5.jpg"]
    assert [source[index].data for index in range(3)] == [b".kept/x/2.jpg", b".kept/x/2.jpg", b"a/5.jpg"]


def test_links_are_followed_anywhere_where_that_is_said(linked):
    with pytest.warns(UserWarning, match="2 symbolic links"):
        FolderSource(linked)
    source = FolderSource(linked, links="anywhere")
    assert listed(source) == ["0/2.jpg", "1/3.jpg", "a/0.jpg", "a/1.jpg", "a/5.jpg"]
    assert source[1].data == source[3].data == b"x/3.jpg"
    with pytest.raises(ValueError, match='"inside" or "anywhere"'):
        FolderSource(linked, links="all")


def test_a_root_that_is_a_link_is_a_root(linked):
    (linked.parent / "link").symlink_to(linked)
    with pytest.warns(UserWarning, match="2 symbolic links"):
        assert len(FolderSource(linked.parent / "link")) == 3
    (linked.parent / "link").unlink()
    (linked.parent / "link").symlink_to(fill(linked.parent / "other", "c/1.jpg"))
    assert FolderSource(linked.parent / "link").classes == ["c"]


def test_a_link_to_what_is_missing_is_listed_and_one_to_a_pipe_is_not(tmp_path):
    fill(tmp_path, "a/1.jpg")
    os.mkfifo(tmp_path / "a" / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a" / "2.jpg").symlink_to(tmp_path / "pipe")
    (tmp_path / "a" / "3.jpg").symlink_to(tmp_path / "missing")
    source = FolderSource(tmp_path)
    assert listed(source) == ["a/1.jpg", "a/3.jpg"]
    with pytest.raises(DecodeError, match="No such file"):
        source[1]


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
        ([], r"no class folder in .*, and no image directly in it: expected ROOT/CLASS/IMAGE, or ROOT/IMAGE"),
        (["notes.txt", ".1.jpg"], "no class folder in .*, and no image directly in it"),
        ([".hidden/1.jpg"], "no class folder"),
        (["a/notes.txt", "b/.1.jpg"], "no image file in .* or below it.*\\.jpg"),
        (["a/1.jpg", "b/notes.txt"], r"class folder .*b holds no image file: fill it or remove it"),
        (
            ["train/a/1.jpg", "val/a/1.jpg"],
            r"splits \(train, val\) .*open one of them, such as .*/train, or by split='train'",
        ),
        (["Test/a/1.jpg", "TRAIN/a/1.jpg", "valid/a/1.jpg"], "holds splits"),
    ],
)
def test_a_folder_that_is_no_dataset_says_why(tmp_path, names, words):
    with pytest.raises(DataError, match=words) as caught:
        FolderSource(fill(tmp_path, *names))
    assert str(tmp_path) in str(caught.value)


class TestContractOfAFlatFolder(SourceContract):
    NAMES = ("1.jpg", "10.JPG", "2.png", "a.gif")

    @pytest.fixture
    def source(self, tmp_path):
        return FolderSource(fill(tmp_path / "root", *self.NAMES, "notes.txt"))

    @pytest.fixture
    def contents(self):
        return [(name.encode(), UNLABELLED) for name in self.NAMES]

    def test_classes_name_every_label(self, source):
        assert source.classes == []


class TestContractOfASplit(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        fill(tmp_path / "root", "Train/a/1.jpg", "Train/b/2.jpg", "Train/b/3.jpg", "Train/b/c/4.jpg", "VALID/a/5.jpg")
        return FolderSource(tmp_path / "root", "training")

    @pytest.fixture
    def contents(self):
        return [(f"Train/{name}.jpg".encode(), int(name[0] == "b")) for name in ("a/1", "b/2", "b/3", "b/c/4")]


@pytest.mark.parametrize(
    ("folder", "split"),
    [("train", "train"), ("Training", "TRAIN"), ("val", "validation"), ("VALID", "val"), ("testing", "test")],
)
def test_a_split_is_opened_by_any_of_its_names(tmp_path, folder, split):
    source = FolderSource(fill(tmp_path, f"{folder}/a/1.jpg", "other/b/1.jpg"), split=split)
    assert (source.classes, source.root) == (["a"], str(tmp_path / folder))
    assert repr(source) == f"FolderSource({str(tmp_path)!r}, split={split!r})"


def test_a_split_may_be_without_classes_and_of_another_name(tmp_path):
    source = FolderSource(fill(tmp_path, "dev/1.jpg", "train/a/1.jpg"), split="Dev")
    assert (source.classes, source.targets.tolist()) == ([], [UNLABELLED])


def test_the_name_as_given_comes_first(tmp_path):
    fill(tmp_path, "val/a/1.jpg", "valid/b/1.jpg")
    assert FolderSource(tmp_path, split="valid").classes == ["b"]
    with pytest.raises(DataError, match=r"more than one split 'validation' \(val, valid\) in "):
        FolderSource(tmp_path, split="validation")


@pytest.mark.parametrize("split", ["test", "../train", "", "."])
def test_no_such_split_lists_those_that_are_there(tmp_path, split):
    fill(tmp_path, "val/a/1.jpg", "train/b/1.jpg")
    with pytest.raises(DataError, match=f"no split '{split}' in {tmp_path}: .* train, val"):
        FolderSource(tmp_path, split=split)


def test_a_link_of_a_split_may_lead_into_another_split(tmp_path):
    fill(tmp_path, "train/a/1.jpg", "val/a/2.jpg")
    (tmp_path / "val" / "b").symlink_to(tmp_path / "train" / "a")
    assert listed(FolderSource(tmp_path, split="val")) == ["a/2.jpg", "b/1.jpg"]
    with pytest.warns(UserWarning, match="1 symbolic links"):
        assert listed(FolderSource(tmp_path / "val")) == ["a/2.jpg"]


def settle(root):
    """Folders that changed long ago, so that every later change is another time of change."""
    for folder, _, _ in os.walk(root):
        os.utime(folder, ns=(10**18, 10**18))
    return root


def scans(monkeypatch):
    """The folders that are listed from now on."""
    found = []
    listing = Walk.listed
    monkeypatch.setattr(Walk, "listed", lambda walk, folder, real: found.append(folder) or listing(walk, folder, real))
    return found


def test_a_folder_that_did_not_change_is_not_scanned_again(tmp_path, monkeypatch):
    root = settle(fill(tmp_path / "root", "a/1.jpg", "b/deep/2.jpg", "3.jpg"))
    found = scans(monkeypatch)
    with pytest.warns(UserWarning, match="1 image files"):
        first = FolderSource(root)
    assert len(found) == 4
    with pytest.warns(UserWarning, match="1 image files"):
        again = FolderSource(root)
    assert len(found) == 4
    assert (listed(again), again.classes, again.targets.tolist()) == (listed(first), ["a", "b"], [0, 1])


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "a" / "new.jpg").write_bytes(b""),
        lambda root: (root / "b" / "deep" / "2.jpg").unlink(),
        lambda root: (root / "a" / "1.jpg").rename(root / "a" / "0.jpg"),
        lambda root: (root / "b").rename(root / "c"),
        lambda root: fill(root, "new/1.jpg"),
        lambda root: fill(root, "b/hollow/1.jpg"),
        lambda root: ((root / "link").unlink(), (root / "link").symlink_to("b")),
    ],
    ids=["new", "gone", "renamed", "class renamed", "new class", "first in a folder", "link"],
)
def test_a_folder_that_changed_is_scanned_again(tmp_path, cache, change):
    root = fill(tmp_path / "root", "a/1.jpg", "a/3.jpg", "b/deep/2.jpg", "b/4.jpg")
    (root / "link").symlink_to("a")
    (root / "b" / "hollow").mkdir()
    settle(root)
    FolderSource(root)
    change(root)
    again = FolderSource(root)
    shutil.rmtree(cache)
    fresh = FolderSource(root)
    assert (listed(again), again.classes, again.targets.tolist()) == (
        listed(fresh),
        fresh.classes,
        fresh.targets.tolist(),
    )


def test_a_change_within_the_same_tick_of_the_clock_is_seen(tmp_path):
    root = fill(tmp_path / "root", "a/1.jpg")
    FolderSource(root)
    changed = os.stat(root / "a").st_mtime_ns
    fill(root, "a/2.jpg")
    os.utime(root / "a", ns=(changed, changed))
    assert len(FolderSource(root)) == 2


def test_a_file_replaced_in_place_is_read_as_it_is(tmp_path):
    root = settle(fill(tmp_path / "root", "a/1.jpg"))
    FolderSource(root)
    (root / "a" / "1.jpg").write_bytes(b"new")
    assert FolderSource(root)[0].data == b"new"


def test_what_is_pickled_does_not_grow_with_the_files(tmp_path):
    source = FolderSource(fill(tmp_path, *(f"a/{number}.jpg" for number in range(300))))
    assert len(pickle.dumps(source)) < 1000


def test_a_folder_that_cannot_be_listed_is_named(tmp_path):
    deep = "/".join(["d" * 250] * 20)
    fill(tmp_path, "a/1.jpg")
    here = os.open(tmp_path / "a", os.O_RDONLY)
    for name in deep.split("/"):
        os.mkdir(name, dir_fd=here)
        here, last = os.open(name, os.O_RDONLY, dir_fd=here), here
        os.close(last)
    os.close(here)
    with pytest.raises(DataError, match=f"cannot list the folder {tmp_path}/a/ddd.*too long"):
        FolderSource(tmp_path)


@pytest.mark.parametrize("names", [["train/1.jpg"], ["train/1.jpg", "training/1.jpg", "cat/1.jpg"]])
def test_the_name_of_one_split_among_others_is_a_class(tmp_path, names):
    assert len(FolderSource(fill(tmp_path, *names))) == len(names)


def test_splits_beside_something_else_are_no_classes(tmp_path):
    with pytest.raises(DataError, match=r"holds splits \(train, val\) and not classes.*by split='train'"):
        FolderSource(fill(tmp_path, "docs/logo.jpg", "train/cat/1.jpg", "val/cat/1.jpg"))


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
