"""Sheets of pooling."""

import cv2
import numpy as np
import pytest
import torch

from feedline.nn import pooled
from feedline.train.pooling_sheet import pooling_sheet

TILE, STEP = 280, 290


def pixels(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def sheet_of(image, *kernels):
    numbers = torch.from_numpy(image.transpose(2, 0, 1).copy()).float()
    return pixels(pooling_sheet(image, [pooled(numbers, kernel) for kernel in kernels], "picture"))


def tile(sheet, row_from_below, column, high=TILE):
    """Pixels of a tile; rows are as high as a tile and two lines of words and a gap."""
    bottom = sheet.shape[0] - 10 - (high + 38) * row_from_below
    left = 10 + STEP * column
    return sheet[bottom - high : bottom, left : left + TILE]


@pytest.fixture
def checks():
    """28x28: columns of black and white, which a window of 2x2 holds one each of."""
    return np.repeat(np.tile(np.uint8([0, 255]), (28, 14))[:, :, None], 3, 2)


def test_max_is_white_where_average_is_grey(checks):
    sheet = sheet_of(checks, 2)
    most, its_loss, average, other_loss = (tile(sheet, 0, column)[5:-5, 5:-5] for column in range(4))
    assert (most == 255).all()
    assert (average == 128).all()
    assert sorted(np.unique(its_loss)) == [128, 255]
    assert sorted(np.unique(other_loss)) == [1, 255]  # 128 more and less than 127.5


def test_a_kernel_of_one_loses_nothing(checks):
    sheet = sheet_of(checks, 1)
    picture, most, average = tile(sheet, 1, 0), tile(sheet, 0, 0), tile(sheet, 0, 2)
    assert np.array_equal(picture, most)
    assert np.array_equal(picture, average)
    assert (tile(sheet, 0, 1)[2:-2, 2:-2] == 128).all()


def test_global_pooling_is_one_colour():
    image = np.full((28, 28, 3), (10, 20, 30), np.uint8)
    image[:7, :7] = (210, 20, 90)
    sheet = sheet_of(image, 4)
    assert (tile(sheet, 1, 1)[12:-12, 12:-12] == (210, 20, 90)).all()
    assert (tile(sheet, 1, 2)[12:-12, 12:-12] == (23, 20, 34)).all()


def test_what_fills_no_window_is_left_white():
    image = np.full((28, 28, 1), 40, np.uint8)
    found = tile(sheet_of(image, 5), 0, 0)
    assert (found[2:246, 2:246] == 40).all()
    assert (found[254:] == 255).all()
    assert (found[:, 254:] == 255).all()


def test_a_row_for_each_kernel(checks):
    heights = [sheet_of(checks, *kernels).shape[0] for kernels in ((2,), (2, 4), (2, 4, 8))]
    assert np.diff(heights).tolist() == [TILE + 38] * 2


def test_wide_pictures_make_low_rows():
    image = np.zeros((14, 28, 1), np.uint8)
    assert sheet_of(image, 2).shape[0] < 2 * TILE


def test_a_picture_of_one_pixel():
    assert (tile(sheet_of(np.full((1, 1, 1), 9, np.uint8), 1), 1, 2)[2:-2, 2:-2] == 9).all()
