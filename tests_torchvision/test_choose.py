"""What is chosen, and how often, beside torchvision's v2 and albumentations."""

from collections import Counter

import albumentations
import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from feedline.rng import Key
from feedline.transforms import Compose, Pad, RandomHorizontalFlip, RandomVerticalFlip, Resize
from feedline.transforms.choose import OneOf, RandomApply, RandomChoice, RandomOrder

IMAGE = np.arange(4, dtype=np.uint8).reshape(2, 2, 1)
COUNT = 600


def sizes(step, call):
    return Counter(tuple(call(step, n)) for n in range(COUNT))


def ours(step, index):
    return Compose([step])(IMAGE, Key(seed=2, index=index)).shape[:2]


def theirs(step, _):
    return step(torch.from_numpy(IMAGE).permute(2, 0, 1)).shape[1:]


PAIRS = [
    (RandomApply([Pad(1), Resize((5, 6))], p=0.3), v2.RandomApply([v2.Pad(1), v2.Resize((5, 6))], p=0.3)),
    (
        RandomChoice([Pad(1), Pad(2), Compose([Pad(3), Pad(1)])], p=[2, 1, 1]),
        v2.RandomChoice([v2.Pad(1), v2.Pad(2), v2.Compose([v2.Pad(3), v2.Pad(1)])], p=[2, 1, 1]),
    ),
    (RandomChoice([Pad(1), Pad(2)]), v2.RandomChoice([v2.Pad(1), v2.Pad(2)])),
    (RandomOrder([Pad(1), Resize((5, 6))]), v2.RandomOrder([v2.Pad(1), v2.Resize((5, 6))])),
]


@pytest.mark.parametrize("pair", PAIRS, ids=repr)
def test_each_is_chosen_as_often_as_in_torchvision(pair):
    torch.manual_seed(5)
    found, expected = sizes(pair[0], ours), sizes(pair[1], theirs)
    assert set(found) == set(expected)
    for size, count in expected.items():
        assert abs(found[size] - count) < 3.5 * (2 * COUNT * 0.25) ** 0.5


def test_one_of_is_that_of_albumentations():
    step = OneOf([RandomHorizontalFlip(0.2), RandomVerticalFlip(0.6)], p=0.7)
    flips = [albumentations.HorizontalFlip(p=0.2), albumentations.VerticalFlip(p=0.6)]
    other = albumentations.Compose([albumentations.OneOf(flips, p=0.7)], seed=3)
    found = Counter(Compose([step])(IMAGE, Key(seed=2, index=n)).tobytes() for n in range(COUNT))
    expected = Counter(other(image=IMAGE)["image"].tobytes() for _ in range(COUNT))
    assert set(found) == set(expected)
    assert len(found) == 3
    for pixels, count in expected.items():
        assert abs(found[pixels] - count) < 3.5 * (2 * COUNT * 0.25) ** 0.5
