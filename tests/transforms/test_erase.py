import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds import KINDS, WHITE, check_draws, check_kept, flat, forms

from feedline.errors import TransformError
from feedline.native import counting
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, ToTensor
from feedline.transforms.erase import CoarseDropout, RandomErasing

STEPS = [
    RandomErasing(1),
    RandomErasing(1, value="random"),
    CoarseDropout(p=1),
    CoarseDropout((2, 5), (3, 6), (2, 30), 1, p=1),
    CoarseDropout((1, 3), (0.3, 0.5), (0.2, 0.9), "random", p=1),
]


@given(step=st.sampled_from(STEPS), form=forms, index=st.integers(0, 99))
def test_size_and_type_stay(step, form, index):
    check_kept(step, form, index)


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_draws_are_keyed(step):
    check_draws(step, flat("uint8", 0.5, 40, 40))


def hole(image, out):
    """Top, left, height and width of what changed, which is a whole rectangle."""
    changed = (out != image).all(-1)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    assert changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert changed.sum() == (rows[-1] + 1 - rows[0]) * (columns[-1] + 1 - columns[0])
    return rows[0], columns[0], rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]


def test_erased_is_a_rectangle_of_the_area_and_ratio_asked_for():
    image = flat("uint8", 0.5, 100, 80, 1)
    holes = [hole(image, RandomErasing(1, (0.1, 0.2), (0.5, 2))(image, Key(index=n))) for n in range(200)]
    shares = [tall * wide / 8000 for _, _, tall, wide in holes]
    ratios = [tall / wide for _, _, tall, wide in holes]
    assert 0.095 < min(shares) < 0.11 < 0.19 < max(shares) < 0.205
    assert 0.47 < min(ratios) < 0.6 < 1.7 < max(ratios) < 2.1
    assert abs(np.mean(np.log(ratios))) < 0.1
    tops, lefts = (np.array(sides) for sides in list(zip(*holes, strict=True))[:2])
    assert tops.min() < 5
    assert lefts.min() < 5
    assert max(top + tall for top, _, tall, _ in holes) > 95
    assert max(left + wide for _, left, _, wide in holes) > 75


@pytest.mark.parametrize("kind", [RandomErasing, CoarseDropout])
def test_it_is_done_at_its_rate(kind):
    image = flat("uint8", 0.5, 30, 30, 1)
    done = [kind(p=0.3)(image, Key(index=n)).min() == 0 for n in range(500)]
    assert 0.24 < np.mean(done) < 0.36
    assert not any((kind(p=0)(image, Key(index=n)) == 0).any() for n in range(20))


def test_what_is_not_erased_is_no_stage():
    with counting() as counters:
        RandomErasing(0)(flat("uint8", 0.5))
    assert counters.stages == 0


def test_no_rectangle_fits_into_a_pixel():
    image = flat("uint8", 0.5, 1, 1)
    np.testing.assert_array_equal(RandomErasing(1)(image), image)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_painted_with_one_value_or_one_a_channel(kind):
    value = (0, WHITE[kind] / 4, WHITE[kind])
    painted = {tuple(pixel) for pixel in RandomErasing(1, value=value)(flat(kind, 0.5)).reshape(-1, 3).tolist()}
    assert painted == {tuple(flat(kind, 0.5)[0, 0].tolist()), tuple(np.array(value).astype(kind).tolist())}
    assert (
        CoarseDropout(hole_height_range=(1.0, 1.0), hole_width_range=(1.0, 1.0), fill=1, p=1)(flat(kind, 0)) == 1
    ).all()


def test_random_paint_is_every_level_of_whole_numbers_and_normal_on_floats():
    everywhere = CoarseDropout(hole_height_range=(1.0, 1.0), hole_width_range=(1.0, 1.0), fill="random", p=1)
    levels = everywhere(flat("uint8", 0.5))
    assert set(np.unique(levels)) == set(range(256))
    assert abs(levels.mean() - 127.5) < 3
    assert everywhere(flat("uint16", 0.5)).max() > 65000
    normal = everywhere(flat("float32", 0.5))
    assert abs(normal.mean()) < 0.05
    assert abs(normal.std() - 1) < 0.03


