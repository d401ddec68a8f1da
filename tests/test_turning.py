"""turning.py: places against what a drawn mask shows when it is turned as pictures are."""

import numpy as np
import pytest

from feedline.codecs.exif import orient
from feedline.sources.rle import Rle
from feedline.turning import outside, turned, turned_mask
from feedline.types import Objects

WIDTH, HEIGHT = 100, 50
STORED = {"size": (WIDTH, HEIGHT)}
BOXES = [[10, 5, 40, 12], [0, 0, 100, 50], [99, 0, 100, 1]]
ALL = pytest.mark.parametrize("orientation", range(1, 9))


def objects(boxes=BOXES, **more):
    count = len(boxes)
    places = np.array(boxes, np.float32).reshape(-1, 4)
    return Objects(places, np.arange(count), np.arange(count) + 7, np.zeros(count, bool), **more)


def drawn(box, shape=(HEIGHT, WIDTH)):
    left, top, right, bottom = (int(value) for value in box)
    mask = np.zeros(shape, np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def rle_of(mask):
    counts, inside = [], 0
    runs = mask.T.ravel().tolist()
    while runs or not counts:
        length = next((place for place, value in enumerate(runs) if value != inside), len(runs))
        counts.append(length)
        runs, inside = runs[length:], 1 - inside
    return Rle(*mask.shape, np.array(counts, np.uint32))


def upright(orientation):
    return (HEIGHT, WIDTH) if orientation >= 5 else (WIDTH, HEIGHT)


@ALL
def test_boxes_are_where_the_turned_picture_has_them(orientation):
    found, extra = turned(objects(), STORED, orientation, WIDTH, HEIGHT)
    width, height = upright(orientation)
    for before, after in zip(BOXES, found.boxes, strict=True):
        assert np.array_equal(orient(drawn(before), orientation), drawn(after, (height, width)))
    assert extra["size"] == (width, height)
    assert found.boxes.dtype == np.float32
    assert [found.labels.tolist(), found.ids.tolist()] == [[0, 1, 2], [7, 8, 9]]


@ALL
def test_points_are_where_the_turned_picture_has_them(orientation):
    """The middle of a lone pixel, as outline and as keypoint."""
    point = np.array([[10.5, 40.5]], np.float32)
    keypoints = np.array([[[10.5, 40.5, 2], [0, 0, 0]]], np.float32)
    given = objects([[10, 40, 11, 41]], keypoints=keypoints, polygons=((point,),))
    found, _ = turned(given, STORED, orientation, WIDTH, HEIGHT)
    ((y, x),) = np.argwhere(orient(drawn([10, 40, 11, 41]), orientation))
    assert found.keypoints.tolist() == [[[x + 0.5, y + 0.5, 2], [0, 0, 0]]], "a keypoint that is none stays none"
    assert found.polygons[0][0].tolist() == [[x + 0.5, y + 0.5]]
    assert found.keypoints.dtype == found.polygons[0][0].dtype == np.float32
    assert given.keypoints.tolist() == [[[10.5, 40.5, 2], [0, 0, 0]]]


@ALL
@pytest.mark.parametrize("box", [*BOXES, [0, 0, 0, 0], [0, 0, 3, 2]])
def test_run_lengths_are_those_of_the_turned_mask(orientation, box):
    mask = drawn(box)
    rle = rle_of(mask)
    assert np.array_equal(rle.mask(), mask)
    _, extra = turned(objects(), {**STORED, "rle": {1: rle}, "other": 5}, orientation, WIDTH, HEIGHT)
    expected = orient(mask, orientation)
    found = extra["rle"][1]
    assert (found.height, found.width) == expected.shape
    assert np.array_equal(found.mask(), expected)
    assert found.counts.tolist() == rle_of(expected).counts.tolist()
    assert found.counts.dtype == np.uint32
    assert extra["other"] == 5


@ALL
@pytest.mark.parametrize("extra", [{}, {"size": (HEIGHT, WIDTH)}, {"size": (1000, 500)}])
def test_what_is_not_said_to_be_of_the_stored_size_stays(orientation, extra):
    given = objects()
    found, more = turned(given, extra, orientation, WIDTH, HEIGHT)
    assert found is given
    assert more is extra


def test_a_mask_of_another_size_stays():
    rle = rle_of(drawn([0, 0, 2, 2], (4, 5)))
    assert turned(objects(), {**STORED, "rle": {0: rle}}, 6, WIDTH, HEIGHT)[1]["rle"][0] is rle


@pytest.mark.parametrize("orientation", range(2, 9))
def test_no_objects(orientation):
    none = objects([], keypoints=np.zeros((0, 3, 3), np.float32), polygons=())
    found, _ = turned(none, STORED, orientation, WIDTH, HEIGHT)
    assert found.boxes.shape == (0, 4)
    assert found.keypoints.shape == (0, 3, 3)


@ALL
def test_a_class_mask_is_turned_with_the_picture(orientation):
    mask = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH, 1)
    found = turned_mask(mask, STORED, orientation, WIDTH, HEIGHT)
    assert np.array_equal(found[:, :, 0], orient(mask[:, :, 0], orientation))
    assert found.flags.c_contiguous


def test_a_class_mask_that_does_not_fit_is_turned_and_one_that_does_is_not():
    stored, shown = np.zeros((HEIGHT, WIDTH, 1), np.uint8), np.zeros((WIDTH, HEIGHT, 1), np.uint8)
    assert turned_mask(stored, {}, 6, WIDTH, HEIGHT).shape == (WIDTH, HEIGHT, 1)
    assert turned_mask(shown, STORED, 6, WIDTH, HEIGHT) is shown
    assert turned_mask(stored, {}, 3, WIDTH, HEIGHT) is stored, "nothing says that it is not upright"


@pytest.mark.parametrize(
    ("box", "wrong"),
    [
        ([0, 0, 100, 50], False),
        ([-0.4, -0.4, 100.4, 50.4], False),
        ([-1, 0, 10, 10], True),
        ([0, -1, 10, 10], True),
        ([0, 0, 101, 10], True),
        ([0, 0, 10, 51], True),
        ([500, 200, 600, 300], True),
        ([-30, 5, -20, 10], True),
    ],
)
def test_boxes_outside_of_the_picture_are_told(box, wrong):
    given = objects([[0, 0, 1, 1], box])
    edges = ", ".join(f"{value:g}" for value in box)
    words = f"the box of object 1 with left, top, right, bottom = {edges} lies outside of its picture of 100 x 50"
    assert outside(given, WIDTH, HEIGHT) == ([words] if wrong else [])


def test_of_no_boxes_none_is_outside():
    assert outside(objects([]), WIDTH, HEIGHT) == []
