import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import KINDS, flat, of_kind

from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.transforms.magnitudes import NARROW, SIGNED, SINGLE, WIDE, magnitude, perform

MOVING = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"]
ALL = [*SINGLE, "Invert"]


def performed(image, name, strength, interpolation="bilinear", fill=0):
    draft = Draft(*image.shape, image.dtype)
    perform(draft, name, strength, interpolation, fill)
    return run(draft.finish(), image)


@pytest.mark.parametrize(
    ("name", "narrow", "wide"),
    [
        ("ShearX", 0.3, 0.99),
        ("ShearY", 0.3, 0.99),
        ("TranslateX", 300, 32),
        ("TranslateY", 150, 32),
        ("Rotate", 30, 135),
        ("Brightness", 0.9, 0.99),
        ("Color", 0.9, 0.99),
        ("Contrast", 0.9, 0.99),
        ("Sharpness", 0.9, 0.99),
        ("Posterize", 4, 2),
        ("Solarize", 0, 0),
        ("Identity", 0, 0),
        ("AutoContrast", 0, 0),
        ("Equalize", 0, 0),
        ("Invert", 0, 0),
    ],
)
def test_the_strongest_is_that_of_the_papers(name, narrow, wide):
    size = (331, 662)
    assert magnitude(name, NARROW, 30, 31, size) == pytest.approx(narrow, rel=1e-6)
    assert magnitude(name, WIDE, 9, 10, size) == pytest.approx(wide, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("AutoContrast", "Equalize", "Invert")])
@pytest.mark.parametrize("ranges", [NARROW, WIDE])
@pytest.mark.parametrize("kind", KINDS)
def test_the_weakest_does_nothing(name, ranges, kind):
    image = of_kind(kind, 9, 8)
    weakest = magnitude(name, ranges, 0, 31, (9, 8))
    below = image if name != "Solarize" else np.minimum(image, 0.99 * image.max()).astype(image.dtype)
    np.testing.assert_array_equal(performed(below, name, weakest), below)


@given(name=st.sampled_from(ALL), place=st.integers(0, 30), side=st.integers(1, 500))
def test_steps_are_even(name, place, side):
    first, here, last = (magnitude(name, WIDE, step, 31, (side, side)) for step in (0, place, 30))
    rounding = 0.5 if name == "Posterize" else 1e-4
    assert abs(here - (first + (last - first) * place / 30)) <= rounding


def test_a_whole_magnitude_is_whole():
    assert magnitude("TranslateX", WIDE, 15, 31, (9, 9)) == 16


def spot(row, column):
    image = np.zeros((15, 21, 1), np.uint8)
    image[row, column] = 255
    return image


def place_of(image):
    return tuple(np.argwhere(image[:, :, 0] > 60).mean(0))


def test_where_pixels_go():
    assert place_of(performed(spot(4, 10), "TranslateX", 3.9)) == (4, 13)
    assert place_of(performed(spot(4, 10), "TranslateX", -3.9)) == (4, 7)
    assert place_of(performed(spot(4, 10), "TranslateY", 2.0)) == (6, 10)
    assert place_of(performed(spot(4, 10), "ShearX", -0.5))[1] > 11.5
    assert place_of(performed(spot(4, 10), "ShearY", -0.5))[0] > 8.5
    assert place_of(performed(spot(3, 10), "Rotate", 90.0)) == (7, 6)


@pytest.mark.parametrize("name", MOVING)
def test_what_moves_fills_and_follows_its_filter(name):
    image = flat("uint8", 1.0, 40, 40, 1)
    strength = magnitude(name, WIDE, 10, 31, (40, 40))
    assert performed(image, name, strength, fill=50).min() == 50
    assert set(np.unique(performed(image, name, strength, "nearest"))) == {0, 255}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_operation_takes_every_kind(name, kind, channels):
    image = of_kind(kind, 11, 7, channels)
    strength = magnitude(name, NARROW, 17, 31, (11, 7))
    for sign in (1, -1) if name in SIGNED else (1,):
        out = performed(image, name, sign * strength)
        assert (out.shape, out.dtype) == (image.shape, image.dtype)
        if channels in (2, 4) and name not in MOVING:
            np.testing.assert_array_equal(out[:, :, -1], image[:, :, -1])
