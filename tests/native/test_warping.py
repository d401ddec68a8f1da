"""The C kernel's warps beside the twin's, to the bit."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel, kernel, twin
from feedline.native.weights import FILTERS

STAYS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
TILTED = (0.9, 0.1, 2.0, -0.05, 1.1, 1.0, 0.002, -0.001, 1.0)
near = st.floats(-3.0, 3.0) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1 / 3, 1e-9])
steep = near | st.floats(-1e8, 1e8) | st.sampled_from([2.0**20, -(2.0**20), 2.0**44, 1e300])
shifts = st.floats(-300.0, 300.0) | st.integers(-9, 9).map(float) | st.sampled_from([2.0**30, -(2.0**40), 1e90, -0.5])
divisors = st.sampled_from([1.0, 1.0, 1.0, -1.0, 0.5, 3.0, 1e-3, 1e9])
leans = st.floats(-0.2, 0.2) | st.floats(-0.002, 0.002) | st.sampled_from([0.0, 1.0, -1e-7, 2.0**-80, 1e9])
affine = st.tuples(steep, steep, shifts, steep, steep, shifts, st.just(0.0), st.sampled_from([0.0, -0.0]), divisors)
turns = st.sampled_from([(1.0, 0.0, 0.0, 1.0), (0.0, -1.0, 1.0, 0.0), (-1.0, 0.0, 0.0, -1.0), (0.0, 1.0, 1.0, 0.0)])
quarter = st.builds(lambda m, x, y: (*m[:2], x, *m[2:], y, 0.0, 0.0, 1.0), turns, shifts, shifts)
tilted = st.tuples(near, near, shifts, near, near, shifts, leans, leans, divisors)
numbers = st.floats(allow_nan=True, allow_infinity=True, width=64)
wild = st.tuples(*[numbers | near] * 9)
forms = st.sampled_from(FILTERS)
sizes = st.tuples(st.integers(0, 9), st.integers(0, 300)) | st.tuples(st.integers(0, 40), st.integers(0, 40))


@st.composite
def images(draw):
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):  # black and white alone: sums as large as they become, and cubics that overshoot
        return rng.integers(0, 2, shape, np.uint8) * np.uint8(255)
    return rng.integers(0, 256, shape, np.uint8)


def warped(image, back, size, form):
    out = np.full((*size, image.shape[2]), 99, np.uint8)
    _kernel.warp(image, back, FILTERS.index(form), out)
    return out


def outcome(warp, *given):
    """The picture, or which error there was."""
    try:
        return warp(*given).tolist()
    except (ValueError, ZeroDivisionError, RuntimeWarning, OverflowError) as error:
        return type(error)


@settings(max_examples=200)
@given(images(), affine | quarter | tilted, sizes, forms)
def test_kernel_and_twin_are_equal(image, back, size, form):
    np.testing.assert_array_equal(warped(image, back, size, form), twin.warp(image, back, size, form))


@given(images(), wild, st.tuples(st.integers(0, 5), st.integers(0, 5)), forms)
def test_matrices_of_any_numbers_end_alike(image, back, size, form):
    assert outcome(kernel.warp, image, back, size, form) == outcome(twin.warp, image, back, size, form)


@pytest.mark.parametrize("form", FILTERS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_fraction_of_a_pixel_has_the_twins_weights(channels, form):
    rng = np.random.default_rng(channels)
    image = rng.integers(0, 256, (9, 9, channels), np.uint8)
    for step in (2.0**-11, 2.0**-12, 2.0**-11 * 1.5):
        back = (step, 0.0, 3.5, 0.0, 0.37, 2.6, 0.0, 0.0, 1.0)
        np.testing.assert_array_equal(warped(image, back, (9, 2100), form), twin.warp(image, back, (9, 2100), form))


@pytest.mark.parametrize("form", FILTERS)
@pytest.mark.parametrize("back", [(0.6, -0.8, 90.0, 0.8, 0.6, -50.0, 0, 0, 1.0), TILTED], ids=["turned", "tilted"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pictures_as_large_as_they_are_kept(channels, back, form):
    image = np.random.default_rng(5).integers(0, 256, (230, 301, channels), np.uint8)
    np.testing.assert_array_equal(warped(image, back, (224, 257), form), twin.warp(image, back, (224, 257), form))


@pytest.mark.parametrize("form", FILTERS)
@pytest.mark.parametrize("lean", [0.0, 2.0**-80])
def test_places_halfway_between_units_are_rounded_to_even(lean, form):
    image = np.random.default_rng(6).integers(0, 256, (4, 40, 3), np.uint8)
    for units in (0.5, 1.5, -0.5, -1.5, 2**12 + 0.5, 2**12 - 0.5):
        back = (1.0, 0.0, 0.5 + units * 2.0**-24, 0.0, 1.0, units * 2.0**-24, lean, 0.0, 1.0)
        np.testing.assert_array_equal(warped(image, back, (4, 30), form), twin.warp(image, back, (4, 30), form))


@pytest.mark.parametrize("form", FILTERS)
def test_sums_that_run_over_64_bits_run_over_alike(form):
    image = np.random.default_rng(7).integers(0, 256, (3, 5, 1), np.uint8)
    back = (2.0**20, 0.0, 3.0, 0.0, -(2.0**20), 2.0**31, 0.0, 0.0, 1.0)
    for size in ((1, 600_000), (600_000, 1)):
        np.testing.assert_array_equal(warped(image, back, size, form), twin.warp(image, back, size, form))


def test_a_side_too_long_for_the_kernel_is_the_twins():
    image = np.random.default_rng(8).integers(0, 256, (1, (1 << 19) + 1, 1), np.uint8)
    back = (1.0, 0.0, (1 << 19) - 4.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    with pytest.raises(_kernel.Declined, match="more than 524288 pixels"):
        warped(image, back, (1, 8), "nearest")
    assert kernel.warp(image, back, (1, 8), "nearest")[0, :, 0].tolist() == [*image[0, -5:, 0], *[image[0, -1, 0]] * 3]


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (4, 4, 0), (4, 4, 5)])
def test_no_picture_of_1_to_4_channels_is_declined(shape):
    with pytest.raises(_kernel.Declined, match="no picture of 1 to 4 channels"):
        warped(np.zeros(shape, np.uint8), STAYS, (2, 2), "bilinear")


@pytest.mark.parametrize("back", [(*STAYS[:8], 0.0), (np.nan, *STAYS[1:]), (*STAYS[:6], np.inf, 0.0, 1.0)])
def test_matrices_of_no_numbers_are_declined(back):
    with pytest.raises(_kernel.Declined, match="a matrix"):
        warped(np.zeros((3, 3, 1), np.uint8), back, (2, 2), "bilinear")


def test_wrong_calls_are_errors():
    image, out = np.zeros((4, 4, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)
    fixed = out.copy()
    fixed.setflags(write=False)
    for wrong in (out[:, :, :2].copy(), out[0], out[:, ::-1], out.astype(np.uint16), fixed, b"", None):
        with pytest.raises(ValueError, match=r"^out has to"):
            _kernel.warp(image, STAYS, 1, wrong)
    for wrong in (image[0], image[:, ::2], image.astype(np.float32), b"0" * 48, None):
        with pytest.raises(ValueError, match=r"^image has to"):
            _kernel.warp(wrong, STAYS, 1, out)
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match="the filter to be 0 to 2, found 3, 3 and filter"):
            _kernel.warp(image, STAYS, wrong, out)
    with pytest.raises(TypeError):
        _kernel.warp(image, STAYS[:8], 1, out)
