from fractions import Fraction

import cv2
import numpy as np
import pytest
from drafted import KINDS, apart, as_kind, drafted, image_of, images, white_of
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.draft import Draft
from feedline.transforms.histogram import (
    CLAHE,
    RandomAutocontrast,
    RandomEqualize,
    autocontrast,
    clahe,
    equalize,
)

CALLS = [(autocontrast, ()), (equalize, ()), (clahe, (2.0, (2, 3)))]


def grey_ramp(height, width, channels=1):
    """Slow, with a little noise: a picture that has little contrast."""
    slope = np.linspace(0.35, 0.6, height)[:, None] + np.linspace(0, 0.1, width)
    noise = np.random.default_rng(0).random((height, width, channels)) * 0.05
    return slope[:, :, None] + noise


@given(image=images, call=st.sampled_from(CALLS))
def test_size_type_and_alpha_stay_and_the_input_too(image, call):
    before = image.copy()
    out = drafted(image, call[0], *call[1])
    assert (out.shape, out.dtype) == (image.shape, image.dtype)
    assert 0 <= out.min() <= out.max() <= white_of(image.dtype)
    if image.shape[2] in (2, 4):
        np.testing.assert_array_equal(out[:, :, -1], before[:, :, -1])
    np.testing.assert_array_equal(image, before)


@given(values=st.lists(st.integers(0, 255), min_size=1, max_size=30), scale=st.sampled_from([1, 257, 200]))
def test_autocontrast_is_the_line_from_the_least_to_the_largest(values, scale):
    kind, white = ("uint8", 255) if scale == 1 else ("uint16", 65535)
    image = (np.array(values) * scale).astype(kind).reshape(1, -1, 1)
    low, high = min(values), max(values)
    if low == high:
        expected = [value * scale for value in values]
    else:
        expected = [int(Fraction((value - low) * white, high - low) + Fraction(1, 2)) for value in values]
    assert drafted(image, autocontrast).ravel().tolist() == expected


def test_autocontrast_of_floats_and_of_each_colour_alone():
    image = image_of(8, 9, 3, "float32") * np.float32([0.5, 0.2, 1.0]) + np.float32([0.3, 0.1, 0.0])
    image[:, :, 2] = 0.4
    out = drafted(image, autocontrast)
    assert out[:, :, :2].min((0, 1)).tolist() == [0, 0]
    assert out[:, :, :2].max((0, 1)).tolist() == [1, 1]
    np.testing.assert_array_equal(out[:, :, 2], image[:, :, 2])
    low, high = image.min((0, 1))[:2], image.max((0, 1))[:2]
    np.testing.assert_allclose(out[:, :, :2], (image[:, :, :2] - low) / (high - low), atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (16, 16), (40, 61), (300, 20)])
@pytest.mark.parametrize("spread", [1, 3, 60, 256])
def test_against_pillow(size, spread):
    image = np.random.default_rng(spread).integers(0, spread, (*size, 3), np.uint8)
    picture = Image.fromarray(image)
    np.testing.assert_array_equal(drafted(image, equalize), np.asarray(ImageOps.equalize(picture)))
    assert apart(drafted(image, autocontrast), np.asarray(ImageOps.autocontrast(picture))) <= 1  # it cuts off


