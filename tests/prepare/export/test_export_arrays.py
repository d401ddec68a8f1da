"""A store as one array: npz and HDF5, scaled and not."""

import tracemalloc

import h5py
import numpy as np
import pytest
from exported import HALF, picture, row, store

import feedline
from feedline.errors import DataError
from feedline.prepare.export import export
from feedline.prepare.export.scale import Scaling


def arrays(path):
    """What a program without feedline reads: images, labels, classes."""
    if path.suffix == ".npz":
        with np.load(path) as found:
            return found["images"], found["labels"], found["classes"].tolist()
    with h5py.File(path) as file:
        return file["images"][...], file["labels"][...], file["classes"].asstr()[...].tolist()


@pytest.mark.parametrize("to", ["npz", "h5"])
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_scaled_as_the_store_says(to, raw, channels, tmp_path):
    rows = [row(number, raw=raw, channels=channels) for number in range(9)]
    half = {"mean": [0.5], "std": [1.0]}
    shape = (6, 5, channels) if raw else None
    path = store(tmp_path / "x.feed", {"all": rows}, shape=shape, normalize=half, shard_bytes=500)
    export(path, tmp_path / f"x.{to}", to, normalized=True, progress=False)
    images, labels, classes = arrays(tmp_path / f"x.{to}")
    expected = np.stack([picture(number, channels=channels) for number in range(9)])
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, (expected - 127.5) / 255, atol=1e-7, rtol=0)
    assert (labels.tolist(), classes) == ([number % 2 for number in range(9)], ["ant", "bee"])
    dataset = feedline.open(tmp_path / f"x.{to}")
    assert np.array_equal(dataset[3][0], images[3])
    assert dataset.classes == ["ant", "bee"]


def test_each_channel_has_its_numbers():
    scaling = Scaling({"mean": [0.0, 0.5, 1.0], "std": [1.0, 0.5, 0.25]}, "x")
    assert scaling(np.full((1, 1, 3), 255, np.uint8)).tolist() == [[[1.0, 1.0, 0.0]]]
    assert scaling(np.zeros((1, 1, 3), np.uint8)).tolist() == [[[0.0, -1.0, -4.0]]]


@pytest.mark.parametrize(
    ("normalize", "says"),
    [
        ({"mean": [0.5]}, "the std that x says must be numbers"),
        ({"mean": ["a"], "std": [1]}, "the mean that x says must be numbers"),
        ({"mean": [0.5], "std": [0]}, "the std that x says must not be 0"),
        ({"mean": [float("nan")], "std": [1]}, "must be numbers"),
    ],
)
def test_what_cannot_scale_is_refused(normalize, says):
    with pytest.raises(DataError, match=says):
        Scaling(normalize, "x")


def test_images_of_several_sizes_are_no_array(tmp_path):
    rows = [row(0), row(1, height=7)]
    path = store(tmp_path / "x.feed", {"all": rows}, normalize=HALF)
    with pytest.raises(DataError, match=r"are 5 x 6 and 5 x 7: pack them with --raw WIDTHxHEIGHT, or export to folder"):
        export(path, tmp_path / "x.npz", "npz", progress=False)
    with pytest.raises(DataError, match="pack them with --raw"):
        export(path, tmp_path / "x.h5", "h5", normalized=True, progress=False)
    export(path, tmp_path / "x.h5", "h5", progress=False)
    assert [feedline.open(tmp_path / "x.h5")[number][0].shape for number in (0, 1)] == [(6, 5, 3), (7, 5, 3)]


def test_images_of_several_kinds_are_no_array(tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(0), row(1, channels=1)]})
    with pytest.raises(DataError, match=r"6 x 5 x 3 and 6 x 5 x 1 \(index 1\)"):
        export(path, tmp_path / "x.npz", "npz", progress=False)
    assert not (tmp_path / "x.npz").exists()


@pytest.mark.parametrize(("to", "name", "told"), [("npz", "b\udc80e", 0), ("h5", r"b\udc80e", 1)])
def test_names_of_classes_that_are_no_utf8(to, name, told, tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(0), row(1)]}, classes=("ant", "b\udc80e"))
    done = export(path, tmp_path / f"x.{to}", to, progress=False)
    assert arrays(tmp_path / f"x.{to}")[2] == feedline.open(tmp_path / f"x.{to}").classes == ["ant", name]
    assert len([what for what in done.left_out if "names of classes" in what]) == told


@pytest.mark.parametrize("to", ["npz", "h5"])
def test_memory_does_not_grow_with_the_store(to, tmp_path):
    rows = [row(number, raw=True, height=256, width=256) for number in range(8)] * 20
    path = store(tmp_path / "x.feed", {"all": rows}, shape=(256, 256, 3), shard_bytes=2**23)
    del rows
    tracemalloc.start()
    try:
        export(path, tmp_path / f"x.{to}", to, progress=False)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / f"x.{to}").stat().st_size > 31e6
    assert most < 14e6
