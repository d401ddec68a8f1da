from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
)
from feedline.transforms.execute import run, run_mask
from feedline.transforms.matrix import growth
from feedline.transforms.objects import BoxRule, follow, follow_points
from feedline.transforms.perspective import RandomPerspective
from feedline.types import Objects

KEEP = BoxRule(min_size=0)
ALIGNED = [
    RandomHorizontalFlip(),
    RandomVerticalFlip(),
    RandomCrop(20, pad_if_needed=True),
    CenterCrop((24, 30)),
    Pad((3, 0, 5, 7)),
    Resize((31, 45)),
    Resize(20),
    RandomResizedCrop(28),
    RandomRotation((90, 90), expand=True),
    RandomRotation((90, 90)),
]
TURNING = [
    RandomRotation(180),
    RandomAffine(30, (0.2, 0.1), (0.6, 1.5), 15),
    RandomRotation((20, 70), expand=True),
    RandomPerspective(),
]


def objects_of(boxes, keypoints=None, polygons=None, crowd=None):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(boxes)
    crowd = np.zeros(count, np.bool_) if crowd is None else np.array(crowd)
    points = None if keypoints is None else np.array(keypoints, np.float32)
    outlines = None
    if polygons is not None:
        outlines = tuple(tuple(np.array(line, np.float32) for line in lines) for lines in polygons)
    return Objects(boxes, np.arange(count) + 5, np.arange(count) + 100, crowd, points, outlines)


@st.composite
def scenes(draw):
    """A picture's size, and whole boxes in it with a keypoint each."""
    height, width = draw(st.integers(12, 60)), draw(st.integers(12, 60))
    numbers = np.random.default_rng(draw(st.integers(0, 999)))
    low = numbers.integers(0, (width - 4, height - 4), (5, 2))
    high = np.minimum(low + numbers.integers(1, 30, (5, 2)), (width, height))
    points = numbers.integers(0, (width, height), (5, 3, 2)) + 0.5
    keypoints = np.dstack([points, numbers.integers(1, 3, (5, 3))])
    return (height, width), objects_of(np.hstack([low, high]), keypoints)


def stepwise(steps, size, objects, key):
    """Every step followed on its own; ids say who is left."""
    for operation, step in enumerate(steps):
        plan = Alone(step, operation).plan(size, key)
        objects, _ = follow(plan, objects, KEEP)
        size = plan.size
    return objects


class Alone(Compose):
    """One step that draws as at another place."""

    def __init__(self, step, operation):
        super().__init__([step])
        self.operation = operation

    def placed(self, key, operation=0):
        return super().placed(key, self.operation)


@settings(max_examples=60, deadline=None)
@given(scenes(), st.lists(st.sampled_from(ALIGNED), max_size=5), st.integers(0, 99))
def test_along_the_axes_one_plan_gives_the_boxes_that_its_steps_give(scene, steps, index):
    size, objects = scene
    key = Key(index=index)
    folded, kept = follow(Compose(steps).plan(size, key), objects, KEEP)
    expected = stepwise(steps, size, objects, key)
    assert folded.ids.tolist() == expected.ids.tolist() == objects.ids[kept].tolist()
    np.testing.assert_allclose(folded.boxes, expected.boxes, atol=2e-3)
    np.testing.assert_allclose(folded.keypoints, expected.keypoints, atol=2e-3)


@settings(max_examples=60, deadline=None)
@given(scenes(), st.lists(st.sampled_from(ALIGNED + TURNING), max_size=5), st.integers(0, 99))
def test_a_folded_box_lies_within_that_of_the_steps_and_keypoints_are_equal(scene, steps, index):
    size, objects = scene
    key = Key(index=index)
    plan = Compose(steps).plan(size, key)
    folded, _ = follow(plan, objects, KEEP)
    expected = stepwise(steps, size, objects, key)
    places = {number: place for place, number in enumerate(expected.ids.tolist())}
    assert set(folded.ids.tolist()) <= set(places)
    for box, points, number in zip(folded.boxes, folded.keypoints, folded.ids.tolist(), strict=True):
        wide = expected.boxes[places[number]]
        assert (box[:2] >= wide[:2] - 5e-3).all()
        assert (box[2:] <= wide[2:] + 5e-3).all()
        near = expected.keypoints[places[number]]
        np.testing.assert_allclose(points, near, atol=5e-3)
    height, width = plan.size
    assert (folded.boxes[:, :2] < folded.boxes[:, 2:]).all()
    assert (folded.boxes >= 0).all()
    assert (folded.boxes <= (width, height, width, height)).all()


