import numpy as np
import pytest
from drafted import KINDS, apart, drafted, image_of, images, white_of
from hypothesis import given
from hypothesis import strategies as st

from feedline.errors import TransformError
from feedline.native import counting
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, ToTensor, adjust
from feedline.transforms.colour import (
    ColorJitter,
    Gamma,
    Grayscale,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from feedline.transforms.draft import Draft
from feedline.transforms.plan import Recolour, Work
from feedline.types import Spec

NAMES = ["brightness", "contrast", "saturation", "hue"]
SOMETIMES = [
    (RandomGrayscale, (), adjust.grayscale, (3,)),
    (RandomInvert, (), adjust.invert, ()),
    (RandomPosterize, (2,), adjust.posterize, (2,)),
    (RandomSolarize, (90,), adjust.solarize, (90,)),
]
STEPS = [
    ColorJitter(0.5, (0.2, 1.7), 0.9, 0.5),
    Grayscale(),
    Grayscale(3),
    RandomGrayscale(0.5),
    RandomInvert(),
    RandomPosterize(3),
    RandomSolarize(0.5),
    Gamma((0.5, 2.0), 1.1),
]


def changes(step, index):
    """Name and factor of what is done, in order."""
    draft = Draft(6, 6)
    step.add(draft, Key(5, index=index), 3)
    done = []
    for stage in draft.finish().stages:
        group = stage.group if isinstance(stage, Recolour) else stage
        parts = group if isinstance(group, tuple) else (group,)
        for part in parts:
            done += [(words.split()[0], float(words.split()[1])) for words in part.name.split(", ")]
    return done


@given(image=images, step=st.sampled_from(STEPS), index=st.integers(0, 99))
def test_what_comes_out_is_what_spec_says_and_the_input_stays(image, step, index):
    before = image.copy()
    out = step(image, Key(index=index))
    height, width, channels = image.shape
    assert out.shape[:2] == (height, width)
    assert out.shape[2] == step.spec(Spec(height, width, channels)).channels
    assert out.dtype == image.dtype
    assert 0 <= out.min() <= out.max() <= white_of(image.dtype)
    if channels in (2, 4):
        np.testing.assert_array_equal(out[:, :, -1], image[:, :, -1])
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("step", [step for step in STEPS if not isinstance(step, Grayscale)], ids=repr)
def test_equal_keys_draw_equally_and_other_operations_differently(step):
    image = image_of(6, 6, 3, "float32")

    def draws(operation):
        return [step(image, Key(index=index), operation).tobytes() for index in range(30)]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    assert len(set(draws(1))) > 1


def test_jitter_does_its_four_in_every_order():
    orders = [tuple(name for name, _ in changes(ColorJitter(0.2, 0.2, 0.2, 0.2), index)) for index in range(600)]
    assert {frozenset(order) for order in orders} == {frozenset(NAMES)}
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 24
    assert 8 <= min(counts) <= max(counts) <= 45


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [(0.4, 0.6, 1.4), (3, 0.0, 4.0), ((0.5, 0.9), 0.5, 0.9), ([2, 2], 2.0, 2.0)],
)
def test_jitter_draws_factors_about_one_or_within_a_range(value, least, most):
    for name in NAMES[:3]:
        drawn = [factor for index in range(300) for _, factor in changes(ColorJitter(**{name: value}), index)]
        assert least <= min(drawn) <= least + 0.05 * (most - least) + 0.01
        assert most >= max(drawn) >= most - 0.05 * (most - least) - 0.01


def test_jitter_draws_hues_about_nought_or_within_a_range():
    for hue, least, most in [(0.3, -0.3, 0.3), ((0.1, 0.2), 0.1, 0.2)]:
        drawn = [factor for index in range(300) for _, factor in changes(ColorJitter(hue=hue), index)]
        assert least <= min(drawn) <= least + 0.02
        assert most >= max(drawn) >= most - 0.02


def test_jitter_draws_its_four_independently():
    drawn = [dict(changes(ColorJitter(0.5, 0.5, 0.5, 0.5), index)) for index in range(400)]
    table = np.array([[factors[name] for name in NAMES] for factors in drawn])
    apart_from_itself = np.corrcoef(table.T) - np.eye(4)
    assert np.abs(apart_from_itself).max() < 0.2


@given(image=images, index=st.integers(0, 99))
def test_jitter_is_its_parts_in_that_order(image, index):
    step = ColorJitter((0.6, 0.6), (1.4, 1.4), (0.5, 0.5))
    out = step(image, Key(5, index=index), 3)
    for name, factor in changes(step, index):
        image = drafted(image, getattr(adjust, name), factor)
    levels = {"uint8": 2, "uint16": 12, "float32": 1e-6}[image.dtype.name]  # rounding, and shares of 2**14
    assert apart(out, image) <= levels


def test_jitter_of_nothing_is_nothing():
    assert changes(ColorJitter(), 0) == []
    assert changes(ColorJitter((1, 1), (1, 1), (1, 1), (0, 0)), 0) == []


@pytest.mark.parametrize("index", range(8))
def test_jitter_does_not_measure_where_contrast_stays(index):
    draft = Draft(6, 6)
    ColorJitter(0.3, 0, 0.3).add(draft, Key(index=index), 0)
    assert not any(isinstance(stage, Work) for stage in draft.finish().stages)


