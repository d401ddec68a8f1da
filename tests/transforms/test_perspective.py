import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory import picture

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import CenterCrop, Compose, RandomAffine
from feedline.transforms.execute import run
from feedline.transforms.matrix import IDENTITY, at
from feedline.transforms.objects import follow_points
from feedline.transforms.perspective import RandomPerspective, from_points

KEYS = [Key(index=index) for index in range(60)]
SQUARE = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)]


def ends(plan):
    height, width = plan.source
    return [at(plan.matrix, point) for point in ((0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1))]


@given(st.lists(st.floats(-3, 3), min_size=16, max_size=16))
def test_four_points_go_where_they_shall(moves):
    starts, goals = (
        [(x + moves[place + 2 * n], y + moves[place + 2 * n + 1]) for n, (x, y) in enumerate(SQUARE)]
        for place in (0, 8)
    )
    matrix = from_points(starts, goals)
    for start, goal in zip(starts, goals, strict=True):
        assert at(matrix, start) == pytest.approx(goal, abs=1e-6)


def test_no_perspective_takes_a_square_to_a_line():
    with pytest.raises(TransformError, match="three lie on a line"):
        from_points(SQUARE, [(0, 0), (1, 1), (2, 2), (3, 3)])


def test_corners_move_to_whole_places_towards_the_middle_as_far_as_the_scale_says():
    reached = []
    for key in KEYS:
        plan = Compose([RandomPerspective(0.5, p=1)]).plan((40, 60), key)
        places = np.array(ends(plan))
        np.testing.assert_allclose(places, places.round(), atol=1e-9)
        inwards = np.abs(places - [(0, 0), (59, 0), (59, 39), (0, 39)])
        assert (inwards.round(6) <= (15, 10)).all()
        reached.append(inwards.round())
    assert np.max(reached, 0).tolist() == [[15, 10]] * 4
    assert np.min(reached, 0).tolist() == [[0, 0]] * 4
    np.testing.assert_allclose(np.mean(reached, 0), [(7.5, 5)] * 4, atol=1.6)


def test_it_happens_as_often_as_p_says():
    moved = [Compose([RandomPerspective(p=0.25)]).plan((40, 60), Key(index=n)).matrix != IDENTITY for n in range(400)]
    assert 70 < sum(moved) < 130


def test_the_picture_is_seen_from_aside_and_fill_shows_around_it():
    image = np.full((40, 60, 3), 200, np.uint8)
    out = RandomPerspective(0.6, p=1, fill=(9, 8, 7))(image, Key(index=3))
    plan = Compose([RandomPerspective(0.6, p=1, fill=(9, 8, 7))]).plan((40, 60), Key(index=3))
    left, top = ends(plan)[0]
    assert left >= 3
    assert top >= 3
    assert out[1, 1].tolist() == [9, 8, 7]
    assert out[20, 30].tolist() == [200, 200, 200]


def test_no_distortion_changes_nothing():
    image = picture(12, 17)
    np.testing.assert_array_equal(RandomPerspective(0, p=1)(image), image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_kind_of_image_goes_through(dtype, channels):
    image = picture(20, 24, channels).astype(dtype)
    out = RandomPerspective(p=1)(image, Key(index=1))
    assert (out.shape, out.dtype) == (image.shape, dtype)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (3, 2)])
def test_the_smallest_pictures_stay_pictures(size):
    for key in KEYS[:20]:
        assert RandomPerspective(1.0, p=1)(picture(*size), key).shape == (*size, 3)


@pytest.mark.parametrize("last", [50, 90])
@pytest.mark.parametrize("key", KEYS[:30], ids=lambda key: str(key.index))
def test_what_follows_a_strong_perspective_keeps_to_the_picture(key, last):
    """The next frames may reach beyond the horizon, where points have no place in the source."""
    aside = RandomPerspective(1.0, p=1, interpolation="nearest", fill=50)
    smaller = RandomAffine(40, scale=(0.3, 0.5), interpolation="nearest", fill=last)
    steps, image = [aside, smaller, CenterCrop((35, 50))], np.full((40, 60, 1), 200, np.uint8)
    plan = Compose(steps).plan((40, 60), key, channels=1)
    out, expected = run(plan, image), image
    for operation, step in enumerate(steps):
        expected = step(expected, key, operation)
    assert np.mean(out != expected) < 0.03
    rows, columns = np.indices((40, 60)) + 0.5
    places, inside = follow_points(plan, np.stack([columns, rows], -1).reshape(-1, 2))
    here = places[inside].astype(int).clip(0, (49, 34))
    assert inside.all()
    near = np.pad(out[:, :, 0] == 200, 1)
    near = np.any([near[down : down + 35, right : right + 50] for down in range(3) for right in range(3)], 0)
    assert near[here[:, 1], here[:, 0]].mean() > 0.95  # a sliver may fall between the pixels


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"distortion_scale": 1.5}, ["distortion_scale must be a number in 0..1", "1.5"]),
        ({"distortion_scale": "x"}, ["distortion_scale", "'x'"]),
        ({"p": -0.1}, ["p must be", "-0.1"]),
        ({"interpolation": "lanczos"}, ["interpolation must be one of", "lanczos"]),
        ({"fill": -3}, ["fill must be", "-3"]),
    ],
)
def test_a_bad_parameter_is_named_with_its_rule_and_value(parameters, words):
    with pytest.raises(TransformError) as raised:
        RandomPerspective(**parameters)
    assert str(raised.value).startswith("RandomPerspective: ")
    assert "\n" not in str(raised.value)
    assert all(word in str(raised.value) for word in words)
