"""Signed numbers as colours."""

import numpy as np
import pytest
import torch

from feedline.train.signed import around_grey, common_limit, diverging, greatest, shaded

NUMBERS = torch.tensor([[-2.0, 0.0, 2.0, torch.nan, 9.0]])


def test_diverging_is_blue_white_red():
    blue, white, red, nothing, beyond = diverging(NUMBERS, 2.0)[0].astype(int)
    assert blue[2] > blue[0] + 50
    assert white.min() > 240
    assert red[0] > red[2] + 50
    assert nothing.tolist() == [0, 0, 0]
    assert np.array_equal(beyond, red)


def test_diverging_is_symmetric_in_strength():
    values = torch.linspace(-1, 1, 201)[None]
    distance = np.abs(diverging(values, 1.0)[0].astype(int) - 247).sum(1)
    assert (np.diff(distance[:100]) <= 6).all()
    assert (np.diff(distance[101:]) >= -6).all()


def test_around_grey():
    colours = around_grey(torch.stack([NUMBERS, -NUMBERS, 0 * NUMBERS]), 2.0)[0]
    assert colours.tolist() == [[0, 255, 128], [128, 128, 128], [255, 0, 128], [0, 0, 0], [255, 0, 128]]


def test_shaded():
    assert shaded(NUMBERS.abs(), 2.0)[0, :, 0].tolist() == [255, 0, 255, 0, 255]
    assert shaded(torch.tensor([[0.5]]), 1.0).tolist() == [[[128, 128, 128]]]


@pytest.mark.parametrize("paint", [diverging, shaded])
def test_nothing_but_zeros(paint):
    zero = paint(torch.zeros(2, 2), greatest(torch.zeros(2, 2)))
    assert len(np.unique(zero.reshape(-1, 3), axis=0)) == 1


def test_limits_are_of_numbers_that_are_finite():
    assert greatest(torch.tensor([1.0, -3.0, torch.inf, torch.nan])) == 3
    assert greatest(torch.tensor([torch.nan])) == 0
    assert common_limit(torch.tensor([torch.nan, -2.0])) == 2
    assert common_limit(torch.tensor([torch.nan])) == 0


def test_one_bright_number_does_not_set_the_common_limit_unless_it_is_alone():
    values = torch.ones(1000)
    values[0] = 50
    assert common_limit(values) == 1
    assert common_limit(torch.where(values > 1, values, 0.0)) == 50
