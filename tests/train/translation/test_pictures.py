"""The sheets of a run, which are of the same pairs in every epoch."""

import numpy as np
import torch
from PIL import Image
from torch import nn

from feedline.train import Run
from feedline.train.translation import judged_pairs
from feedline.train.translation.pictures import PairPictures


class Counted:
    """Pairs of plain colours, red to blue, that note which of them are asked for."""

    def __init__(self, count):
        self.count, self.asked = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.asked.append(index)
        return torch.tensor([1.0, -1, -1])[:, None, None].expand(3, 8, 8), -torch.ones(3, 8, 8)


class Blue(nn.Module):
    def forward(self, images):
        return torch.tensor([-1.0, -1, 1])[None, :, None, None].expand_as(images)


def test_the_same_pairs_evenly_spaced_and_read_once(tmp_path):
    pairs = Counted(50)
    pictures = PairPictures(Run(tmp_path), pairs, judged_pairs(8), Blue(), torch.device("cpu"))
    pictures.draw("one.png", "first")
    pictures.draw("two.png", "second")
    assert pairs.asked == [0, 7, 14, 21, 28, 35, 42, 49]
    with Image.open(tmp_path / "one.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    for colour in ((255, 0, 0), (0, 0, 255), (0, 0, 0)):
        assert ((pixels == colour).all(2)).sum() > 8 * 90 * 90


def test_fewer_pairs_than_places(tmp_path):
    pairs = Counted(2)
    PairPictures(Run(tmp_path), pairs, judged_pairs(8), Blue(), torch.device("cpu")).draw("one.png", "")
    assert pairs.asked == [0, 1]