def test_it_stands_before_and_behind_the_conversion():
    image = flat("uint8", 0.5, 32, 32)
    before = Compose([RandomErasing(1, value=255), ToTensor()])(image, Key(2))
    behind = Compose([ToTensor(), RandomErasing(1, value=1.0)])(image, Key(2), 65_000)
    assert set(before.unique().tolist()) == set(behind.unique().tolist()) == {1.0, np.float32(127 / 255)}
    last = Compose([ToTensor(), Normalize(0.5, 0.25), RandomErasing(1, value=-7)])(image, Key(2))
    assert last.min() == -7
    np.testing.assert_array_equal(
        before == 1.0, Compose([RandomErasing(1, value=255)])(image, Key(2)).transpose(2, 0, 1) == 255
    )


def test_holes_in_shares_and_in_pixels():
    image = flat("uint8", 0.5, 100, 50, 1)
    sizes = [hole(image, CoarseDropout(p=1)(image, Key(index=n)))[2:] for n in range(100)]
    assert {tall for tall, _ in sizes} == set(range(10, 20))
    assert {wide for _, wide in sizes} == set(range(5, 10))
    step = CoarseDropout((1, 1), (3, 5), (40, 80), p=1)
    sizes = [hole(image, step(image, Key(index=n)))[2:] for n in range(100)]
    assert {tall for tall, _ in sizes} == {3, 4, 5}
    assert {wide for _, wide in sizes} == set(range(40, 51))


def test_as_many_holes_as_drawn():
    plans = [str(Compose([CoarseDropout((2, 4), (1, 1), (1, 1), p=1)]).plan((9, 9), Key(index=n))) for n in range(60)]
    assert {plan.count("1 x 1 at") for plan in plans} == {2, 3, 4}


def test_the_plan_says_it():
    said = str(Compose([CoarseDropout((1, 1), (2, 2), (3, 3), fill=(1, 2, 3), p=1)]).plan((2, 3)))
    assert "stage     erase 2 x 3 at (0, 0) with 1, 2, 3\n" in said


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RandomErasing(1.5), ["RandomErasing", "0..1", "1.5"]),
        (lambda: RandomErasing(scale=(0.3, 0.1)), ["RandomErasing", "scale", "(0.3, 0.1)"]),
        (lambda: RandomErasing(scale=(0.3, 2)), ["RandomErasing", "at most 1", "2"]),
        (lambda: RandomErasing(ratio=(0, 1)), ["RandomErasing", "ratio", "(0, 1)"]),
        (lambda: RandomErasing(value="noise"), ["RandomErasing", "'random'", "'noise'"]),
        (lambda: RandomErasing(value=()), ["RandomErasing", "value", "()"]),
        (lambda: RandomErasing(0, value=(1, 2))(flat("uint8", 0)), ["RandomErasing", "3 channels", "(1.0, 2.0)"]),
        (lambda: RandomErasing(0, value=256)(flat("uint8", 0)), ["RandomErasing", "0..255", "256"]),
        (lambda: RandomErasing(0, value=-1)(flat("uint16", 0)), ["RandomErasing", "0..65535", "-1"]),
        (lambda: CoarseDropout(p=-1), ["CoarseDropout", "0..1", "-1"]),
        (lambda: CoarseDropout((0, 1)), ["CoarseDropout", "num_holes_range", "(0, 1)"]),
        (lambda: CoarseDropout(hole_height_range=(0.5, 1.5)), ["CoarseDropout", "shares", "(0.5, 1.5)"]),
        (lambda: CoarseDropout(hole_width_range=(5, 3)), ["CoarseDropout", "pixels", "(5, 3)"]),
        (lambda: CoarseDropout(fill="mean"), ["CoarseDropout", "fill", "'mean'"]),
    ],
)
def test_a_bad_parameter_is_one_line(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)
    assert "\n" not in str(raised.value)
