from dataclasses import replace

import numpy as np
import pytest

from feedline.rng import Key
from feedline.transforms import Compose, Normalize, Pad, RandomHorizontalFlip, RandomRotation, Resize, ToTensor
from feedline.transforms.crop import CenterCrop
from feedline.transforms.draw_plan import draw_plan
from feedline.types import Objects

GREEN = np.zeros((100, 200, 3), np.uint8)
GREEN[:, :, 1] = 200
ORANGE = (255, 140, 0)


def drawn(steps, **more):
    plan = Compose(steps).plan((100, 200), Key(3))
    return draw_plan(plan, GREEN, steps=steps, side=200, **more)


def columns_of(image, colour):
    return np.flatnonzero((image == colour).all(2).any(0))


def test_what_is_not_decoded_is_dimmed():
    left = drawn([CenterCrop(50)])[22:122, :200]
    green = (left == (0, 200, 0)).all(2)
    rows, columns = np.nonzero(green)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((25, 74, 75, 124), abs=6)
    assert not green[:, :70].any()


def test_the_dot_is_at_the_upper_left_corner_of_what_comes_out():
    for flip, corner in ((0, 75), (1, 125)):
        image = drawn([CenterCrop(50), RandomHorizontalFlip(flip)])[22:122, :200]
        dot = (image[20:22] == ORANGE).all(2).any(0)  # higher than the outline reaches
        assert np.flatnonzero(dot).mean() == pytest.approx(corner, abs=2)


def test_an_outline_beyond_the_source_is_on_the_paper():
    image = drawn([Pad(40)])
    orange = columns_of(image[22:, :200], ORANGE)
    assert orange[0] < 12
    assert orange[-1] > 188
    assert (image[40, 100] == 255).all()  # paper, where the source is not


def test_what_comes_out_is_on_the_right_and_normalize_is_undone():
    steps = [Resize((50, 100)), ToTensor(), Normalize(0.5, 0.1)]
    right = drawn(steps)[22:122, 214:]
    assert right.shape == (100, 200, 3)
    np.testing.assert_array_equal(right[50, 100], (0, 200, 0))


def test_objects_and_mask_are_drawn_on_both_sides():
    boxes = np.array([(20, 30, 60, 80)], np.float32)
    objects = Objects(boxes, np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, bool))
    mask = np.zeros((100, 200, 1), np.uint8)
    mask[30:80, 20:60] = 1
    steps = [RandomHorizontalFlip(1)]
    plain, full = drawn(steps), drawn(steps, objects=objects, mask=mask, classes=["a"])
    differ = np.flatnonzero((plain != full).any(2).any(0))
    assert 16 < differ[0] < 21
    assert 58 < differ[differ < 200][-1] < 64
    right = differ[differ > 200] - 214
    assert 136 < right[0] < 141
    assert 178 < right[-1] < 184


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3)])
def test_any_size_and_a_turn(size):
    plan = Compose([RandomRotation((45, 45), expand=True)]).plan(size)
    image = draw_plan(plan, np.zeros((*size, 3), np.uint8), side=100)
    assert image.ndim == 3
    assert image.shape[0] <= 130


def test_of_an_outline_behind_the_horizon_only_the_part_in_front_is_drawn():
    plan = Compose([Pad(0)]).plan((100, 200))
    behind = replace(plan, matrix=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.02, 0.0, 1.0), stages=())
    image = draw_plan(behind, GREEN, side=200)
    left = image[22:, :200]
    assert not (left[:, 150:] == ORANGE).all(2).all(1).any()
    assert np.isfinite(left).all()
