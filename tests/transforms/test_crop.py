import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import CenterCrop, RandomCrop, RandomResizedCrop
from feedline.types import Spec

sides = st.integers(1, 24)


def test_center_crop_takes_the_middle():
    image = picture(8, 10)
    np.testing.assert_array_equal(CenterCrop((4, 2))(image), image[2:6, 4:6])
    assert CenterCrop(4)(image).shape == (4, 4, 3)


def test_center_crop_pads_with_zeros_the_odd_pixel_behind():
    image = np.full((2, 3, 1), 9, np.uint8)
    padded = np.zeros((5, 5, 1), np.uint8)
    padded[1:3, 1:4] = 9
    np.testing.assert_array_equal(CenterCrop(5)(image), padded)


def test_center_crop_pads_one_side_and_cuts_the_other():
    image = picture(2, 9)
    out = CenterCrop((4, 3))(image)
    np.testing.assert_array_equal(out[1:3], image[:, 3:6])
    assert not out[[0, 3]].any()


def test_random_crop_finds_every_place_about_equally_often():
    image = np.arange(20, dtype=np.uint8).reshape(4, 5, 1)
    places = [int(RandomCrop((2, 3))(image, Key(index=index))[0, 0, 0]) for index in range(900)]
    numbers, counts = np.unique(places, return_counts=True)
    assert numbers.tolist() == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert counts.min() > 60


def test_random_crop_pads_every_side_with_fill():
    image = np.full((2, 2, 3), 50, np.uint8)
    whole = np.full((6, 6, 3), 9, np.uint8)
    whole[2:4, 2:4] = 50
    np.testing.assert_array_equal(RandomCrop(6, padding=2, fill=9)(image), whole)


def test_random_crop_of_a_small_image_is_an_error_unless_padding_is_allowed():
    image = np.full((2, 9, 1), 50, np.uint8)
    with pytest.raises(TransformError, match=r"RandomCrop: the image has only 2 x 9 pixels .*pad_if_needed=True"):
        RandomCrop(4)(image)
    crop = RandomCrop(4, pad_if_needed=True, fill=7)
    columns = {tuple(crop(image, Key(index=index))[:, 0, 0].tolist()) for index in range(40)}
    assert columns == {(50, 50, 7, 7), (7, 50, 50, 7), (7, 7, 50, 50)}


def test_resized_crop_of_the_whole_image_is_a_resize():
    image = picture(6, 6)
    np.testing.assert_array_equal(RandomResizedCrop(6, scale=(1, 1), ratio=(1, 1))(image), image)


@given(height=st.integers(40, 60), width=st.integers(40, 60), index=st.integers(0, 999))
def test_resized_crop_keeps_to_scale_and_ratio(height, width, index):
    """Of pictures that are no strip: of a strip, the fallback keeps to the ratio alone, as torchvision's does."""
    step = RandomResizedCrop(4, scale=(0.2, 0.6), ratio=(0.5, 2))
    top, left, tall, wide = step._window(height, width, Key(index=index), 0)
    assert 0 <= top <= height - tall
    assert 0 <= left <= width - wide
    slack = (tall + wide + 1) / 2  # of rounding both sides
    assert 0.2 * height * width - slack <= tall * wide <= 0.6 * height * width + slack
    assert (wide - 0.5) / (tall + 0.5) <= 2
    assert (wide + 0.5) / (tall - 0.5) >= 0.5


@pytest.mark.parametrize(
    ("size", "window"),
    [((2, 100), (0, 48, 2, 4)), ((100, 2), (48, 0, 4, 2)), ((10, 10), (0, 0, 10, 10))],
)
def test_resized_crop_falls_back_to_the_middle(size, window):
    step = RandomResizedCrop(4, scale=(4, 4), ratio=(0.5, 2))  # an area that no window has
    assert step._window(*size, Key(), 0) == window
    assert step(picture(*size)).shape == (4, 4, 3)


STEPS = [
    CenterCrop((5, 7)),
    RandomCrop(5, pad_if_needed=True),
    RandomCrop((3, 9), padding=2, pad_if_needed=True, fill=3),
    RandomResizedCrop((6, 5)),
]


@given(step=st.sampled_from(STEPS), height=sides, width=sides, channels=st.integers(1, 4), index=st.integers(0, 99))
def test_spec_says_what_comes_out(step, height, width, channels, index):
    out = step(picture(height, width, channels), Key(index=index))
    assert step.spec(Spec(height, width, channels)) == Spec(*out.shape)
    assert step.spec(Spec(None, None, channels)) == Spec(*out.shape)
    assert out.dtype == np.uint8


@pytest.mark.parametrize("step", [RandomCrop(4), RandomResizedCrop(4)], ids=repr)
def test_equal_keys_draw_equally_and_other_operations_differently(step):
    image = picture(30, 30)

    def draws(operation, seed=0):
        return [step(image, Key(seed, index=index), operation).tobytes() for index in range(10)]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    assert draws(1) != draws(1, seed=1)
    assert len(set(draws(1))) > 5


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CenterCrop(0), ["CenterCrop", "at least 1", "0"]),
        (lambda: RandomCrop((3, -1)), ["RandomCrop", "at least 1", "-1"]),
        (lambda: RandomCrop(3, padding=-2), ["RandomCrop", "padding", "-2"]),
        (lambda: RandomCrop(3, fill=-3), ["RandomCrop", "negative", "-3"]),
        (lambda: RandomResizedCrop(0), ["RandomResizedCrop", "at least 1", "0"]),
        (lambda: RandomResizedCrop(3, scale=(0, 1)), ["RandomResizedCrop", "scale", "(0, 1)"]),
        (lambda: RandomResizedCrop(3, ratio=(2, 1)), ["RandomResizedCrop", "ratio", "(2, 1)"]),
    ],
)
def test_a_bad_parameter_is_named_with_its_rule_and_value(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)


@pytest.mark.parametrize("make", [lambda: CenterCrop((1, 2, 3)), lambda: RandomResizedCrop(3, scale=(0.5,))])
def test_a_wrong_number_of_numbers_is_a_transform_error(make):
    with pytest.raises(TransformError):
        make()
