"""codecs/color.py: every value where that is cheap, else against Pillow."""

import numpy as np
import pytest
from imagebytes import difference, picture

from feedline.codecs.color import to_mode
from feedline.errors import DecodeError


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


@pytest.mark.parametrize("stored", ["L", "LA", "RGB", "RGBA"])
def test_rgba_is_what_pillow_makes_of_it(stored):
    assert np.array_equal(to_mode(pixels(stored), "RGBA"), np.asarray(picture(stored).convert("RGBA")))


@pytest.mark.parametrize(("dtype", "top"), [("uint16", 65535), ("float32", 1.0), ("float64", 1.0)])
def test_more_bits_keep_their_type(dtype, top):
    image = np.array([[[0, top], [top, 0], [top, top]]], dtype)
    for mode, expected in (("L", [0, top, top]), ("RGB", [0, top, top]), ("RGBA", [0, top, top])):
        made = to_mode(image, mode)
        assert made.dtype == dtype
        assert made[0, :, 0].tolist() == expected
    assert to_mode(image[:, :, :1], "RGBA")[0, :, 3].tolist() == [top] * 3


def test_16_bit_alpha_is_rounded_to_the_nearest():
    value, alpha = np.meshgrid(np.arange(0, 65536, 257 * 5), np.arange(0, 65536, 1021), indexing="ij")
    expected = np.rint((value * alpha + 65535 * (65535 - alpha)) / 65535)
    composed = to_mode(np.stack([value, alpha], axis=2).astype(np.uint16), "L")
    assert np.array_equal(composed[:, :, 0], expected)


@pytest.mark.parametrize(("dtype", "top", "near"), [("uint8", 255, 0.51), ("uint16", 65535, 1), ("float32", 1.0, 1e-6)])
def test_the_background_is_in_8_bits_whatever_the_image_is(dtype, top, near):
    for clear in (np.zeros((1, 1, 4), dtype), np.zeros((1, 1, 2), dtype)):
        assert np.allclose(to_mode(clear, "RGB", (255, 0, 51))[0, 0], (top, 0, top / 5))
        assert np.allclose(to_mode(clear, "RGB", 51)[0, 0], top / 5)
        luma = (0.299 * 255 + 0.114 * 51) / 255 * top
        assert abs(to_mode(clear, "L", (255, 0, 51))[0, 0, 0] - luma) <= near


@pytest.mark.parametrize(("channels", "mode"), [(3, "L"), (1, "RGBA"), (2, "RGB")])
def test_numbers_without_a_white_have_neither_luma_nor_alpha(channels, mode):
    with pytest.raises(DecodeError, match="int32 has no white") as caught:
        to_mode(np.zeros((2, 2, channels), np.int32), mode)
    assert caught.value.kind == "unsupported"
    assert to_mode(np.zeros((2, 2, 1), np.int32), "RGB").shape == (2, 2, 3)
