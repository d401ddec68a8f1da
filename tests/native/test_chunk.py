"""What the kernel plans by itself is what the transforms plan, to the bit."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.errors import TransformError
from feedline.native.choice import extension
from feedline.native.chunk import PLAN, STEP, Step, packed
from feedline.native.weights import FILTERS
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
)
from feedline.transforms.canvas import _upright
from feedline.transforms.program import program
from feedline.transforms.stages import Resample

if extension is None and os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

KINDS = {"copy": 1, "scale": 2}
SIZES = st.tuples(st.integers(1, 90), st.integers(1, 90))
SHARES = st.sampled_from([0.0, 0.3, 0.5, 1.0])
FORMS = st.sampled_from(FILTERS)
SIDES = st.one_of(st.integers(0, 9), st.tuples(*[st.integers(0, 9)] * 2), st.tuples(*[st.integers(0, 9)] * 4))
SCALES = st.sampled_from([(0.08, 1.0), (0.9, 1.0), (0.01, 0.02), (1.0, 30.0)])
RATIOS = st.sampled_from([(3 / 4, 4 / 3), (1.0, 1.0), (5.0, 9.0), (0.01, 0.02)])
STEPS = st.one_of(
    st.builds(CenterCrop, SIZES),
    st.builds(RandomCrop, SIZES, SIDES, fill=st.integers(0, 255)),
    st.builds(Pad, SIDES, st.integers(0, 255)),
    st.builds(RandomResizedCrop, SIZES, SCALES, RATIOS, FORMS, st.booleans()),
    st.builds(Resize, st.one_of(st.integers(1, 70), SIZES), FORMS, antialias=st.booleans()),
    st.builds(Resize, st.none(), FORMS, st.integers(1, 80)),
    st.builds(Resize, st.integers(1, 40), FORMS, st.integers(41, 70)),
    st.builds(RandomHorizontalFlip, SHARES),
    st.builds(RandomVerticalFlip, SHARES),
)


def encoded(plan):
    """The row that the kernel has to find; None where its stages are others than it knows."""
    row = np.zeros((), PLAN)
    row["reduce"] = 1
    row["size"] = plan.size
    row["window"] = row["needed"] = row["frame"] = (0, 0, *plan.source)
    if not plan.stages:
        return row
    (stage,) = plan.stages if len(plan.stages) == 1 else (None,)
    if not isinstance(stage, Resample) or stage.kind not in KINDS or stage.clips:
        return None
    if len(stage.frames) > (stage.kind == "copy"):
        return None
    row["kind"], row["window"], row["needed"] = KINDS[stage.kind], stage.window, stage.needed
    a, _, c, _, e, f, *_ = stage.back
    if stage.kind == "copy":
        row["flips"] = stage.matrix[4] < 0, stage.matrix[0] < 0
        row["has_frame"], row["frame"] = len(stage.frames), stage.window
        for frame in stage.frames:
            row["frame"], row["fill"][:3] = _upright(frame.corners, stage.window), frame.fill
        return row
    row["frame"] = (0, 0, *plan.source)
    row["filter"] = FILTERS.index(stage.filter)
    row["rows"] = f - stage.window[0], e, stage.widths[0]
    row["columns"] = c - stage.window[1], a, stage.widths[1]
    return row


def found(steps, key, size):
    made = program(Compose(steps), 3)
    assert made is not None
    return np.frombuffer(extension.plan(made.steps, key.seed, key.epoch, key.index, *size), PLAN)[0]


KEYS = st.builds(Key, st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1))


@given(steps=st.lists(STEPS, max_size=4), key=KEYS, size=st.tuples(st.integers(1, 130), st.integers(1, 130)))
def test_the_kernel_plans_what_the_transforms_plan(steps, key, size):
    try:
        expected = encoded(Compose(steps).plan(size, key))
    except TransformError:
        expected = None
    if expected is None:
        with pytest.raises(extension.Declined):
            found(steps, key, size)
        return
    try:
        row = found(steps, key, size)
    except extension.Declined as declined:
        assert "frames" in str(declined) or "fold" in str(declined)  # what the twin folds all the same
        return
    for name in PLAN.names:
        assert row[name].tolist() == expected[name].tolist(), name


def test_the_usual_chains_are_not_declined():
    for number in range(200):
        for steps in (
            [RandomResizedCrop(224), RandomHorizontalFlip()],
            [Resize(256), CenterCrop(224)],
            [RandomCrop(32, padding=4), RandomHorizontalFlip()],
            [Resize((40, 50), "bicubic"), RandomVerticalFlip(), RandomCrop(30)],
        ):
            size = (32, 32) if isinstance(steps[0], RandomCrop) else (300 + number, 500 - number)
            found(steps, Key(3, 1, number), size)


def test_the_layouts_are_those_of_the_kernel():
    plan = extension.plan(b"", 0, 0, 0, 2, 3)
    assert len(plan) == PLAN.itemsize
    with pytest.raises(extension.Declined, match="unknown kind"):
        extension.plan(
            packed([Step("Pad"), Step("Resize", size=(3, 3))]).replace(b"\x06\0\0\0", b"\x63\0\0\0", 1), 0, 0, 0, 9, 9
        )


@pytest.mark.parametrize(
    "wrong", [("filter", 10**8), ("filter", -1), ("size", (-1, 4)), ("numbers", (float("nan"),) * 6)]
)
def test_steps_that_cannot_be_are_refused_before_anything_is_done(wrong):
    step = np.frombuffer(packed([Step("Resize", size=(8, 8))]), STEP).copy()
    step[wrong[0]] = wrong[1]
    with pytest.raises(ValueError, match="steps must be packed"):
        extension.plan(step.tobytes(), 0, 0, 0, 30, 30)


def test_why_a_sample_was_left_is_told():
    batch = np.zeros((3, 4, 4, 3), np.uint8)
    files = [b"no picture", None, np.zeros((4, 4, 3), np.uint8)]
    codes, why, *_ = extension.run(b"", 3, False, 0, 0, np.arange(3), files, batch, False, None, None)
    assert [code == 0 for code in codes] == [False, False, True]
    assert set(why) == {0, 1}
    assert "PNG" in why[0]