@settings(max_examples=40, deadline=None)
@given(scenes(), st.lists(st.sampled_from(ALIGNED), max_size=4), st.integers(0, 99))
def test_a_mask_painted_as_the_box_has_the_bounds_of_the_followed_box(scene, steps, index):
    """Within a pixel; or, where the source grows, half a pixel of that: what is cut in it is cut by whole pixels."""
    size, objects = scene
    plan = Compose(steps).plan(size, Key(index=index), channels=1)
    folded, kept = follow(plan, objects)
    for box, given_box in zip(folded.boxes, objects.boxes[kept].astype(int), strict=True):
        mask = np.zeros((*size, 1), np.uint8)
        left, top, right, bottom = given_box
        mask[top:bottom, left:right] = 1
        rows, columns, _ = np.nonzero(run_mask(plan, mask))
        if rows.size or (box[2:] - box[:2] > 2).all():
            painted = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            grown = max(growth(plan.matrix, (0.0, 0.0)))
            np.testing.assert_allclose(box, painted, atol=max(1.0, 0.5 * grown + 0.5))


TURNED = [
    [RandomRotation((30, 30))],
    [RandomRotation((-75, -75), expand=True), CenterCrop(50)],
    [CenterCrop((40, 36)), RandomRotation((20, 20)), RandomHorizontalFlip(1)],
    [RandomAffine(20, (0.1, 0.1), (0.8, 1.2), 10), Resize(90)],
    [RandomPerspective(p=1), RandomVerticalFlip(1)],
    [CenterCrop(55), RandomRotation((10, 10)), RandomPerspective(0.3, p=1)],
]


@pytest.mark.parametrize("steps", TURNED, ids=repr)
@pytest.mark.parametrize("index", range(4))
def test_a_mask_painted_as_the_outline_has_the_bounds_of_the_turned_box(steps, index):
    plan = Compose(steps).plan((60, 70), Key(index=index), channels=1)
    box = (20, 15, 41, 48)
    mask = np.zeros((60, 70, 1), np.uint8)
    mask[15:48, 20:41] = 1
    outline = [(20, 15), (41, 15), (41, 48), (20, 48)]
    for polygons in (None, [[outline]]):
        folded, _ = follow(plan, objects_of([box], polygons=polygons))
        rows, columns, _ = np.nonzero(run_mask(plan, mask))
        painted = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        np.testing.assert_allclose(folded.boxes[0], painted, atol=1.0)


