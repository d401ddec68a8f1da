"""What is on a sheet, and how large."""

import pytest
import torch

from feedline.train.choosing import counted, strongest, tile_side


def test_the_strongest_in_the_order_of_their_numbers():
    strengths = torch.tensor([1.0, 5.0, 3.0, torch.nan, 5.0])
    assert strongest(strengths, 1) == [3]
    assert strongest(strengths, 3) == [1, 3, 4]
    assert strongest(strengths, 9) == [0, 1, 2, 3, 4]


def test_of_equals_the_first():
    assert strongest(torch.ones(100), 4) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("shown", "there", "text"),
    [(1, 1, "1 map"), (16, 16, "16 maps"), (64, 1512, "64 of 1,512 maps (the best; 1,448 are not shown)")],
)
def test_in_words(shown, there, text):
    assert counted(shown, there, "map", "the best") == text


@pytest.mark.parametrize(
    ("size", "columns", "side"),
    [((3, 3), 8, 99), ((1, 1), 8, 98), ((5, 11), 8, 99), ((28, 28), 8, 112), ((300, 2), 8, 144), ((300, 2), 1, 280)],
)
def test_tiles_are_whole_multiples_up_to_a_limit(size, columns, side):
    assert tile_side(*size, columns) == side


def test_few_tiles_are_larger():
    assert [tile_side(1, 1, columns) for columns in (1, 2, 4, 8)] == [280, 280, 160, 98]
    assert tile_side(16, 16, 9, least=112) == 112
