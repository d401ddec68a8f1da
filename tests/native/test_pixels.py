"""The C kernel's tables, colour matrices and floats beside the twin's, to the bit."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel, kernel, twin

KINDS = ("uint8", "uint16", "float32")
ROWS = {"uint8": 256, "uint16": 65536}
seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
sides = st.integers(0, 40)


def picture(rng, height, width, channels, kind):
    if kind == "float32":
        return rng.normal(0.0, 300.0, (height, width, channels)).astype(np.float32)
    return rng.integers(0, ROWS[kind], (height, width, channels), kind)


@given(seeds, sides, sides, st.integers(1, 6), st.sampled_from(KINDS[:2]), st.sampled_from(KINDS), st.booleans())
def test_tables_are_the_twins(rng, height, width, channels, kind, found, each):
    image = picture(rng, height, width, channels, kind)
    table = picture(rng, ROWS[kind], channels if each else 1, 1, found)[:, :, 0]
    out = np.zeros(image.shape, found)
    _kernel.look_up(image, table, out)
    if image.size:
        np.testing.assert_array_equal(out, twin.look_up(image, table))
    np.testing.assert_array_equal(kernel.look_up(image, table), out, strict=True)


@pytest.mark.parametrize("channels", [1, 3])
def test_tables_of_wider_numbers_are_left_to_the_twin(channels):
    image = picture(np.random.default_rng(1), 6, 7, 3, "uint8")
    table = np.random.default_rng(2).random((256, channels))
    np.testing.assert_array_equal(kernel.look_up(image, table), twin.look_up(image, table), strict=True)


shares = st.floats(-3.0, 3.0) | st.sampled_from([0.0, 1.0, -1.0, 2.0, 127.99, 128.0, -128.5, 3e4, 2.0**29])
halves = st.integers(-(1 << 16), 1 << 16).map(lambda number: (number + 0.5) * 2.0**-14)


@given(seeds, sides, sides, st.integers(3, 4), st.lists(shares | halves, min_size=12, max_size=12), st.booleans())
def test_mixtures_are_the_twins(rng, height, width, channels, numbers, grey):
    image = picture(rng, height, width, channels, "uint8")
    matrix = np.array(numbers).reshape(3, 4)[: 1 if grey else 3]
    out = np.zeros((height, width, len(matrix) + channels - 3), np.uint8)
    _kernel.mix(image, matrix, out)
    np.testing.assert_array_equal(out, twin.mix(image, matrix))
    np.testing.assert_array_equal(kernel.mix(image, matrix), out, strict=True)


@pytest.mark.parametrize("row", [(1, 1, 1, 255), (-1, -1, -1, -255), (1, -1, 1, 0), (-1, 1, -1, 255)])
@pytest.mark.parametrize("large", [1.99, 2.0, 2.01, 127.9999, 128.0, 2.0**29, 2.0**30])
def test_the_largest_sums_of_each_width_are_the_twins(large, row):
    image = np.stack(np.meshgrid(*[np.array([0, 1, 128, 254, 255], np.uint8)] * 3), -1).reshape(5, 25, 3)
    matrix = large * np.array([row, row[::-1], (0, *row[:3])], float)
    np.testing.assert_array_equal(kernel.mix(image, matrix), twin.mix(image, matrix))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300, 2.0**31])
def test_numbers_far_beyond_any_colour_are_declined(wrong):
    image, matrix = np.zeros((2, 2, 3), np.uint8), np.eye(3, 4)
    matrix[1, 2] = wrong
    with pytest.raises(_kernel.Declined, match="far beyond any colour"):
        _kernel.mix(image, matrix, image.copy())


@given(seeds, sides, sides, st.integers(1, 5), st.sampled_from(KINDS))
def test_floats_are_the_twins(rng, height, width, channels, kind):
    image = picture(rng, height, width, channels, kind)
    factor, offset = rng.normal(0, 1, (2, channels)).astype(np.float32)
    expected = twin.scale_shift(image, factor, offset)
    np.testing.assert_array_equal(kernel.scale_shift(image, factor, offset), expected, strict=True)


@pytest.mark.parametrize("number", [1.0, np.float32(0.5), np.ones(1, np.float32), np.ones((2, 1, 3), np.float32)])
def test_factors_of_other_shapes_are_as_with_the_twin(number):
    image, offset = picture(np.random.default_rng(4), 2, 5, 3, "uint8"), np.zeros(3, np.float32)
    expected = twin.scale_shift(image, number, offset)
    np.testing.assert_array_equal(kernel.scale_shift(image, number, offset), expected, strict=True)


def test_views_and_unaligned_arrays_are_read_rightly():
    image = picture(np.random.default_rng(3), 8, 10, 3, "uint16")
    off = np.frombuffer(b"\0" + image.tobytes(), np.uint16, offset=1).reshape(image.shape)
    table, one = np.arange(65536, dtype=np.float32)[::-1, None], np.ones(3, np.float32)
    for view in (off, image[::2, ::-1], image.swapaxes(0, 1)):
        np.testing.assert_array_equal(kernel.look_up(view, table), 65535.0 - view)
        np.testing.assert_array_equal(kernel.scale_shift(view, one, one), view + np.float32(1))


SIX = np.zeros((2, 3, 3), np.uint8)
ONE = np.ones(3, np.float32)
TABLE = np.zeros((256, 3), np.uint8)
LOCKED = np.zeros((2, 3, 3), np.uint8)
LOCKED.setflags(write=False)
WRONG = {
    "no buffer": (_kernel.look_up, None, TABLE, SIX),
    "strides": (_kernel.look_up, SIX[:, ::2], TABLE, SIX[:, ::2]),
    "short table": (_kernel.look_up, SIX, TABLE[:255], SIX),
    "two columns": (_kernel.look_up, SIX, TABLE[:, :2].copy(), SIX),
    "table of bytes for words": (_kernel.look_up, SIX.astype(np.uint16), TABLE, SIX),
    "flat table": (_kernel.look_up, SIX, TABLE[:, 0].copy(), SIX),
    "another type": (_kernel.look_up, SIX, TABLE, SIX.astype(np.float32)),
    "small out": (_kernel.look_up, SIX, TABLE, SIX[:1]),
    "locked out": (_kernel.look_up, SIX, TABLE, LOCKED),
    "signed": (_kernel.look_up, SIX.astype(np.int8), TABLE, SIX),
    "big-endian": (_kernel.look_up, SIX.astype(">u2"), np.zeros((65536, 1), np.uint8), SIX),
    "two channels": (_kernel.mix, SIX[:, :, :2].copy(), np.eye(3, 4), SIX),
    "five channels": (_kernel.mix, np.zeros((1, 1, 5), np.uint8), np.eye(3, 4), np.zeros((1, 1, 5), np.uint8)),
    "two rows": (_kernel.mix, SIX, np.eye(2, 4), SIX[:, :, :2].copy()),
    "three columns": (_kernel.mix, SIX, np.eye(3), SIX),
    "matrix of float32": (_kernel.mix, SIX, np.eye(3, 4, dtype=np.float32), SIX),
    "grey that is none": (_kernel.mix, SIX, np.eye(1, 4), SIX),
    "no channels": (_kernel.scale_shift, SIX[:, :, :0].copy(), ONE[:0], ONE[:0], ONE.reshape(3, 1, 1)[:, :, :0].copy()),
    "two factors": (_kernel.scale_shift, SIX, ONE[:2], ONE, SIX.astype(np.float32)),
    "two offsets": (_kernel.scale_shift, SIX, ONE, ONE[:2], SIX.astype(np.float32)),
    "floats into bytes": (_kernel.scale_shift, SIX, ONE, ONE, SIX.copy()),
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_wrong_calls_are_errors(given):
    function, *arrays = given
    with pytest.raises(ValueError, match=r"(has to|have to)"):
        function(*arrays)
