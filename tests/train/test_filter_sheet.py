"""Sheets of filters."""

import cv2
import numpy as np
import pytest
import torch

from feedline.train.filter_sheet import filter_sheet
from feedline.train.signed import diverging


def pixels(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def block(sheet, colour):
    """Top, left, bottom, right of all pixels that have a colour, none of any other among them."""
    rows, columns = np.nonzero((sheet == colour).all(2))
    top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
    assert (sheet[top:bottom, left:right] == colour).all()
    return top, left, bottom, right


def test_a_filter_made_by_hand_has_its_colours_at_their_places():
    """Of 2x2 pixels: full red, no green, none of all (black), little blue; the scale is the greatest weight's."""
    weights = torch.zeros(1, 3, 2, 2)
    weights[0, 2, 1, 1] = 0.1
    weights[0, 0, 0, 0] = 0.5
    weights[0, 1, 0, 1] = -0.5
    weights[0, :, 1, 0] = -0.5
    sheet = pixels(filter_sheet(weights, "conv1"))
    red, purple = block(sheet, (255, 128, 128)), block(sheet, (128, 0, 128))
    bluish = block(sheet, (128, 128, 153))
    assert np.ptp([red[0], purple[0]]) <= 1
    assert abs(red[3] - purple[1]) <= 1
    assert abs(purple[1] - bluish[1]) <= 1
    assert abs(purple[2] - bluish[0]) <= 1
    left, bottom = red[1], bluish[2]
    assert (sheet[bottom - 20, left + 20] == 0).all()
    for top, begin, end, right in (red, purple, bluish):
        assert abs(end - top - 140) <= 1
        assert abs(right - begin - 140) <= 1


def colours_of_tiles(weights, **how):
    """The colour in the middle of each tile of filters of one pixel."""
    sheet = pixels(filter_sheet(weights, "a", **how))
    count = min(len(weights), how.get("most", 64))
    step = (sheet.shape[1] - 10) // count
    return [tuple(sheet[sheet.shape[0] - 10 - step // 2, 10 + step * place + step // 2]) for place in range(count)]


def test_one_scale_for_all_or_one_for_each():
    weights = torch.tensor([0.2, -0.1, 0.1]).reshape(3, 1, 1, 1)
    expected = diverging(weights[:, 0, 0].T, float(weights.max()))[0]
    assert colours_of_tiles(weights) == [tuple(colour) for colour in expected]
    full = diverging(torch.tensor([[1.0, -1.0, 1.0]]), 1.0)[0]
    assert colours_of_tiles(weights, each=True) == [tuple(colour) for colour in full]


@pytest.mark.parametrize("channels", [2, 4, 16])
def test_of_many_channels_the_strongest_is_shown(channels):
    weights = torch.full((1, channels, 1, 1), 0.1)
    weights[0, 1] = -0.7
    assert colours_of_tiles(weights) == [tuple(diverging(torch.tensor([[-0.7]]), 0.7)[0, 0])]


def test_of_many_filters_the_strongest_are_shown():
    weights = torch.tensor([0.1, -0.9, 0.2, 0.8]).reshape(4, 1, 1, 1)
    expected = diverging(torch.tensor([[-0.9, 0.8]]), float(weights.abs().max()))[0]
    assert colours_of_tiles(weights, most=2) == [tuple(colour) for colour in expected]


def test_weights_of_a_network_that_broke():
    weights = torch.tensor([torch.nan, 0.5]).reshape(2, 1, 1, 1)
    assert colours_of_tiles(weights) == [(0, 0, 0), tuple(diverging(torch.tensor([[1.0]]), 1.0)[0, 0])]
    pixels(filter_sheet(torch.full((2, 3, 2, 2), torch.nan), "a"))
    pixels(filter_sheet(torch.zeros(2, 3, 2, 2), "a"))


def test_more_than_64_go_into_more_columns():
    narrow, wide = (pixels(filter_sheet(torch.rand(count, 1, 3, 3), "a", most=99)) for count in (64, 65))
    assert wide.shape[1] > 1.9 * narrow.shape[1]
