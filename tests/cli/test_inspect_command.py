"""Which mode and size suit images."""

import cv2
import numpy as np
import pytest

import feedline
from feedline.cli.inspect import Look, look_at


@pytest.fixture
def folder_of(tmp_path):
    def make(*shapes):
        (tmp_path / "data" / "a").mkdir(parents=True)
        for number, shape in enumerate(shapes):
            cv2.imwrite(str(tmp_path / "data" / "a" / f"{number}.png"), np.zeros(shape, np.uint8))
        return tmp_path / "data"

    return make


@pytest.mark.parametrize(
    ("shapes", "look"),
    [
        ([(16, 16)] * 3, Look("L", 16)),
        ([(16, 16, 3)] * 3, Look("RGB", 16)),
        ([(16, 16), (16, 16, 3)], Look("RGB", 16)),
        ([(64, 64)], Look("L", 64)),
        ([(65, 65)], Look("L", 64)),
        ([(7, 7)], Look("L", 64)),
        ([(16, 17)], Look("L", 64)),
        ([(16, 16), (17, 17)], Look("L", 64)),
    ],
)
def test_of_files(folder_of, shapes, look):
    assert look_at(feedline.open(folder_of(*shapes))) == look


def test_broken_files_are_passed_over(folder_of):
    folder = folder_of((16, 16), (16, 16))
    (folder / "a" / "0.png").write_text("no image")
    assert look_at(feedline.open(folder)) == Look("L", 16)
    (folder / "a" / "1.png").write_text("no image")
    assert look_at(feedline.open(folder)) == Look("RGB", 64)


@pytest.mark.parametrize(("shape", "look"), [((300, 9, 9), Look("L", 9)), ((4, 9, 9, 4), Look("RGB", 9))])
def test_of_arrays(tmp_path, shape, look):
    np.savez(tmp_path / "data.npz", images=np.zeros(shape, np.uint8), labels=np.arange(shape[0]))
    assert look_at(feedline.open(tmp_path / "data.npz")) == look


def test_of_a_part(folder_of):
    dataset = feedline.open(folder_of((16, 16), (20, 20, 3), (20, 20, 3)))
    assert look_at(feedline.Subset(dataset, [1, 2])) == Look("RGB", 20)
