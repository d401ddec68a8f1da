import colorsys

import numpy as np
import pytest
from drafted import KINDS, apart, as_kind, drafted, image_of, white_of
from hypothesis import given
from hypothesis import strategies as st

from feedline.transforms import adjust
from feedline.transforms.hue import turned

channels = st.one_of(st.integers(0, 255), st.sampled_from([0, 128, 255]))


def stepwise(image, factor):
    """By the standard library, pixel by pixel."""
    shares = image.reshape(-1, 3) / white_of(image.dtype)
    turned = []
    for red, green, blue in shares.tolist():
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        turned.append(colorsys.hsv_to_rgb((hue + factor) % 1.0, saturation, value))
    return np.array(turned).reshape(image.shape)


@given(pixels=st.lists(st.tuples(channels, channels, channels), min_size=1, max_size=20), factor=st.floats(-0.5, 0.5))
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_hexcone_of_the_standard_library(kind, pixels, factor):
    image = as_kind(np.array(pixels)[None] / 255, kind)
    found, white = turned(image, factor), white_of(kind)
    assert found.dtype == image.dtype
    level = 0.5 / white if white > 1 else 0.0
    assert np.abs(found / white - stepwise(image, factor)).max() <= level + 2e-6


@pytest.mark.parametrize("kind", KINDS)
def test_a_third_of_a_turn_makes_red_green(kind):
    red, green, blue = (as_kind(row * np.ones((2, 2, 1)), kind) for row in np.eye(3))
    assert apart(turned(red, 1 / 3), green) <= white_of(kind) * 1e-6
    assert apart(turned(red, -1 / 3), blue) <= white_of(kind) * 1e-6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [-0.5, 0.17, 0.5])
def test_grey_pixels_and_alpha_stay(kind, factor):
    image = np.repeat(image_of(6, 7, 1, kind), 4, 2)
    image[:, :, 3] = image_of(6, 7, 1, kind, seed=1)[:, :, 0]
    np.testing.assert_array_equal(drafted(image, adjust.hue, factor), image)


@pytest.mark.parametrize("kind", KINDS)
def test_value_and_saturation_stay(kind):
    image = image_of(9, 9, 3, kind)
    out = turned(image, 0.23)
    for extreme in (np.min, np.max):
        assert apart(extreme(out, 2), extreme(image, 2)) <= 1e-6
