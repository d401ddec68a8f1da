"""What images go through before a network, and back again."""

import numpy as np
import pytest
import torch

from feedline.rng import Key
from feedline.train.preprocess import evaluation_transform, showable, training_transform
from feedline.transforms import RandomAffine, RandomHorizontalFlip


def test_evaluation_makes_one_size_in_minus_one_to_one():
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, 15:] = 255
    tensor = evaluation_transform(10)(image)
    assert (tensor.shape, tensor.dtype) == ((3, 10, 10), torch.float32)
    assert (tensor.min(), tensor.max()) == (-1, 1)


@pytest.mark.parametrize(
    ("augment", "kinds"), [("none", []), ("light", [RandomAffine]), ("flip", [RandomAffine, RandomHorizontalFlip])]
)
def test_training_moves_as_it_is_told(augment, kinds):
    steps = training_transform(10, augment).transforms
    assert [type(step) for step in steps if isinstance(step, RandomAffine | RandomHorizontalFlip)] == kinds


def test_training_without_augmentation_is_evaluation():
    assert training_transform(10, "none") == evaluation_transform(10)


def test_training_images_differ_by_epoch_alone():
    image = np.random.default_rng(0).integers(0, 256, (12, 12, 1), np.uint8)
    transform = training_transform(12)
    assert torch.equal(transform(image, Key(0, 1, 2)), transform(image, Key(0, 1, 2)))
    assert not torch.equal(transform(image, Key(0, 1, 2)), transform(image, Key(0, 2, 2)))


@pytest.mark.parametrize("channels", [1, 3])
def test_showable_is_the_way_back(channels):
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 9, channels), np.uint8)
    transform = evaluation_transform(9)
    batch = torch.stack([transform(image) for image in images])
    assert np.array_equal(showable(batch, transform), images)
