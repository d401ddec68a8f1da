"""What torchvision's and albumentations' get is tested beside them, in tests_torchvision/."""

import numpy as np
from memory import picture

from feedline.rng import Key
from feedline.transforms import Compose, RandomCrop, ToTensor
from feedline.transforms.foreign import call

IMAGE = picture(6, 8)


def test_a_plain_callable_gets_the_image_as_it_is():
    seen = []
    assert call(seen.append, IMAGE, Key(), 0) is None
    assert seen[0] is IMAGE


def test_what_follows_is_planned_when_its_size_is_known():
    grown = Compose([lambda image: np.tile(image, (2, 2, 1)), RandomCrop(12)])(IMAGE)
    assert grown.shape == (12, 12, 3)


def test_behind_to_tensor_it_gets_a_tensor():
    shapes = []
    Compose([ToTensor(), lambda image: shapes.append(tuple(image.shape)) or image])(IMAGE)
    assert shapes == [(3, 6, 8)]


def test_the_plan_ends_before_it_and_says_so():
    plan = Compose([RandomCrop(4), len, RandomCrop(2)]).plan((6, 8))
    assert plan.size == (4, 4)
    assert "<built-in function len>" in str(plan)
