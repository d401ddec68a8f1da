"""Sheets of activations."""

import cv2
import numpy as np
import pytest
import torch

from feedline.errors import DataError
from feedline.train.activation_sheet import activation_sheet
from feedline.train.signed import diverging

IMAGE = np.full((8, 8, 3), (10, 200, 90), np.uint8)


def pixels(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def middles(sheet, columns):
    """The colours in the middles of the tiles of the last row."""
    step = (sheet.shape[1] - 10) // columns
    row = sheet.shape[0] - 10 - step // 2
    return [tuple(int(level) for level in sheet[row, 10 + step * place + step // 2]) for place in range(columns)]


def test_the_image_comes_first_and_then_the_channels():
    maps = torch.tensor([0.0, 1.0, 0.5]).reshape(3, 1, 1).expand(3, 4, 4)
    found = middles(pixels(activation_sheet(IMAGE, maps, "relu")), 4)
    assert found == [(10, 200, 90), (0, 0, 0), (255, 255, 255), (128, 128, 128)]


def test_negative_numbers_are_blue():
    maps = torch.tensor([-1.0, 0.5]).reshape(2, 1, 1).expand(2, 4, 4)
    colours = diverging(torch.tensor([[-1.0, 0.5]]), 1.0)[0]
    assert middles(pixels(activation_sheet(IMAGE, maps, "bn")), 3)[1:] == [tuple(colour) for colour in colours.tolist()]


def test_each_by_its_own():
    maps = torch.tensor([1.0, 0.5]).reshape(2, 1, 1).expand(2, 4, 4)
    assert middles(pixels(activation_sheet(IMAGE, maps, "a")), 3)[2] == (128, 128, 128)
    assert middles(pixels(activation_sheet(IMAGE, maps, "a", each=True)), 3)[2] == (255, 255, 255)


def test_the_strongest_of_many():
    maps = torch.zeros(100, 4, 4)
    maps[70], maps[7] = 1.0, 0.25
    found = middles(pixels(activation_sheet(IMAGE, maps, "a", most=2)), 3)
    assert found[1:] == [(64, 64, 64), (255, 255, 255)]


def test_the_image_has_the_first_column_for_itself():
    maps = torch.linspace(0.1, 1, 10).reshape(10, 1, 1).expand(10, 4, 4)
    found = middles(pixels(activation_sheet(IMAGE, maps, "a")), 9)
    assert found[0] == (255, 255, 255)
    assert set(found[3:]) == {(255, 255, 255)}
    assert found[1:3] == [(229, 229, 229), (255, 255, 255)]


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1)])
def test_a_vector_is_bars(shape):
    sheet = pixels(activation_sheet(IMAGE, torch.tensor([1.0, -1.0, 0.5, 0.0]).reshape(shape), "fc"))
    assert (sheet == (10, 200, 90)).all(2).sum() >= 300 * 300
    red, blue = ((sheet == colour).all(2) for colour in ((178, 24, 43), (33, 102, 172)))
    assert red.sum() > blue.sum() > 1000
    assert np.nonzero(red)[0].mean() < np.nonzero(blue)[0].mean()
    assert np.nonzero(red)[1].min() < np.nonzero(blue)[1].min()


@pytest.mark.parametrize("size", [(30, 20, 1), (30, 20, 2), (700, 900, 3), (20, 20, 4)])
def test_images_of_any_size_are_beside_bars(size):
    image = np.full(size, 77, np.uint8)
    assert (pixels(activation_sheet(image, torch.ones(3), "fc")) == 77).all(2).sum() > 320 * 200


def test_what_is_no_number_is_drawn_as_far_as_it_goes():
    pixels(activation_sheet(IMAGE, torch.full((2, 4, 4), torch.nan), "a"))
    pixels(activation_sheet(IMAGE, torch.tensor([1.0, torch.nan]), "a"))


@pytest.mark.parametrize(("shape", "words"), [((5, 7), "5x7"), ((), "a single number"), ((1, 2, 3, 4), "1x2x3x4")])
def test_other_shapes_cannot_be_drawn(shape, words):
    with pytest.raises(DataError, match=rf"maps \(CxHxW\) and vectors can be drawn, and layer 'a' gives {words} for"):
        activation_sheet(IMAGE, torch.zeros(shape), "a")
