import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import RandomAffine, RandomHorizontalFlip, RandomRotation, Resize
from feedline.types import Spec

sides = st.integers(1, 24)
KEYS = [Key(seed=3, index=index) for index in range(40)]


@pytest.mark.parametrize(("height", "width", "expected"), [(20, 40, (10, 20)), (40, 20, (20, 10)), (7, 7, (10, 10))])
def test_resize_by_one_number_is_the_shorter_side(height, width, expected):
    assert Resize(10)(picture(height, width)).shape == (*expected, 3)


def test_resize_by_two_numbers_is_height_and_width():
    assert Resize((4, 9))(picture(20, 20, 1)).shape == (4, 9, 1)
    assert Resize([4, 9]) == Resize((4, 9))


def test_resize_to_the_same_size_changes_nothing():
    image = picture(5, 6)
    np.testing.assert_array_equal(Resize((5, 6))(image), image)


def test_shrinking_takes_all_pixels_into_account():
    image = np.zeros((40, 40, 1), np.uint8)
    image[::2] = 200
    shrunk = Resize((7, 9))(image)
    assert np.abs(shrunk[1:-1].astype(int) - 100).max() <= 12
    assert np.abs(Resize((7, 9), antialias=False)(image).astype(int) - 100).max() > 60


def test_enlarging_keeps_a_flat_image_flat_and_stays_between_neighbours():
    assert (Resize((10, 9))(np.full((3, 3, 1), 77, np.uint8)) == 77).all()
    ramp = Resize((1, 8))(np.array([0, 200], np.uint8).reshape(1, 2, 1))[0, :, 0].astype(int)
    assert (np.diff(ramp) >= 0).all()
    assert (ramp[0], ramp[-1]) == (0, 200)


def test_a_side_never_shrinks_to_nothing():
    assert Resize(1)(picture(1, 30)).shape == (1, 30, 3)
    assert Resize(2)(picture(100, 1)).shape == (200, 2, 3)


def test_resize_spec_of_one_number_needs_both_sides():
    assert Resize(10).spec(Spec(20, None, 3)) == Spec(None, None, 3)


def test_flip_always_and_never():
    image = picture(4, 5)
    for key in KEYS:
        np.testing.assert_array_equal(RandomHorizontalFlip(1)(image, key), image[:, ::-1])
        np.testing.assert_array_equal(RandomHorizontalFlip(0)(image, key), image)


def test_flip_half_the_time_and_of_one_channel():
    image = picture(4, 5, 1)
    flips = [RandomHorizontalFlip()(image, Key(index=index)) for index in range(400)]
    assert {flip.shape for flip in flips} == {(4, 5, 1)}
    assert 150 < sum(not np.array_equal(flip, image) for flip in flips) < 250


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [6, 7])
def test_rotation_by_90_degrees_is_counter_clockwise(side, channels):
    image = picture(side, side, channels)
    np.testing.assert_array_equal(RandomRotation((90, 90))(image), np.rot90(image))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_rotation_that_expands_holds_the_whole_image(turns):
    image = picture(4, 7)
    turned = RandomRotation((90 * turns, 90 * turns), expand=True)(image)
    np.testing.assert_array_equal(turned, np.rot90(image, turns))


def test_rotation_by_45_degrees_expands_to_the_diagonal_and_fills():
    turned = RandomRotation((45, 45), expand=True, fill=9)(np.full((10, 10, 1), 200, np.uint8))
    assert turned.shape == (16, 16, 1)
    assert turned[0, 0, 0] == 9
    assert turned[8, 8, 0] == 200


def test_rotation_keeps_the_size_and_draws_both_signs():
    image = np.zeros((9, 9, 1), np.uint8)
    image[1, 4] = 255  # above the middle: it moves left where the turn is counter-clockwise
    columns = [np.argmax(RandomRotation(45)(image, key).sum(axis=0)) for key in KEYS]
    assert min(columns) < 4 < max(columns)
    assert RandomRotation(45).degrees == (-45.0, 45.0)


def test_affine_turns_clockwise():
    image = picture(6, 6)
    np.testing.assert_array_equal(RandomAffine((90, 90))(image), np.rot90(image, -1))


def test_affine_moves_by_whole_pixels_within_its_share():
    image = np.zeros((10, 20, 1), np.uint8)
    image[5, 10] = 255
    shifts = set()
    for index in range(300):
        moved = RandomAffine(0, translate=(0.2, 0.3))(image, Key(index=index))
        ((row, column, _),) = np.argwhere(moved)
        assert moved[row, column, 0] == 255
        shifts.add((int(column) - 10, int(row) - 5))
    assert {right for right, _ in shifts} == set(range(-4, 5))
    assert {down for _, down in shifts} == set(range(-3, 4))


