"""The folded plan against the same steps one by one, and a plan on a region against the whole picture.

Tolerances, in 255ths. Where the picture shows, away from fill and from the border of the result:

* MEAN and MOST (for all but a thousandth of the pixels): one resampling weighs a smooth picture's pixels but a little
  otherwise than several, which blur it more; where a chain shrinks it and then enlarges it or turns it, what is between
  coarse pixels is interpolated otherwise too: the tolerance grows with the width of the filter.
* BORDER, in pixels beside each line between picture, fill and fill: a fold weighs the fill among the source's pixels,
  steps among those of the pictures in between; as wide as the coarsest pixel on the way, of the source or in between.

Colours that leave black and white between two steps are measured in test_draft.py; in random chains they stay within.
"""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo import WHITE, photo

from feedline.native import counting
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    ColorJitter,
    Compose,
    FiveCrop,
    Gamma,
    Normalize,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomGrayscale,
    RandomHorizontalFlip,
    RandomInvert,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomSolarize,
    RandomVerticalFlip,
    Resize,
    ToTensor,
    Transform,
)
from feedline.transforms.draft import Draft
from feedline.transforms.execute import run, run_mask
from feedline.transforms.pointwise import Colour, Curve, line

MEAN = 1.5
MOST = 8.0
BORDER = 2
sides = st.integers(40, 200)
fills = st.sampled_from([0, 30, 90, 255])
sizes = st.tuples(sides, sides)
FILTERS = ["bilinear", "bicubic", "nearest"]


class Recoloured(Transform):
    """A pixel-wise step."""

    def __init__(self, step):
        self.step = step

    def add(self, draft, key, operation):
        draft.recolour(self.step)

    def __repr__(self):
        return f"Recoloured({self.step.name})"


MILD = [
    line("brightness 0.90", 0.9),
    line("contrast 0.80", 0.8, 0.1),
    line("invert", -1.0, 1.0),
    Curve("gamma 1.20", lambda x, _: x**1.2),
    Colour("saturation 0.60", ((0.72, 0.23, 0.05, 0), (0.12, 0.83, 0.05, 0), (0.12, 0.23, 0.65, 0))),
]
OURS = [
    RandomInvert(0.7),
    ColorJitter(brightness=(0.7, 1.0)),
    ColorJitter(saturation=(0.4, 1.0)),
    RandomSolarize(128, 0.7),
    RandomGrayscale(0.7),
    Gamma((0.8, 1.4)),
]
"""The package's own colours, of which none leaves black and white."""


def scaled_fill(fill, dtype):
    return fill / 255 if dtype == "float32" else fill * (257 if dtype == "uint16" else 1)


@st.composite
def geometries(draw, dtype="uint8", filters=("bilinear",)):
    fill, form = scaled_fill(draw(fills), dtype), draw(st.sampled_from(filters))
    makes = [
        lambda: Resize(draw(sizes), form),
        lambda: Resize(draw(sides), form),
        lambda: CenterCrop(draw(sizes)),
        lambda: RandomResizedCrop(draw(sizes), scale=(0.3, 1), interpolation=form),
        lambda: RandomHorizontalFlip(1),
        lambda: RandomVerticalFlip(1),
        lambda: RandomRotation(draw(st.sampled_from([10, 45, 180])), form, draw(st.booleans()), fill=fill),
        lambda: RandomRotation((90, 90), expand=draw(st.booleans()), fill=fill),
        lambda: RandomAffine(20, (0.1, 0.1), (0.7, 1.4), 10, form, fill),
        lambda: Pad(draw(st.integers(1, 15)), fill),
        lambda: Pad(draw(st.integers(1, 15)), fill, draw(st.sampled_from(["edge", "reflect", "symmetric"]))),
        lambda: RandomCrop(draw(sizes), pad_if_needed=True, fill=fill),
        lambda: RandomPerspective(0.3, 1.0, form, fill),
    ]
    return draw(st.sampled_from(makes))()


def one_by_one(steps, image, key):
    for operation, step in enumerate(steps):
        image = step(image, key, operation)
    return image


def as_array(image):
    return image if isinstance(image, np.ndarray) else image.permute(1, 2, 0).numpy()


def covered(steps, size, key):
    """Where the picture alone shows, by either way, and nothing else is near."""
    black = [_black(step) for step in steps if not isinstance(step, ToTensor | Normalize)]
    white = np.full((*size, 1), 255, np.uint8)
    both = (Compose(black)(white, key) == 255) & (one_by_one(black, white, key) == 255)
    near = 2 * BORDER + 1
    return cv2.erode(np.pad(both[:, :, 0].astype(np.uint8), 1), np.ones((near, near)))[1:-1, 1:-1] > 0


