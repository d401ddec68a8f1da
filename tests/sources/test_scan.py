"""sources/scan.py on real trees; what becomes of it is tested with the folders."""

import os

import pytest

from feedline.errors import DataError
from feedline.sources.scan import NEVER, Walk, state


@pytest.fixture
def tree(tmp_path):
    for name in ("b/2.jpg", "b/1.JPG", "b/-/0.png", "b.c/x.jpg", "b/notes.txt", "b/.h/4.jpg", "b/e/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return str(tmp_path)


def test_a_listing_has_images_and_folders(tree):
    images, folders = Walk(tree, lambda _: None).listed(f"{tree}/b", f"{tree}/b")
    assert images == ["1.JPG", "2.jpg"]
    assert folders == {"-": f"{tree}/b/-", "e": f"{tree}/b/e"}


def test_arrays_are_pictures_where_there_is_nothing_else(tmp_path):
    def listed(*names):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(b"")
        return Walk(None, lambda _: None).listed(str(folder), str(folder))[0]

    assert listed("2.npy", "1.NPY", ".hidden") == ["1.NPY", "2.npy"]
    assert listed("1.npy", "1.jpg") == ["1.jpg"]
    assert listed("1.npy", "notes.txt") == []
    assert listed("images.npy", "images.labels.npy") == []
    assert listed("1.npy", "class/1.jpg") == []


def test_folders_come_in_the_order_of_their_paths(tree):
    counts = []
    walk = Walk(tree, counts.append)
    assert list(walk.below(tree, "b", f"{tree}/b")) == [("b", ["1.JPG", "2.jpg"]), ("b/-", ["0.png"])]
    assert sum(counts) == 3
    assert set(walk.states) == {f"{tree}/b", f"{tree}/b/-", f"{tree}/b/e"}


def test_a_tree_may_be_deeper_than_calls_may_be(tmp_path):
    deep = str(tmp_path / "a")
    for _ in range(1200):
        os.mkdir(deep)
        deep += "/d"
    os.mkdir(deep)
    open(f"{deep}/1.jpg", "wb").close()
    found = Walk(None, lambda _: None).below(str(tmp_path), "a", str(tmp_path / "a"))
    assert [names for _, names in found] == [["1.jpg"]]
    os.unlink(f"{deep}/1.jpg")
    (tmp_path / "kept").touch()
    os.removedirs(deep)  # what removes the folders of tests is a call a level


def test_a_folder_that_is_gone_is_named(tree):
    with pytest.raises(DataError, match=f"cannot list the folder {tree}/gone: No such file"):
        Walk(tree, lambda _: None).listed(f"{tree}/gone", f"{tree}/gone")


def test_the_state_of_a_folder_that_changed_just_now_is_never_trusted(tree):
    walk = Walk(tree, lambda _: None)
    walk.listed(tree, tree)
    assert walk.states[tree] == NEVER != state(tree)
    os.utime(tree, ns=(10**18, 10**18))
    walk.listed(tree, tree)
    assert walk.states[tree] == state(tree)
    assert state(tree)[0] == 10**18
