"""What pooling did, in words."""

import numpy as np
import pytest
import torch

from feedline.train.pooling_words import in_numbers, levels_of, loss

CHECKS = np.tile(np.uint8([0, 255]), (4, 2))[:, :, None]


@pytest.mark.parametrize(
    ("image", "level", "text"),
    [
        (CHECKS, 255, "off by 127.5, brighter by 127.5\nfarther from it than its mean colour"),
        (CHECKS, 127.5, "off by 127.5, equally bright\n0% of the variance is left"),
        (CHECKS, CHECKS, "off by 0.0, equally bright\n100% of the variance is left"),
        (CHECKS, CHECKS * 0.5, "off by 63.8, darker by 63.8\n50% of the variance is left"),
        (np.full((4, 4, 1), 9, np.uint8), 7.0, "off by 2.0, darker by 2.0"),
    ],
)
def test_losses(image, level, text):
    assert loss(image, np.broadcast_to(np.float64(level), image.shape)) == text


def test_a_loss_is_of_what_was_read():
    image = np.zeros((5, 5, 3), np.uint8)
    image[4], image[:, 4] = 255, 255
    assert loss(image, np.zeros((4, 4, 3))) == "off by 0.0, equally bright"


@pytest.mark.parametrize(
    ("shape", "kernel", "text"),
    [
        ((3, 7, 10), 4, "max of 4 x 4: 7 x 10 x 3\nnot read: 2 rows, 1 column"),
        ((3, 15, 20), 2, "max of 2 x 2: 15 x 20 x 3\nnot read: 1 column"),
        ((3, 30, 41), 1, "max of 1 x 1: 30 x 41 x 3\n1/1 of the numbers"),
    ],
)
def test_sizes(shape, kernel, text):
    assert in_numbers("max", torch.zeros(shape), kernel, np.zeros((30, 41, 3), np.uint8)) == text


def test_levels():
    assert levels_of(torch.tensor([1.4, 255.0, 0.0])) == "3 numbers\nred 1, green 255, blue 0 of 255"
    assert levels_of(torch.tensor([9.6])) == "1 number\ngrey 10 of 255"
