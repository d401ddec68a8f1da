"""Plots are PNG files, whatever they show."""

import cv2
import numpy as np
import pytest
import torch

from feedline.train.plots import plot_confusion, plot_results, plot_sheet
from feedline.train.rows import Row


def pixels(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def near(image, color):
    """How many pixels are about of this colour."""
    return int((np.abs(image.astype(int) - color).max(axis=2) < 20).sum())


GREEN, RED = (0x1A, 0x7F, 0x37), (0xC6, 0x28, 0x28)


@pytest.mark.parametrize("count", [1, 3])
def test_results(count):
    rows = [Row(epoch, 1 / epoch, 2 / epoch, 1 - 1 / epoch, 100.0, 0.5) for epoch in range(1, count + 1)]
    image = pixels(plot_results(rows))
    assert image.shape[1] > 2 * image.shape[0]
    assert near(image, GREEN)


@pytest.mark.parametrize("shape", [(40, 40, 3), (10, 40, 1), (40, 13, 3)])
def test_a_frame_around_a_white_picture(shape):
    def drawn(**how):
        return pixels(plot_sheet([np.full(shape, 255, np.uint8)] * 2, ["\N{NO-BREAK SPACE}", ""], tile=40, **how))

    assert (drawn() == 255).all()
    rows, columns = np.nonzero((drawn(frame=True) != 255).any(2))
    assert (np.ptp(rows), np.ptp(columns)) == (shape[0] + 1, shape[1] + 1)
    assert columns.max() < 60  # what has no caption has no frame
    assert len(rows) == 2 * (shape[0] + shape[1] + 2)


@pytest.mark.parametrize("count", [2, 20, 21, 61])
def test_confusion(count):
    counts = torch.eye(count, dtype=torch.int64) * 5
    counts[0] = 0  # a class without images
    image = pixels(plot_confusion(counts, [f"class {number}" for number in range(count)]))
    assert image.shape[0] == image.shape[1]


def test_confusion_is_drawn_with_true_classes_as_rows():
    """All images are of class 0 and taken for class 1: dark is the upper right field."""
    image = pixels(plot_confusion(torch.tensor([[0, 4], [0, 0]]), ["a", "b"]))
    rows, columns = np.nonzero(np.abs(image.astype(int) - (8, 48, 107)).max(axis=2) < 8)
    assert rows.mean() < image.shape[0] / 2
    assert columns.mean() > image.shape[1] / 2


@pytest.mark.parametrize(("count", "channels"), [(0, 1), (1, 1), (3, 2), (9, 3), (2, 4)])
def test_sheet(count, channels):
    images = np.full((count, 8, 8, channels), 128, np.uint8)
    images[..., 3:] = 255
    image = pixels(plot_sheet(images, ["name"] * count))
    assert near(image, (128, 128, 128)) >= 1000 * min(count, 1)


def test_sheet_in_red_and_green():
    images = np.zeros((2, 8, 8, 1), np.uint8)
    both = pixels(plot_sheet(images, ["yes", "no"], [True, False], "title"))
    assert near(both, GREEN)
    assert near(both, RED)
    right = pixels(plot_sheet(images, ["yes", "no"], [True, True]))
    assert near(right, GREEN)
    assert not near(right, RED)
    assert not near(pixels(plot_sheet(images, ["yes", "no"])), GREEN)


@pytest.mark.parametrize("name", ["a$b", "$x$", r"$\x$", "a_b^c", "%s", "{}"])
def test_names_are_taken_as_they_are(name):
    pixels(plot_sheet(np.zeros((1, 8, 8, 1), np.uint8), [name]))
    pixels(plot_confusion(torch.eye(2), [name, "b"]))


def test_the_same_twice():
    images = np.zeros((1, 8, 8, 1), np.uint8)
    assert plot_sheet(images, ["a"]) == plot_sheet(images, ["a"])


def test_a_tile_of_its_size_is_shown_pixel_by_pixel():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, shape).astype(np.uint8) for shape in ((60, 90, 3), (90, 60, 3), (90, 90, 3))]
    sheet = pixels(plot_sheet(images, ["a", "b", "c"], tile=90, columns=2))
    for image in images:
        places = np.argwhere((sheet[:, :, :3] == image[0, 0]).all(2))
        height, width = image.shape[:2]
        assert any(np.array_equal(sheet[y : y + height, x : x + width, :3], image) for y, x in places)


def test_long_captions_are_wrapped_and_cut():
    images = np.zeros((1, 8, 8, 1), np.uint8)
    short, long, longer = (plot_sheet(images, [text]) for text in ("a", "word " * 6, "word " * 60))
    assert pixels(short).shape[0] < pixels(long).shape[0] == pixels(longer).shape[0]


def test_a_title_longer_than_the_sheet_is_wrapped():
    images = np.zeros((2, 8, 8, 1), np.uint8)
    none, short, long = (pixels(plot_sheet(images, ["a", "b"], title=text)) for text in ("", "one line", "word " * 20))
    assert none.shape[0] < short.shape[0] < long.shape[0]
    assert none.shape[1] == short.shape[1] == long.shape[1]
    assert (long[:, :3] == 255).all()  # no letter reaches the edge
    assert (long[:, -3:] == 255).all()
