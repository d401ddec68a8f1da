"""The kernel's crops, paddings, flips and quarter turns against the plans of transforms, run by the twin."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.rng import Key
from feedline.transforms import (
    Compose,
    Normalize,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomVerticalFlip,
    ToTensor,
)
from feedline.transforms.execute import run
from feedline.transforms.pointwise import float_table
from feedline.transforms.stages import Convert, Resample

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel

sides = st.integers(1, 20)
orders = st.sampled_from(["NHWC", "NCHW"])
FREE = 7
"""Numbers around the picture in memory, which nobody may write to."""


def place(image, window, frame, fill, turns, size, order="NHWC", table=None, levels=None):
    """What the kernel makes of it, in memory of the given order, HxWxC."""
    channels = image.shape[2]
    kind = np.dtype(np.uint8 if levels is None else np.float32)
    shape = (*size, channels) if order == "NHWC" else (channels, *size)
    memory = np.full(2 * FREE + size[0] * size[1] * channels, 77, kind)
    picture = memory[FREE : len(memory) - FREE].reshape(shape)
    seen = picture if order == "NHWC" else picture.transpose(1, 2, 0)
    pixels = np.ascontiguousarray(image)
    offset = FREE * kind.itemsize
    _kernel.place(
        pixels, pixels.shape, window, frame, bytes(fill), turns, memory, offset, seen.strides, size, table, levels
    )
    assert (memory[:FREE] == 77).all()
    assert (memory[-FREE:] == 77).all()
    return seen


def by_plan(plan, image, order):
    """The plan of one copy and, at most, one pass to floats, by the kernel."""
    copies = [stage for stage in plan.stages if isinstance(stage, Resample)]
    converts = [stage for stage in plan.stages if isinstance(stage, Convert)]
    assert len(copies) + len(converts) == len(plan.stages)
    height, width, channels = image.shape
    window, frame, fill, turns = (0, 0, height, width), (0, 0, height, width), (0,) * channels, (False,) * 3
    for stage in copies:
        assert stage.kind == "copy"
        window, turns = stage.window, turned(stage)
        for clip in stage.painted:
            frame, fill = common(frame, clip), ((*map(int, clip.fill),) * channels)[:channels]
    levels = None
    for stage in converts:
        factor, offset = ((numbers * channels)[:channels] for numbers in (stage.factor, stage.offset))
        levels = np.ascontiguousarray(float_table(factor, offset, 255).T)
    return place(image, window, frame, fill, turns, plan.size, order, levels=levels)


def turned(stage):
    a, b, _, d, e, *_ = stage.matrix
    transpose = abs(a) < abs(b)
    return transpose, (d if transpose else e) < 0, (b if transpose else a) < 0


def common(frame, clip):
    x, y = ([round(point[axis]) for point in clip.corners] for axis in (0, 1))
    return max(frame[0], min(y)), max(frame[1], min(x)), min(frame[2], max(y)), min(frame[3], max(x))


def noise(height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def assert_as_planned(steps, image, key, order):
    height, width, channels = image.shape
    plan = Compose(steps).plan((height, width), key, channels=channels)
    expected = run(plan, image)
    if plan.tensor:
        expected = expected.permute(1, 2, 0).numpy()
    found = by_plan(plan, image, order)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


@given(st.integers(0, 999), orders, st.booleans(), st.integers(0, 255))
def test_the_recipe_of_cifar(seed, order, as_float, fill):
    steps = [RandomCrop(32, padding=4, fill=fill), RandomHorizontalFlip()]
    if as_float:
        steps += [ToTensor(), Normalize((0.49, 0.48, 0.45), (0.247, 0.243, 0.262))]
    assert_as_planned(steps, noise(32, 32, 3, seed), Key(1, 2, seed), order)


@given(sides, sides, st.integers(1, 4), st.tuples(*[st.integers(0, 9)] * 4), st.integers(0, 999), orders, st.booleans())
def test_random_crops_with_padding_and_flips(height, width, channels, padding, seed, order, as_float):
    tall, wide = height + padding[1] + padding[3], width + padding[0] + padding[2]
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, tall + 1)), int(rng.integers(1, wide + 1))
    steps = [Pad(padding, fill=9), RandomCrop(size), RandomHorizontalFlip(), RandomVerticalFlip()]
    assert_as_planned(
        [*steps, ToTensor()] if as_float else steps, noise(height, width, channels, seed), Key(3, 4, seed), order
    )


@given(st.sampled_from([90, -90, 180, 0]), sides, st.integers(0, 99), orders, st.booleans())
def test_quarter_turns(angle, side, seed, order, flip):
    steps = [RandomAffine((angle, angle)), *([RandomHorizontalFlip(1.0)] if flip else [])]
    assert_as_planned(steps, noise(side, side, 3, seed), Key(5, 6, seed), order)


@given(
    sides,
    sides,
    st.integers(1, 4),
    st.tuples(st.integers(-30, 30), st.integers(-30, 30), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(*[st.integers(-5, 30)] * 4),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    orders,
    st.sampled_from(["numbers", "table", "levels", "both"]),
)
def test_any_window_and_frame(height, width, channels, corner, frame, turns, order, how):
    image, fill = noise(height, width, channels), (5, 60, 70, 80)[:channels]
    top, left, tall, wide = corner
    rows, columns = np.arange(top, top + tall), np.arange(left, left + wide)
    near = max(frame[0], 0), max(frame[1], 0), min(frame[2], height), min(frame[3], width)
    shown = ((rows >= near[0]) & (rows < near[2]))[:, None] & ((columns >= near[1]) & (columns < near[3]))
    clipped = image[rows.clip(0, height - 1)[:, None], columns.clip(0, width - 1)]
    expected = np.where(shown[:, :, None], clipped, np.uint8(fill))
    expected = expected.transpose(1, 0, 2) if turns[0] else expected
    expected = expected[:: -1 if turns[1] else 1, :: -1 if turns[2] else 1]
    table = np.random.default_rng(1).permutation(channels * 256).astype(np.uint8).reshape(channels, 256)
    levels = np.random.default_rng(2).random((channels, 256), np.float32)
    table, levels = table if how in ("table", "both") else None, levels if how in ("levels", "both") else None
    for numbers in (table, levels):
        expected = expected if numbers is None else numbers[np.arange(channels), expected]
    window, size = (top, left, top + tall, left + wide), expected.shape[:2]
    if 0 in size:
        return
    found = place(image, window, frame, fill, turns, size, order, table, levels)
    assert np.array_equal(found, expected)


def test_an_image_that_is_not_seen_at_all_is_fill():
    for window in [(-9, 0, -5, 4), (0, 99, 4, 103), (2**31 - 5, 0, 2**31 - 1, 4), (-(2**31), 0, -(2**31) + 4, 4)]:
        found = place(noise(4, 4, 3), window, (0, 0, 4, 4), (1, 2, 3), (False, True, True), (4, 4))
        assert np.array_equal(found, np.full((4, 4, 3), (1, 2, 3)))


@pytest.mark.parametrize(
    ("channels", "window", "size", "turns"),
    [
        (3, (0, 0, 4, 5), (5, 4), (False, False, False)),
        (3, (0, 0, 4, 5), (4, 5), (True, False, False)),
        (3, (4, 0, 0, 5), (4, 5), (False, False, False)),
        (3, (-(2**31), 0, 2**31 - 1, 5), (4, 5), (False, False, False)),
    ],
)
def test_a_window_of_another_size_is_declined(channels, window, size, turns):
    with pytest.raises(_kernel.Declined, match=r"^a window of -?\d+ x 5 pixels for"):
        place(noise(6, 6, channels), window, (0, 0, 6, 6), (0,) * channels, turns, size)


def test_memory_that_is_too_small_is_refused():
    image, out = noise(4, 4, 3), np.zeros(4 * 4 * 3, np.uint8)
    whole = (0, 0, 4, 4)
    rest = (whole, whole, b"\0\0\0", (False,) * 3)
    for given_image, offset, steps in [(image, 1, (12, 3, 1)), (image, 0, (13, 3, 1)), (image[:3], 0, (12, 3, 1))]:
        with pytest.raises(ValueError, match=r"^place: a buffer is too small"):
            _kernel.place(given_image.tobytes(), (4, 4, 3), *rest, out, offset, steps, (4, 4), None, None)
    with pytest.raises(ValueError, match=r"^place: a buffer is too small"):
        _kernel.place(image, (4, 4, 3), *rest, out, 0, (12, 3, 1), (4, 4), None, bytes(99))
    with pytest.raises(ValueError, match=r"^place: a buffer is too small"):
        _kernel.place(image, (4, 4, 3), *rest, out, -12, (12, 3, 1), (4, 4), None, None)