def test_equalize_makes_the_histogram_flat():
    for kind in KINDS:
        image = as_kind(grey_ramp(80, 90) ** 3, kind)
        levels = drafted(image, equalize) / white_of(kind)
        assert np.ptp(image / white_of(kind)) < 0.5
        np.testing.assert_allclose(np.quantile(levels, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)


def test_equalize_of_16_bits_and_floats_is_that_of_their_256_bins():
    image = image_of(40, 50, 3, "uint8")
    expected = drafted(image, equalize)
    wide = drafted(image.astype(np.uint16) * 256 + 77, equalize)
    np.testing.assert_array_equal(wide, expected.astype(np.uint16) * 257)
    floats = (image.astype(np.float32) + 0.5) / 256
    np.testing.assert_array_equal(drafted(floats, equalize), expected.astype(np.float32) / np.float32(255))


def test_clahe_widens_what_lies_close_together_and_by_its_limit():
    image = as_kind(grey_ramp(64, 64), "uint8")
    spreads = [drafted(image, clahe, limit, (4, 4)).std() for limit in (1.0, 2.0, 8.0)]
    assert image.std() < spreads[1] < spreads[2]
    assert spreads[0] < spreads[1]


def test_clahe_takes_tiles_down_and_across():
    image = np.zeros((32, 32, 1), np.uint8)
    image[:16] = np.random.default_rng(0).integers(10, 20, (16, 32, 1))
    image[16:] = np.random.default_rng(1).integers(200, 210, (16, 32, 1))
    whole, down = (drafted(image, clahe, 40.0, tiles)[:4].max() for tiles in ((1, 2), (2, 1)))
    assert whole < 140  # the dark half is half of all
    assert down > 240  # the dark half is all


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_clahe_of_other_types_is_that_of_256_levels(kind, channels):
    image = image_of(40, 48, channels, "uint8")
    expected = as_kind(drafted(image, clahe, 3.0, (4, 4)) / 255, kind)
    assert apart(drafted(as_kind(image / 255, kind), clahe, 3.0, (4, 4)), expected) <= 1e-6


def test_clahe_leaves_the_hues_of_colours():
    image = as_kind(0.3 + 0.3 * np.random.default_rng(2).random((40, 40, 3)), "uint8")
    before, after = (cv2.cvtColor(one, cv2.COLOR_RGB2LAB) for one in (image, drafted(image, clahe, 2.0, (2, 2))))
    assert apart(before[:, :, 1:], after[:, :, 1:]) <= 3
    assert apart(before[:, :, :1], after[:, :, :1]) > 10


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (7, 9)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_clahe_of_pictures_smaller_than_its_tiles(size, kind, channels):
    image = image_of(*size, channels, kind)
    assert drafted(image, clahe, 4.0, (8, 8)).shape == image.shape


SOMETIMES = [(RandomAutocontrast, autocontrast), (RandomEqualize, equalize)]


@pytest.mark.parametrize(("kind", "function"), SOMETIMES, ids=["autocontrast", "equalize"])
def test_always_never_and_half_the_time(kind, function):
    image = as_kind(grey_ramp(30, 30, 3), "uint8")
    changed = drafted(image, function)
    always, never, half = ([kind(p)(image, Key(index=index)) for index in range(200)] for p in (1, 0, 0.5))
    assert all(np.array_equal(out, changed) for out in always)
    assert all(np.array_equal(out, image) for out in never)
    assert 70 < sum(np.array_equal(out, changed) for out in half) < 130


def test_clahe_draws_its_limit():
    assert CLAHE().clip_limit == (1.0, 4.0)
    drawn = set()
    for index in range(100):
        draft = Draft(9, 9)
        CLAHE((2, 3), [2, 4], p=1).add(draft, Key(index=index), 0)
        (stage,) = draft.finish().stages
        words = stage.name.replace(",", "").split()
        assert words[2:] == ["2", "x", "4", "tiles"]
        drawn.add(float(words[1]))
    assert 2 <= min(drawn) < 2.1 < 2.9 < max(drawn) <= 3
    never = Draft(9, 9)
    CLAHE(p=0).add(never, Key(), 0)
    assert never.finish().stages == ()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RandomAutocontrast(1.5), "RandomAutocontrast: p must be a number in 0..1; given"),
        (lambda: RandomEqualize(-1), "RandomEqualize: p must be a number in 0..1; given"),
        (lambda: CLAHE(0.5), "CLAHE: clip_limit must be (least, most), at least 1, or the most; given"),
        (lambda: CLAHE((3, 2)), "CLAHE: clip_limit must be (least, most), at least 1, or the most; given"),
        (lambda: CLAHE("a"), "CLAHE: clip_limit must be two numbers or one; given"),
        (lambda: CLAHE(tile_grid_size=8), "CLAHE: tile_grid_size must be two numbers; given"),
        (lambda: CLAHE(tile_grid_size=(0, 8)), "CLAHE: tile_grid_size must be two whole numbers, at least 1; given"),
        (lambda: CLAHE(p="a"), "CLAHE: p must be a number in 0..1; given"),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert str(raised.value).startswith(words)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("step", [RandomAutocontrast(1), RandomEqualize(1), CLAHE(p=1)], ids=repr)
def test_a_normalised_image_is_an_error(step):
    draft = Draft(4, 4, dtype=np.float32)
    draft.convert((2.0,), (0.0,), normalized=True)
    with pytest.raises(TransformError, match=r"^[^\n]*: normalised images have no black and white: put it before"):
        step.add(draft, Key(), 0)
