"""The kernel and its twin give the same to the bit, on each path of the processor."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.native import FILTERS, IMPLEMENTATION, Grid, twin

if IMPLEMENTATION == "twin" and os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel

BEST = _kernel.simd()
SIDES = st.one_of(st.integers(1, 300), st.integers(1, 20), st.sampled_from([1, 2, 16, 32, 64]))
FORMS = st.integers(0, 2)
CHANNELS = st.integers(1, 4)


@pytest.fixture(autouse=True)
def _restored():
    yield
    _kernel.choose_simd(BEST)


@st.composite
def grids(draw, limit):
    """Of all of it, to and fro; from anywhere with any step; with filters wider than the step."""
    size = draw(SIDES)
    step = draw(st.one_of(st.sampled_from([limit / size, -limit / size, 1.0, -1.0, 0.5]), st.floats(-8, 8)))
    edge = 0.0 if step > 0 else float(limit)
    start = draw(st.one_of(st.just(edge), st.floats(-2.0 * limit, 3.0 * limit), st.sampled_from([-1e9, 1e9])))
    width = draw(
        st.one_of(st.just(max(1.0, abs(step))), st.floats(1, 50), st.sampled_from([60.0, 127.5, 128.0, 200.0]))
    )
    return Grid(size, start, step, width)


@st.composite
def pictures(draw):
    height, width, channels = draw(SIDES), draw(SIDES), draw(CHANNELS)
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    wild = rng.integers(0, 256, (height, width, channels), np.uint8)
    return wild // 128 * 255 if draw(st.booleans()) else wild  # black and white is where sums overshoot


def dense(first, weight, limit):
    """Weights of each output pixel for each of the input's."""
    found = np.zeros((len(first), limit + weight.shape[1]), int)
    np.add.at(found, (np.arange(len(first))[:, None], first[:, None] + np.arange(weight.shape[1])), weight)
    assert not found[:, limit:].any()
    return found[:, :limit]


@settings(max_examples=60, deadline=None)
@given(st.data(), SIDES, FORMS)
def test_weights_are_those_of_the_twin(data, limit, form):
    grid = data.draw(grids(limit))
    expected = twin.taps(*grid, limit, FILTERS[form])
    wanted = np.zeros((grid.size, limit), int)
    np.add.at(wanted, (np.arange(grid.size)[:, None], expected.index), expected.weight)
    for name in _kernel.simd_names():
        _kernel.choose_simd(name)
        first, weight, count = _kernel.taps(*grid, limit, form)
        first, weight = np.frombuffer(first, np.int32), np.frombuffer(weight, np.int16).reshape(grid.size, count)
        assert count % 2 == 0
        assert (first >= 0).all()
        assert (first < limit).all()
        np.testing.assert_array_equal(dense(first, weight, limit), wanted, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(st.data(), pictures(), FORMS)
def test_pictures_are_those_of_the_twin_on_every_path(data, image, form):
    rows, columns = data.draw(grids(image.shape[0])), data.draw(grids(image.shape[1]))
    expected = twin.regrid(image, rows, columns, FILTERS[form])
    for name in _kernel.simd_names():
        _kernel.choose_simd(name)
        found = np.full_like(expected, 77)
        _kernel.regrid(image, rows, columns, form, found)
        np.testing.assert_array_equal(found, expected, err_msg=name)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 20), st.integers(3000, 20000), CHANNELS, FORMS, st.booleans())
def test_long_and_thin_pictures(short, long, channels, form, tall):
    image = np.random.default_rng(short).integers(0, 256, (long, short, channels), np.uint8)
    image = image if tall else np.ascontiguousarray(image.swapaxes(0, 1))
    rows, columns = (Grid(7, 0.0, side / 7, max(1.0, side / 7)) for side in image.shape[:2])
    expected = twin.regrid(image, rows, columns, FILTERS[form])
    for name in _kernel.simd_names():
        _kernel.choose_simd(name)
        found = np.zeros_like(expected)
        _kernel.regrid(image, rows, columns, form, found)
        np.testing.assert_array_equal(found, expected, err_msg=name)


