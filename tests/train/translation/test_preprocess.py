"""What pairs go through."""

import numpy as np
import pytest
import torch

from feedline.rng import Key
from feedline.train.translation import judged_pairs, learnt_pairs
from feedline.transforms import RandomCrop, RandomHorizontalFlip, Resize, from_recipe, to_recipe

IMAGE = np.arange(30 * 40 * 3, dtype=np.uint32).reshape(30, 40, 3).astype(np.uint8)


def test_judged_pairs_are_brought_to_one_size_or_left_as_they_are():
    assert judged_pairs(16)(IMAGE).shape == (3, 16, 16)
    left = judged_pairs(16, resize=False)(IMAGE)
    assert left.shape == (3, 30, 40)
    assert torch.allclose(left, torch.from_numpy(IMAGE).permute(2, 0, 1) / 255 * 2 - 1, atol=1e-6)


@pytest.mark.parametrize("augment", ["none", "light", "flip"])
@pytest.mark.parametrize("resize", [True, False])
@pytest.mark.parametrize("size", [16, 50])
def test_learnt_pairs_are_of_one_size(augment, resize, size):
    """Windows of images that are smaller too."""
    made = [learnt_pairs(size, resize, augment)(IMAGE, Key(epoch=epoch)) for epoch in range(4)]
    assert {each.shape for each in made} == {(3, size, size)}
    assert all(each.dtype == torch.float32 for each in made)
    assert min(each.min() for each in made) >= -1
    moves = not (augment == "none" and resize)
    assert any(not torch.equal(made[0], each) for each in made[1:]) == moves


def test_colours_change_where_that_is_said():
    plain, coloured = (learnt_pairs(16, augment="none", colours=colours)(IMAGE) for colours in ("none", "both"))
    assert not torch.equal(plain, coloured)


def test_256_is_a_window_of_286():
    resized, cropped, mirrored, *_ = learnt_pairs(256).transforms
    assert (resized, cropped) == (Resize((286, 286)), RandomCrop(256))
    assert isinstance(mirrored, RandomHorizontalFlip)


def test_a_recipe_comes_back():
    assert torch.equal(from_recipe(to_recipe(judged_pairs(16)))(IMAGE), judged_pairs(16)(IMAGE))