def test_affine_fills_what_comes_from_outside():
    moved = [RandomAffine(0, translate=(0.5, 0), fill=7)(np.zeros((4, 8, 2), np.uint8), key) for key in KEYS]
    assert {int(value) for image in moved for value in np.unique(image)} == {0, 7}


def test_affine_scales_about_the_centre():
    image = np.zeros((8, 8, 1), np.uint8)
    image[3:5, 3:5] = 255
    grown = RandomAffine(0, scale=(2, 2))(image)
    assert (grown[3:5, 3:5] == 255).all()
    assert grown.sum() > 3.5 * image.sum()
    np.testing.assert_array_equal(grown, np.rot90(grown, 2))


def test_affine_shears_along_x_alone():
    image = np.zeros((9, 9, 1), np.uint8)
    image[:, 4] = 255
    columns = RandomAffine(0, shear=(45, 45))(image)[:, :, 0].argmax(axis=1)
    assert columns[4] == 4
    assert abs(columns[5] - columns[3]) == 2
    assert columns[0] != columns[8]


def test_affine_without_anything_to_do_changes_nothing():
    image = picture(5, 8)
    np.testing.assert_array_equal(RandomAffine(0)(image, Key(9)), image)


RANDOM = [
    RandomHorizontalFlip(),
    RandomRotation(180),
    RandomRotation((10, 50), expand=True),
    RandomAffine(30, translate=(0.3, 0.3), scale=(0.5, 1.5), shear=20),
]
STEPS = [*RANDOM, Resize(5), Resize((3, 8))]


@pytest.mark.parametrize("step", RANDOM, ids=repr)
def test_equal_keys_draw_equally_and_other_operations_differently(step):
    image = picture(12, 12)

    def draws(operation):
        return [step(image, key, operation).tobytes() for key in KEYS]

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)
    assert len(set(draws(1))) > 1


@given(step=st.sampled_from(STEPS), height=sides, width=sides, channels=st.integers(1, 4), index=st.integers(0, 99))
def test_spec_says_what_comes_out(step, height, width, channels, index):
    image = picture(height, width, channels)
    before = image.copy()
    out = step(image, Key(index=index))
    said = step.spec(Spec(height, width, channels))
    assert out.dtype == np.uint8
    assert out.ndim == 3
    for claim, found in zip((said.height, said.width, said.channels), out.shape, strict=True):
        assert claim in (None, found)
    assert step.spec(Spec(None, None, channels)).height in (None, out.shape[0])
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Resize(0), ["Resize", "at least 1", "0"]),
        (lambda: Resize((4, -2)), ["Resize", "at least 1", "-2"]),
        (lambda: RandomHorizontalFlip(1.5), ["RandomHorizontalFlip", "0..1", "1.5"]),
        (lambda: RandomHorizontalFlip(float("nan")), ["RandomHorizontalFlip", "0..1", "nan"]),
        (lambda: RandomRotation(-3), ["RandomRotation", "negative", "-3"]),
        (lambda: RandomRotation((5, 4)), ["RandomRotation", "(least, most)", "(5, 4)"]),
        (lambda: RandomRotation(5, fill=-256), ["RandomRotation", "negative", "-256"]),
        (lambda: RandomAffine(-1), ["RandomAffine", "negative", "-1"]),
        (lambda: RandomAffine(0, translate=(0, 2)), ["RandomAffine", "translate", "2"]),
        (lambda: RandomAffine(0, scale=(0, 1)), ["RandomAffine", "scale", "(0, 1)"]),
        (lambda: RandomAffine(0, scale=(2, 1)), ["RandomAffine", "scale", "(2, 1)"]),
        (lambda: RandomAffine(0, shear=90), ["RandomAffine", "shear", "90"]),
        (lambda: RandomAffine(0, fill=-1), ["RandomAffine", "negative", "-1"]),
    ],
)
def test_a_bad_parameter_is_named_with_its_rule_and_value(make, words):
    with pytest.raises(TransformError) as raised:
        make()
    assert all(word in str(raised.value) for word in words)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Resize(2.5),
        lambda: Resize((1, 2, 3)),
        lambda: RandomRotation((1, 2, 3)),
        lambda: RandomAffine(0, translate=(0.1,)),
        lambda: RandomAffine(0, scale=(0.5,)),
    ],
)
def test_a_wrong_number_of_numbers_is_a_transform_error(make):
    with pytest.raises(TransformError):
        make()
