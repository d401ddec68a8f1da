"""Sheets of pairs."""

import io

import numpy as np
import torch
from PIL import Image

from feedline.train.translation.sheets import Shown, pair_sheet, picture, translated
from feedline.transforms import Compose, Normalize, ToTensor

RED, GREEN, BLUE = ([255, 0, 0], [0, 255, 0], [0, 0, 255])


def plain(colour):
    return np.full((20, 30, 3), colour, np.uint8)


def test_input_output_and_target_beside_each_other():
    sheet = pair_sheet([Shown("0", plain(RED), plain(GREEN), plain(BLUE))] * 2)
    pixels = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))
    begins = []
    for number, colour in enumerate((RED, GREEN, BLUE)):
        columns = set(np.flatnonzero((pixels == colour).all(2).any(0)).tolist())
        begins += [(column, number) for column in columns if column - 1 not in columns]
    assert [number for _, number in sorted(begins)] == [0, 1, 2, 0, 1, 2]


def test_captions_say_how_far_off():
    off = Shown("0", plain(RED), plain([0, 0, 0]), plain([0, 0, 30]))
    assert [caption for caption, _ in off.tiles()] == ["input 0", "output, off by 10.0 of 255", "target"]
    assert [caption for caption, _ in Shown("x", plain(RED), plain(RED)).tiles()] == ["input x", "output"]
    assert [caption for caption, _ in Shown("x", plain(RED), target=plain(RED)).tiles()] == ["input x", "target"]


def test_a_tensor_as_a_picture():
    steps = Compose([ToTensor(), Normalize(0.5, 0.5)])
    assert np.array_equal(picture(steps(plain(RED)), steps), plain(RED))
    assert picture(torch.zeros(5, 4, 6), steps).shape == (4, 6, 3)
    assert np.array_equal(picture(torch.ones(1, 2, 2), steps), np.full((2, 2, 3), 255, np.uint8))


def test_translating_leaves_every_mode_as_it_was():
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.BatchNorm2d(1)).train()
    model[1].eval()
    image = torch.rand(1, 4, 4)
    (made,) = translated(model, [image], torch.device("cpu"))
    assert torch.allclose(made, image, atol=1e-4)
    assert (model.training, model[0].training, model[1].training) == (True, True, False)