def _black(step):
    """The same geometry, filled with 0; steps keep their places, by which they draw."""
    if isinstance(step, (Recoloured, *map(type, OURS))):
        return Recoloured(line("same", 1.0))
    return replace(step, fill=0) if hasattr(step, "fill") else step


def coarseness(plan):
    return max([1.0, *(max(stage.widths) for stage in plan.resamplings)])


def check(steps, image, key, unit=None):
    white = WHITE[image.dtype.name] if unit is None else unit
    folded, single = as_array(Compose(steps)(image, key)), as_array(one_by_one(steps, image, key))
    assert folded.shape == single.shape
    assert folded.dtype == single.dtype
    apart = np.abs(folded.astype(float) - single).max(2) * 255 / white
    inside = apart[covered(steps, image.shape[:2], key)]
    plan = Compose(steps).plan(image.shape[:2], key, channels=image.shape[2], dtype=image.dtype)
    slack = coarseness(plan)
    if inside.size > 100:
        assert inside.mean() <= MEAN * slack, plan
        assert np.quantile(inside, 0.999) <= MOST * slack, plan
    return plan, apart


def skipping_impossible(steps, size, channels=3, dtype="uint8"):
    """Whether a reflecting Pad is larger than the picture it would have to pad."""
    try:
        Compose(steps).plan(size, channels=channels, dtype=dtype)
    except ValueError as error:
        assert "reflected" in str(error)
        return True
    return False


keys = st.builds(Key, st.integers(0, 10**6))


@settings(max_examples=40, derandomize=True)
@given(st.lists(geometries(), min_size=2, max_size=5), sizes, keys)
def test_geometry_folded_is_geometry_step_by_step(steps, size, key):
    if not skipping_impossible(steps, size):
        check(steps, photo(*size, seed=key.seed), key)


@settings(max_examples=25, derandomize=True)
@given(st.lists(geometries() | st.sampled_from(MILD).map(Recoloured), min_size=3, max_size=7), sizes, keys)
def test_so_are_colours_between(steps, size, key):
    steps = [*steps, ToTensor(), Normalize((0.4, 0.5, 0.6), (0.25, 0.3, 0.2))]
    if not skipping_impossible(steps, size):
        check(steps, photo(*size, seed=key.seed), key, unit=5.0)


@settings(max_examples=25, derandomize=True)
@given(st.lists(geometries() | st.sampled_from(OURS), min_size=3, max_size=7), sizes, keys)
def test_so_are_the_colours_that_the_package_has(steps, size, key):
    if not skipping_impossible(steps, size):
        check(steps, photo(*size, seed=key.seed), key)


@settings(max_examples=8, derandomize=True)
@given(st.data(), sizes, keys)
def test_so_is_each_of_five_windows(data, size, key):
    front = [data.draw(st.sampled_from(OURS)), RandomRotation(20, fill=30), Resize((70, 80))]
    behind = [data.draw(geometries()), data.draw(st.sampled_from(OURS))]
    image = photo(*size, seed=key.seed)
    if skipping_impossible([*front, FiveCrop(50), *behind], size):
        return
    folded = Compose([*front, FiveCrop(50), *behind])(image, key)
    windows = FiveCrop(50)(one_by_one(front, image, key), key, len(front))
    assert len(folded) == len(windows) == 5
    for found, window in zip(folded, windows, strict=True):
        for operation, step in enumerate(behind, len(front) + 1):
            window = step(window, key, operation)
        assert found.shape == window.shape
        apart = np.abs(found.astype(float) - window)
        assert apart.mean() <= 3
        assert np.median(apart) <= 2


GEOMETRIC = [
    Resize(256),
    RandomRotation(15),
    RandomAffine(0, translate=(0.1, 0.1), scale=(0.9, 1.1)),
    RandomCrop(224),
    RandomHorizontalFlip(),
]
PIXELWISE = [
    ColorJitter(brightness=0.2),
    ColorJitter(saturation=0.2),
    RandomInvert(0.5),
    RandomSolarize(128, 0.5),
]
MIXED = [
    *(PIXELWISE[0], GEOMETRIC[0], PIXELWISE[2], *GEOMETRIC[1:3]),
    *(PIXELWISE[1], *GEOMETRIC[3:], PIXELWISE[3]),
]


@pytest.mark.parametrize("steps", [[*GEOMETRIC, *PIXELWISE], MIXED], ids=["in order", "mixed"])
def test_five_geometric_and_four_pixelwise_transforms_cost_one_resampling_and_one_float_pass(steps):
    """And give what they give one by one: within 1.5 levels in the mean and within 6 for 99.9 % of the pixels."""
    assert len(steps) == 9
    steps = [*steps, ToTensor(), Normalize((0.485, 0.456, 0.406), 0.225)]
    image = photo(300, 400)
    for index in range(20):
        key = Key(3, 1, index)
        with counting() as counters:
            folded = as_array(Compose(steps)(image, key))
        assert (counters.resamplings, counters.float_passes, counters.stages, counters.copies) == (1, 1, 0, 0)
        apart = np.abs(folded - as_array(one_by_one(steps, image, key))).max(2) * 0.225 * 255
        inside = apart[covered(steps, image.shape[:2], key)]
        assert inside.size > 0.5 * apart.size
        assert inside.mean() <= 1.5
        assert np.quantile(inside, 0.999) <= 6