@st.composite
def places(draw, shape, size):
    """How bytes lie: (as a view, its memory, (start, row, column, channel)): together, planes, odd or reversed."""
    height, width, channels = shape
    kind = draw(st.sampled_from(["together", "planes", "apart", "reversed"]))
    each = size + (draw(st.integers(0, 3)) if kind in ("apart", "reversed") else 0)
    if kind == "planes":
        column, row, channel = each, each * width, each * width * height
    else:
        channel, column = each, each * channels
        row = column * width + (draw(st.integers(0, 5)) if kind != "together" else 0)
    start = draw(st.integers(0, 3)) if kind == "apart" else 0
    steps = [row, column, channel]
    if kind == "reversed":
        start = (height - 1) * row + (width - 1) * column
        steps = [-row, -column, channel]
    length = max(start, 0) + sum(max(step, 0) * (n - 1) for step, n in zip(steps, shape, strict=True)) + size
    return length, (start, *steps)


@settings(max_examples=60, deadline=None)
@given(st.data(), pictures(), FORMS, st.sampled_from(["as they are", "table", "levels", "affine"]))
def test_finished_rows_go_to_any_place_by_any_table(data, image, form, how):
    channels = image.shape[2]
    rows, columns = data.draw(grids(image.shape[0])), data.draw(grids(image.shape[1]))
    numbers = np.random.default_rng(channels)
    table = numbers.integers(0, 256, (channels, 256), np.uint8) if how == "table" else None
    levels = numbers.standard_normal((channels, 256)).astype(np.float32) if how == "levels" else None
    affine = numbers.standard_normal((2, channels)).astype(np.float32) if how == "affine" else None
    pixels = twin.regrid(image, rows, columns, FILTERS[form])
    if affine is not None:
        expected = twin.scale_shift(pixels, *affine)
    else:
        plain = np.arange(256, dtype=np.uint8)[None].repeat(channels, 0)
        chosen = {"table": table, "levels": levels}.get(how, plain)
        expected = np.stack([chosen[place][pixels[:, :, place]] for place in range(channels)], -1)
    length, place = data.draw(places(pixels.shape, expected.itemsize))
    for name in _kernel.simd_names():
        _kernel.choose_simd(name)
        memory = np.full(length + 8, 0xA5, np.uint8)  # behind the end, nothing may change
        _kernel.regrid_into(image, rows, columns, form, memory[:length], place, table, levels, affine)
        used = np.zeros(length + 8, bool)
        for byte in range(expected.itemsize):
            view = np.lib.stride_tricks.as_strided(memory[place[0] + byte :], pixels.shape, place[1:])
            np.testing.assert_array_equal(view, expected.view(np.uint8)[..., byte :: expected.itemsize], err_msg=name)
            np.lib.stride_tricks.as_strided(used[place[0] + byte :], pixels.shape, place[1:])[:] = True
        assert (memory[~used] == 0xA5).all(), name


@pytest.mark.parametrize(
    "place",
    [
        (0, 13, 3, 1),
        (-1, 12, 3, 1),
        (0, 12, 4, 1),
        (0, 12, 3, 1 << 62),
        (0, -12, 3, 1),
        (1, 12, 3, 1),
        ((1 << 63) - 1, 1, 1, 1),
    ],
)
def test_places_beyond_the_output_are_refused(place):
    image, grid = np.zeros((4, 4, 3), np.uint8), (4, 0.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="not as many bytes"):
        _kernel.regrid_into(image, grid, grid, 1, bytearray(48), place, None, None, None)
    with pytest.raises(ValueError, match="256 numbers a channel"):
        _kernel.regrid_into(image, grid, grid, 1, bytearray(48), (0, 12, 3, 1), bytes(256), None, None)
