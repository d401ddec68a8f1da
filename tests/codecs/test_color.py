"""codecs/color.py: every value where that is cheap, else against Pillow."""

import numpy as np
import pytest
from imagebytes import difference, picture

from feedline.codecs.color import to_mode, to_uint8


def pixels(mode):
    array = np.asarray(picture(mode))
    return array if array.ndim == 3 else array[:, :, None]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_unchanged_keeps_what_is_there(mode):
    image = pixels(mode)
    assert to_mode(image, "unchanged") is image


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1)])
@pytest.mark.parametrize("stored", ["L", "LA", "RGB", "RGBA"])
def test_a_mode_has_its_channels(stored, mode, channels):
    image = to_mode(pixels(stored), mode)
    assert image.shape == (24, 40, channels)
    assert image.dtype == np.uint8


def test_grey_is_repeated_and_colour_kept():
    grey = pixels("L")
    assert np.array_equal(to_mode(grey, "RGB"), np.concatenate([grey] * 3, axis=2))
    assert np.array_equal(to_mode(grey, "L"), grey)
    assert np.array_equal(to_mode(pixels("RGB"), "RGB"), pixels("RGB"))


def test_grey_of_colours_is_their_luma():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    luma = image @ np.array([0.299, 0.587, 0.114])
    assert np.abs(to_mode(image, "L")[:, :, 0] - luma).max() <= 0.51
    assert difference(to_mode(pixels("RGB"), "L"), np.asarray(picture("RGB").convert("L"))[:, :, None])[1] <= 1


def test_every_value_and_alpha_is_composed_on_white_and_rounded_to_the_nearest():
    value, alpha = np.meshgrid(np.arange(256), np.arange(256), indexing="ij")
    expected = np.rint((value * alpha + 255 * (255 - alpha)) / 255)
    composed = to_mode(np.stack([value, alpha], axis=2).astype(np.uint8), "L")
    assert np.array_equal(composed[:, :, 0], expected)


def test_each_colour_is_composed_on_its_own():
    image = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [10, 20, 30, 51]]], np.uint8)
    assert to_mode(image, "RGB").tolist() == [[[255, 255, 255], [10, 20, 30], [206, 208, 210]]]


def test_16_bits_become_8_by_rounding_over_257():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    assert np.array_equal(to_uint8(values), np.rint(values / 257).astype(np.uint8))


def test_8_bits_stay():
    image = pixels("RGB")
    assert to_uint8(image) is image