@settings(max_examples=25, derandomize=True)
@given(st.data(), st.sampled_from(["uint16", "float32"]), st.sampled_from([1, 2, 4]), sizes, keys)
def test_so_are_16_bits_floats_alpha_and_grey(data, dtype, channels, size, key):
    steps = data.draw(st.lists(geometries(dtype), min_size=2, max_size=4))
    steps.insert(1, Recoloured(MILD[data.draw(st.integers(0, 4))]))
    if not skipping_impossible(steps, size, channels, dtype):
        check(steps, photo(*size, channels, dtype, key.seed), key)


@settings(max_examples=25, derandomize=True)
@given(st.lists(geometries(filters=FILTERS), min_size=2, max_size=4), sizes, keys)
def test_filters_mixed_run_and_give_the_same_size(steps, size, key):
    if not skipping_impossible(steps, size):
        image = photo(*size, seed=key.seed)
        assert Compose(steps)(image, key).shape == one_by_one(steps, image, key).shape


@settings(max_examples=25, derandomize=True)
@given(st.lists(geometries(filters=FILTERS), min_size=1, max_size=5), st.tuples(*[st.integers(1, 90)] * 2), keys)
def test_a_region_gives_what_the_whole_picture_gives_to_the_bit(steps, size, key):
    if skipping_impossible(steps, size):
        return
    image, plan = photo(*size, seed=key.seed), Compose(steps).plan(size, key)
    top, left, height, width = plan.region
    assert 0 <= top < top + height <= size[0]
    assert 0 <= left < left + width <= size[1]
    part = image[top : top + height, left : left + width].copy()
    np.testing.assert_array_equal(run(plan, part, (top, left)), run(plan, image))


