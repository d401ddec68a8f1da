import numpy as np
import pytest

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import CenterCrop, Compose, Pad, RandomHorizontalFlip, RandomRotation, Resize
from feedline.transforms.box_crop import CropToBox
from feedline.transforms.execute import run
from feedline.transforms.matrix import at, corners, inverse
from feedline.types import Objects, Spec

BOXES = [(10, 20, 30, 32), (40, 5, 70, 45), (2, 2, 80, 50)]


def objects_of(boxes=BOXES, crowd=(False, False, True)):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(boxes)
    return Objects(boxes, np.arange(count), np.arange(count), np.array(crowd[:count], np.bool_))


def window(steps, objects=None, key=Key()):
    """Left, top, right, bottom of what is seen of a picture of 60 x 90, in its own pixels."""
    plan = Compose(steps).plan((60, 90), key, objects=objects_of() if objects is None else objects)
    points = np.array([at(inverse(plan.matrix), corner) for corner in corners(*plan.size)])
    return (*points.min(0).round(6), *points.max(0).round(6))


def test_the_window_is_the_box():
    assert window([CropToBox()]) == BOXES[0]
    assert window([CropToBox(index=1)]) == BOXES[1]
    assert window([CropToBox()], objects_of([(10.4, 20.6, 29.2, 31.5)])) == (10, 20, 30, 32)


def test_the_margin_is_a_share_of_the_box_and_ends_at_the_image():
    assert window([CropToBox(margin=0.5)]) == (0, 14, 40, 38)
    assert window([CropToBox(margin=2.0)]) == (0, 0, 70, 56)


def test_the_largest_and_a_random_one_are_no_crowds():
    assert window([CropToBox(index="largest")]) == BOXES[1]
    found = [window([CropToBox(index="random")], key=Key(index=index)) for index in range(100)]
    assert set(found) == set(BOXES[:2])
    assert 30 < found.count(BOXES[0]) < 70


def test_jitter_moves_every_side_in_and_out_as_far_as_it_says():
    found = np.array([window([CropToBox(jitter=0.25)], key=Key(index=index)) for index in range(200)])
    moved = found - BOXES[0]
    assert (np.abs(moved) <= (5, 3, 5, 3)).all()
    assert (moved.min(0) <= (-4, -2, -4, -2)).all()
    assert (moved.max(0) >= (4, 2, 4, 2)).all()
    assert window([CropToBox(jitter=0.2)], key=Key(5)) == window([CropToBox(jitter=0.2)], key=Key(5))


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 20, 30, 32), (10, 16, 30, 36)),
        ((2, 10, 6, 40), (0, 10, 30, 40)),
        ((80, 50, 88, 60), (79, 50, 89, 60)),
        ((0, 10, 80, 20), (0, 0, 80, 60)),
    ],
)
def test_a_square_is_as_large_as_the_image_allows_and_within_it(box, expected):
    assert window([CropToBox(square=True)], objects_of([box])) == expected


def test_the_box_follows_the_steps_before():
    before = [RandomHorizontalFlip(1), Resize((120, 180)), Pad(7), RandomRotation((90, 90), expand=True)]
    assert window([*before, CropToBox()]) == pytest.approx(BOXES[0])
    left, top, right, bottom = window([RandomRotation((30, 30)), CropToBox(index=1)])
    assert left <= 40.1
    assert top <= 5.1
    assert right >= 69.9
    assert bottom >= 44.9


def test_the_pixels_are_those_of_the_box():
    image = np.zeros((60, 90, 1), np.uint8)
    image[20:32, 10:30] = 200
    steps = [RandomHorizontalFlip(1), Pad(5), CropToBox(), Resize(24)]
    out = run(Compose(steps).plan((60, 90), channels=1, objects=objects_of()), image)
    assert out.shape == (24, 40, 1)
    assert (out == 200).all()


@pytest.mark.parametrize("index", [0, 3, "largest", "random"])
def test_without_such_a_box_it_is_an_error_or_the_whole_image(index):
    given = objects_of([(1, 1, 5, 5)])
    cut = [CenterCrop(20)]
    for steps, objects in (([], objects_of([])), (cut, given)):
        with pytest.raises(TransformError, match=r"^CropToBox: the sample has no such box .*missing=\"keep\".*index="):
            window([*steps, CropToBox(index=index)], objects)
        assert window([*steps, CropToBox(index=index, missing="keep")], objects) == window(steps, objects)


def test_an_image_alone_has_no_boxes():
    image = np.zeros((8, 9, 3), np.uint8)
    with pytest.raises(TransformError, match="has no such box in its image of 8 x 9"):
        CropToBox()(image)
    assert CropToBox(missing="keep")(image).shape == (8, 9, 3)


def test_its_size_is_open():
    assert CropToBox().spec(Spec(4, 5, 3)) == Spec(None, None, 3)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"margin": -0.1}, "margin must be a share, not negative.*-0.1"),
        ({"margin": float("nan")}, "margin must be a share.*nan"),
        ({"jitter": 0.5}, "jitter must be a share in 0..0.5, under 0.5.*jitter=0.5"),
        ({"index": -1}, "index must be from 0.*-1"),
        ({"index": "smallest"}, "index must be from 0.*'smallest'"),
        ({"square": 1}, "square must be True or False.*square=1"),
        ({"missing": "skip"}, "missing must be .*'skip'"),
    ],
)
def test_a_bad_parameter_is_named(parameters, words):
    with pytest.raises(TransformError, match=f"^CropToBox: {words}"):
        CropToBox(**parameters)