@pytest.mark.parametrize("steps", [*TURNED, [RandomHorizontalFlip(1), Pad(4)], [RandomRotation((90, 90))]], ids=repr)
def test_a_pixel_painted_at_a_keypoint_ends_where_the_keypoint_ends(steps):
    image = np.zeros((60, 70, 1), np.uint8)
    image[27:30, 33:36] = 255
    plan = Compose(steps).plan((60, 70), Key(index=3), channels=1)
    folded, _ = follow(plan, objects_of([(30, 20, 40, 40)], [[(34.5, 28.5, 2), (0, 0, 0)]]))
    weight = run(plan, image)[:, :, 0].astype(float)
    rows, columns = np.indices(weight.shape) + 0.5
    found = (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()
    np.testing.assert_allclose(folded.keypoints[0, 0], (*found, 2), atol=0.15)
    assert not folded.keypoints[0, 1].any()


def test_keypoints_that_leave_the_picture_or_were_cut_away_are_none():
    plan = Compose([CenterCrop(10), Pad(10)]).plan((30, 30))
    points = [[(15, 15, 2), (3, 15, 2), (0, 0, 0), (10, 20, 1), (40, 15, 2)]]
    folded, _ = follow(plan, objects_of([(5, 5, 25, 25)], points))
    assert folded.keypoints[0].tolist() == [[15, 15, 2], [0, 0, 0], [0, 0, 0], [10, 20, 1], [0, 0, 0]]
    assert folded.boxes.tolist() == [[10, 10, 20, 20]]


def test_boxes_are_dropped_by_the_rule():
    plan = Compose([CenterCrop(10)]).plan((30, 30))
    boxes = [(10, 10, 20, 20), (0, 0, 5, 5), (10.5, 12, 11, 14), (0, 12, 14, 14), (12, 12, 12, 14)]
    objects = objects_of(boxes, crowd=[False, True, False, True, False])
    kept = [follow(plan, objects, rule)[1].tolist() for rule in (BoxRule(), KEEP, BoxRule(min_visible=0.3))]
    assert kept == [[0, 3], [0, 2, 3], [0]]
    folded, _ = follow(plan, objects)
    assert folded.boxes.tolist() == [[0, 0, 10, 10], [0, 2, 4, 4]]
    assert (folded.labels.tolist(), folded.ids.tolist(), folded.crowd.tolist()) == ([5, 8], [100, 103], [False, True])


def test_a_box_that_reaches_out_of_its_picture_is_clipped_to_it():
    plan = Compose([Pad(10)]).plan((30, 30))
    folded, _ = follow(plan, objects_of([(-5, 2, 4, 6)]), BoxRule(min_visible=1))
    assert folded.boxes.tolist() == [[10, 12, 14, 16]]


def test_outlines_are_clipped_and_an_object_without_any_left_is_dropped():
    square, far = [(12, 12), (18, 12), (18, 25), (12, 25)], [(1, 1), (3, 1), (3, 3)]
    objects = objects_of([(1, 1, 18, 25), (0, 0, 15, 15), (11, 11, 15, 15)], polygons=[[square, far], [far], []])
    folded, kept = follow(Compose([CenterCrop(10)]).plan((30, 30)), objects)
    assert kept.tolist() == [0, 2]
    assert folded.boxes.tolist() == [[0, 0, 8, 10], [1, 1, 5, 5]]
    ((outline,), nothing) = folded.polygons
    assert nothing == ()
    assert sorted(outline.tolist()) == [[2, 2], [2, 10], [8, 2], [8, 10]]


def test_the_box_of_a_turned_object_shrinks_to_its_outlines():
    plan = Compose([RandomRotation((45, 45), expand=True)]).plan((40, 40))
    diamond = [(20, 10), (30, 20), (20, 30), (10, 20)]
    plain, tight = (follow(plan, objects_of([(10, 10, 30, 30)], polygons=given))[0] for given in (None, [[diamond]]))
    side = 10 * 2**0.5
    np.testing.assert_allclose(plain.boxes[0, 2:] - plain.boxes[0, :2], 2 * side, rtol=1e-5)
    np.testing.assert_allclose(tight.boxes[0, 2:] - tight.boxes[0, :2], side, rtol=1e-5)


def test_what_lies_behind_the_horizon_of_a_perspective_is_gone():
    plan = Compose([]).plan((100, 100))
    plan = replace(plan, matrix=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -0.02, 0.0, 1.0))  # the horizon is at x = 50
    objects = objects_of([(5, 5, 10, 10), (40, 5, 90, 20), (60, 5, 90, 20)], [[(8, 8, 2)], [(60, 10, 2)], [(70, 9, 2)]])
    folded, kept = follow(plan, objects)
    assert kept.tolist() == [0]
    np.testing.assert_allclose(folded.boxes[0], (5 / 0.9, 5 / 0.9, 12.5, 12.5), rtol=1e-5)
    assert folded.keypoints[0, 0].tolist() == pytest.approx([8 / 0.84, 8 / 0.84, 2])


def test_points_alone_follow_too():
    plan = Compose([RandomHorizontalFlip(1), CenterCrop(10)]).plan((30, 30))
    points, inside = follow_points(plan, [[(15, 15), (18, 11)], [(2, 2), (20, 10)]])
    assert points[0].tolist() == [[5, 5], [2, 1]]
    assert points[1, 1].tolist() == [0, 0]
    assert inside.tolist() == [[True, True], [False, True]]


def test_no_objects_stay_none():
    plan = Compose([RandomRotation((10, 10))]).plan((30, 30))
    folded, kept = follow(plan, objects_of([], np.zeros((0, 4, 3)), []))
    assert (len(folded), kept.shape, folded.keypoints.shape, folded.polygons) == (0, (0,), (0, 4, 3), ())
    assert folded.boxes.dtype == np.float32


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"min_size": -1}, "min_size must be pixels, not negative"),
        ({"min_visible": 1.5}, "min_visible must be a number"),
    ],
)
def test_a_bad_rule_is_named(parameters, words):
    with pytest.raises(TransformError, match=f"BoxRule: {words}.*{next(iter(parameters.values()))}"):
        BoxRule(**parameters)