@settings(max_examples=25, derandomize=True)
@given(st.lists(geometries(), min_size=2, max_size=4), sizes, keys)
def test_masks_follow_and_their_numbers_are_never_mixed(steps, size, key):
    if skipping_impossible(steps, size):
        return
    mask = (photo(*size, 1, seed=key.seed) // 86 * 7 + 1).astype(np.uint8)
    plan = Compose(steps).plan(size, key)
    single = mask
    for operation, step in enumerate(steps):
        draft = Draft(*single.shape[:2])
        step.add(draft, key, operation)
        single = run_mask(draft.finish(), single, 99)
    folded = run_mask(plan, mask, 99)
    assert set(np.unique(folded)) <= {1, 8, 15, 99}
    assert folded.shape[:2] == single.shape[:2] == plan.size
    near = 2 * int(np.ceil(2 * coarseness(plan) * _enlarged(plan))) + 1
    flat = cv2.erode(single, np.ones((near, near))) == cv2.dilate(single, np.ones((near, near)))
    flat[[0, -1]] = flat[:, [0, -1]] = False
    assert (folded[:, :, 0] == single[:, :, 0])[flat].mean() > 0.995 if flat.sum() > 100 else True


def _enlarged(plan):
    a, b, _, d, e, *_ = plan.matrix
    return max(1.0, np.hypot(a, d), np.hypot(b, e))


RED = np.array([255, 0, 0], np.uint8)


@pytest.mark.parametrize(
    "behind",
    [
        [RandomRotation((30, 30), fill=128)],
        [RandomRotation((90, 90)), Resize(37)],
        [Resize(10), RandomAffine(0, scale=(0.5, 0.5), fill=128)],
        [RandomHorizontalFlip(1), Pad(9, padding_mode="edge"), Resize(200)],
        [Resize((7, 300)), RandomRotation((10, 10), fill=7)],
        [Pad(20, 40), RandomCrop(60), Resize(13)],
    ],
)
def test_what_a_crop_cut_away_never_shows_again(behind):
    image = np.full((200, 180, 3), 90, np.uint8)
    image[:, :, 0] = 200
    image[60:140, 50:130] = 90  # all else is as far from grey as it can be
    out = Compose([CenterCrop(80), *behind])(image)
    assert np.abs(out[..., 0].astype(int) - out[..., 1]).max() == 0


def test_fills_within_fills_lie_where_steps_would_put_them():
    steps = [Pad(10, 30), RandomRotation((45, 45), fill=90, expand=True), Pad(12, 200), Resize(120), Pad(5, 255)]
    image = np.full((60, 80, 1), 140, np.uint8)
    folded, single = Compose(steps)(image), one_by_one(steps, image, Key())
    assert set(np.unique(single)) >= {30, 90, 140, 200, 255}
    for number in (30, 90, 140, 200, 255):
        both = (folded == number) | (single == number)
        assert ((folded == number) & (single == number)).sum() / both.sum() > 0.85
    assert (np.abs(folded.astype(int) - single) > 24).mean() < 0.02


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
@pytest.mark.parametrize(
    "steps",
    [
        [Resize((5, 4)), RandomRotation((30, 30), fill=3)],
        [Resize((40, 40)), CenterCrop(1), Resize(3)],
        [Pad(3, padding_mode="symmetric"), RandomVerticalFlip(1), Resize((2, 2))],
        [CenterCrop(7), RandomRotation((90, 90), expand=True), Resize((1, 1))],
        [RandomResizedCrop(3), RandomAffine(45, scale=(0.1, 0.2)), Resize(2)],
        [Resize((31, 31)), RandomCrop(1), Resize(8)],
    ],
)
def test_pictures_of_a_few_pixels(steps, size):
    for index in range(6):
        key = Key(index=index)
        image = photo(*size, seed=index)
        out = Compose(steps)(image, key)
        assert out.shape == one_by_one(steps, image, key).shape
        flat = np.full_like(image, 77)
        assert set(np.unique(Compose(steps)(flat, key))) <= set(range(78))


def test_shrinking_and_enlarging_to_the_same_size_blurs():
    image = np.zeros((64, 64, 1), np.uint8)
    image[::2] = 200
    out = Compose([Resize(8), Resize(64)])(image)
    assert np.abs(out[12:-12].astype(int) - 100).max() <= 4


def test_large_pixels_of_nearest_stay():
    image = photo(60, 60)
    steps = [Resize(6, "nearest"), Resize(60, "nearest")]
    np.testing.assert_array_equal(Compose(steps)(image), one_by_one(steps, image, Key()))


def test_one_side_that_shrinks_alone_behind_a_turn_has_no_stripes():
    stripes = np.zeros((200, 200, 1), np.uint8)
    stripes[:, ::4] = stripes[:, 1::4] = 255
    steps = [RandomRotation((45, 45)), CenterCrop(120), Resize((12, 120))]
    apart = np.abs(Compose(steps)(stripes).astype(int) - one_by_one(steps, stripes, Key()))
    assert apart[2:-2, 4:-4].max() <= 6


@pytest.mark.parametrize("factor", [10, 23])
def test_shrinking_by_much(factor):
    image = photo(20 * factor, 20 * factor + 3)
    steps = [CenterCrop(19 * factor), Resize(19), RandomHorizontalFlip(1)]
    with counting() as counters:
        plan, apart = check(steps, image, Key())
    assert apart.max() <= 1
    assert max(plan.resamplings[0].widths) == pytest.approx(factor)
    assert counters.shrinks == 0


def test_a_turn_alone_is_not_shrunk_before():
    with counting() as counters:
        Compose([RandomRotation((33, 33))])(photo(50, 60))
    assert (counters.resamplings, counters.shrinks) == (1, 0)


def test_a_pad_behind_a_crop_and_a_resize_is_filled():
    image = np.full((60, 60, 1), 200, np.uint8)
    out = Compose([CenterCrop(40), Resize(80), Pad(20, 9), Resize(60)])(image)
    assert (out == 9).mean() == pytest.approx(5 / 9, abs=0.02)


@pytest.mark.parametrize("border", ["reflect", "symmetric", "edge"])
def test_the_region_of_a_border_alone_holds_what_is_mirrored_into_it(border):
    draft = Draft(60, 70)
    draft.pad(30, 30, 30, 30, border=border)
    draft.crop(2, 5, 20, 20)
    plan, image = draft.finish(), photo(60, 70)
    top, left, height, width = plan.region
    part = image[top : top + height, left : left + width].copy()
    np.testing.assert_array_equal(run(plan, part, (top, left)), run(plan, image))


def test_the_last_pixel_of_what_was_enlarged():
    draft = Draft(11, 11)
    draft.resize(110, 110)
    draft.crop(109, 109, 1, 1)
    draft.resize(5, 5)
    image = np.full((11, 11, 1), 8, np.uint8)
    image[10, 10] = 90
    assert (run(draft.finish(), image) == 90).all()


def test_what_lies_far_outside_costs_no_memory():
    draft = Draft(50, 50)
    draft.move((1e-3, 0.0, 10.0, 0.0, 1e-3, 10.0, 0.0, 0.0, 1.0), 20, 20, fill=3, antialias=False)
    (stage,) = draft.finish().stages
    assert stage.window[2] - stage.window[0] < 100