@pytest.mark.parametrize("index", range(8))
def test_affine_colours_around_a_crop_and_into_floats_are_one_table_or_matrix(index):
    steps = Compose([RandomInvert(1), RandomGrayscale(1), ColorJitter((0.5, 0.9)), ToTensor(), Normalize(0.5, 0.5)])
    with counting() as counted:
        steps(image_of(8, 8, 3, "uint8"), Key(index=index))
    assert (counted.pixel_passes, counted.float_passes, counted.stages) == (1, 1, 0)


@pytest.mark.parametrize(
    ("kind", "parameters", "function", "values"), SOMETIMES, ids=["grey", "invert", "posterize", "solarize"]
)
def test_always_never_and_half_the_time(kind, parameters, function, values):
    image = image_of(7, 8, 3, "uint8")
    changed = drafted(image, function, *values)
    steps = [kind(*parameters, p=p) for p in (1, 0, 0.5)]
    always, never, half = ([step(image, Key(index=index)) for index in range(200)] for step in steps)
    assert all(np.array_equal(out, changed) for out in always)
    assert all(np.array_equal(out, image) for out in never)
    assert 70 < sum(np.array_equal(out, changed) for out in half) < 130


def test_the_probabilities_are_torchvisions():
    steps = [RandomGrayscale(), RandomInvert(), RandomPosterize(3), RandomSolarize(9)]
    assert [step.p for step in steps] == [0.1, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("kind", KINDS)
def test_gamma_draws_between_its_bounds_or_is_given(kind):
    image = image_of(7, 8, 3, kind)
    squared = Gamma(2.0, gain=0.5)(image, Key(1))
    np.testing.assert_array_equal(squared, drafted(image, adjust.gamma, 2.0, 0.5))
    drawn = [factor for index in range(200) for _, factor in changes(Gamma((0.5, 2)), index)]
    assert 0.5 <= min(drawn) < 0.6 < 1.9 < max(drawn) <= 2


CHANNELS = [(1, 1, 3), (2, 2, 4), (3, 1, 3), (4, 2, 4), (None, None, None)]


@pytest.mark.parametrize(("channels", "grey", "thrice"), CHANNELS)
def test_grayscale_says_how_many_channels_come_out(channels, grey, thrice):
    assert Grayscale().spec(Spec(2, 3, channels)) == Spec(2, 3, grey)
    assert Grayscale(3).spec(Spec(2, 3, channels)) == Spec(2, 3, thrice)


def test_grayscale_of_one_channel_is_normalised_as_one():
    tensor = Compose([Grayscale(), ToTensor(), Normalize((0.5,), (0.25,))])(image_of(5, 6, 3, "uint8"))
    assert tuple(tensor.shape) == (1, 5, 6)


def test_tensors_go_through():
    image = image_of(5, 6, 3, "uint8")
    tensor = Compose([ToTensor(), ColorJitter(0.3, 0.3, 0.3, 0.1)])(image, Key(4))
    array = Compose([ColorJitter(0.3, 0.3, 0.3, 0.1)])(image / np.float32(255), Key(4), 1)
    assert apart(tensor.permute(1, 2, 0).numpy(), array) < 1e-5


def test_a_step_behind_normalize_is_an_error():
    steps = Compose([ToTensor(), Normalize(0.5, 0.5), ColorJitter(0.5)])
    with pytest.raises(
        TransformError, match=r"^ColorJitter: brightness \S+: normalised images have no black and white"
    ):
        steps(image_of(5, 6, 3, "uint8"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ColorJitter(-0.1), "ColorJitter: brightness must not be negative; given"),
        (lambda: ColorJitter(contrast=(-1, 1)), "ColorJitter: contrast must be (least, most), none negative, or one"),
        (lambda: ColorJitter(saturation=(2, 1)), "ColorJitter: saturation must be (least, most), none negative, or"),
        (lambda: ColorJitter(saturation=(1, 2, 3)), "ColorJitter: saturation must be two numbers or one; given"),
        (lambda: ColorJitter(hue=0.6), "ColorJitter: hue must be in 0..0.5, or (least, most) in -0.5..0.5; given"),
        (lambda: ColorJitter(hue=(0.2, -0.2)), "ColorJitter: hue must be in 0..0.5, or (least, most) in -0.5..0.5"),
        (lambda: ColorJitter("much"), "ColorJitter: brightness must be two numbers or one; given"),
        (lambda: Grayscale(2), "Grayscale: num_output_channels must be 1 or 3; given"),
        (lambda: Grayscale(True), "Grayscale: num_output_channels must be 1 or 3; given"),
        (lambda: RandomGrayscale(2), "RandomGrayscale: p must be a number in 0..1; given"),
        (lambda: RandomInvert(-1), "RandomInvert: p must be a number in 0..1; given"),
        (lambda: RandomPosterize(9), "RandomPosterize: bits must be a whole number in 0..8; given"),
        (lambda: RandomPosterize(2.5), "RandomPosterize: bits must be a whole number in 0..8; given"),
        (lambda: RandomPosterize("a"), "RandomPosterize: bits must be a whole number in 0..8; given"),
        (lambda: RandomSolarize(-1), "RandomSolarize: threshold must be a number, not negative; given"),
        (lambda: RandomSolarize(1, p=None), "RandomSolarize: p must be a number in 0..1; given"),
        (lambda: Gamma(-1), "Gamma: gamma must not be negative; given"),
        (lambda: Gamma((2, 1)), "Gamma: gamma must be a number or (least, most), none negative; given"),
        (lambda: Gamma(1, gain=-1), "Gamma: gain must be a number, not negative; given"),
        (lambda: Gamma(1, gain="a"), "Gamma: gain must be a number, not negative; given"),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert str(raised.value).startswith(words)
    assert "\n" not in str(raised.value)
