"""_open.py: what opens what."""

import os

import numpy as np
import pytest
from imagebytes import encode, picture

import feedline
from feedline.errors import DataError
from feedline.sources import ArraySource, FolderSource


@pytest.fixture
def folder(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        (tmp_path / "pets" / name / "1.png").write_bytes(encode(picture("L"), "PNG"))
    return tmp_path / "pets"


@pytest.fixture
def arrays(tmp_path):
    images, labels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4), np.array([0, 1, 1])
    np.savez(tmp_path / "set.npz", images=images, labels=labels)
    np.save(tmp_path / "set.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    return tmp_path


def test_the_embedded_letters():
    dataset = feedline.open("glyphs")
    assert len(dataset) == 4000
    assert dataset.classes == list("ABCDEFGHIJ")
    assert np.bincount(dataset.targets).tolist() == [400] * 10
    assert dataset[0][0].shape == (28, 28, 1)
    assert dataset.mode == "unchanged"


def test_the_letters_of_one_family_belong_together():
    groups = feedline.open("glyphs").groups
    assert len(groups) == 4000
    assert all(len(set(groups[face * 10 : face * 10 + 10])) == 1 for face in range(400))
    assert 10 < len(set(groups)) < 400


def test_a_folder_of_the_embedded_name_is_opened_by_a_path(folder, monkeypatch):
    folder.rename(folder.parent / "glyphs")
    monkeypatch.chdir(folder.parent)
    assert feedline.open("./glyphs").classes == ["cat", "dog"]
    assert len(feedline.open("glyphs")) == 4000


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_a_folder(folder, kind):
    dataset = feedline.open(kind(folder))
    assert isinstance(dataset.source, FolderSource)
    assert dataset.classes == ["cat", "dog"]
    assert dataset.mode == "RGB"
    image, label = dataset[1]
    assert np.array_equal(image, np.asarray(picture("L").convert("RGB")))
    assert label == 1


@pytest.mark.parametrize("name", ["set.npz", "set.npy"])
def test_an_array(arrays, name):
    dataset = feedline.open(arrays / name)
    assert isinstance(dataset.source, ArraySource)
    assert dataset.mode == "unchanged"
    image, label = dataset[2]
    assert image[:, :, 0].tolist() == np.arange(32, 48).reshape(4, 4).tolist()
    assert label == 1


def test_a_suffix_counts_in_any_case(arrays):
    (arrays / "set.npz").rename(arrays / "SET.NPZ")
    assert len(feedline.open(arrays / "SET.NPZ")) == 3


def test_a_mode_is_taken_as_given(folder, arrays):
    assert feedline.open(folder, mode="L")[0][0].shape == (24, 40, 1)
    assert feedline.open(folder, mode="unchanged")[0][0].shape == (24, 40, 1)
    assert feedline.open(arrays / "set.npz", mode="RGB")[0][0].shape == (4, 4, 3)


def test_an_unknown_mode(folder):
    for mode in ("rgb", ""):
        with pytest.raises(ValueError, match="mode must be one of"):
            feedline.open(folder, mode=mode)


def test_a_transform_is_applied(folder):
    assert feedline.open(folder, transform=lambda image: image.shape)[0] == ((24, 40, 3), 0)


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=rf"no such file or folder: {tmp_path}/missing \(embedded sets: glyphs\)"):
        feedline.open(tmp_path / "missing")


@pytest.mark.parametrize("name", ["set.h5", "image.jpg", "noending"])
def test_a_file_that_nothing_opens(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(DataError, match=f"cannot open {tmp_path}/{name}: .* ends in .npz or .npy"):
        feedline.open(os.fspath(tmp_path / name))
