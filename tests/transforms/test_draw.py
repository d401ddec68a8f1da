import numpy as np
import pytest

from feedline.transforms.draw import colour_of, draw, draw_mask, draw_objects, sized
from feedline.types import Objects

GREY = np.full((40, 60, 3), 128, np.uint8)


def objects(*boxes, keypoints=None, polygons=None, crowd=False):
    count = len(boxes)
    return Objects(
        np.array(boxes, np.float32).reshape(count, 4),
        np.arange(count),
        np.arange(count),
        np.full(count, crowd),
        keypoints,
        polygons,
    )


def changed(drawn, before):
    return (drawn != before).any(2)


def test_colours_of_neighbouring_classes_differ():
    colours = [np.array(colour_of(number), int) for number in range(12)]
    assert all(np.abs(one - other).sum() > 60 for place, one in enumerate(colours) for other in colours[:place])


def test_a_box_runs_around_its_pixels_however_much_it_is_enlarged():
    before = sized(GREY, 600)
    drawn = draw(GREY, objects((12, 20, 30, 35)), side=600)
    lines = changed(drawn, before)
    assert drawn.shape == (400, 600, 3)
    row, column = np.flatnonzero(lines[300]), np.flatnonzero(lines[:, 250])
    for edge, found in ((119.5, row[row < 200]), (299.5, row[row > 200]), (349.5, column[column > 300])):
        assert len(found) == 4
        assert found.mean() == pytest.approx(edge, abs=0.01)
    inner = lines[206:344, 126:294]
    assert not inner.any()


def test_a_box_at_the_edge_is_drawn_within():
    lines = changed(draw_objects(GREY, objects((0, 0, 60, 40))), GREY)
    assert lines[:, 0].all()
    assert lines[:, -1].all()
    assert lines[-1].all()


@pytest.mark.parametrize("side", [None, 30, 240])
def test_a_mask_covers_its_pixels_and_no_others(side):
    mask = np.zeros((40, 60, 1), np.uint8)
    mask[10:20, 22:40] = 3
    before = sized(GREY, side)
    drawn = draw(GREY, mask=mask, side=side)
    expected = sized(mask.repeat(3, 2) * 80, side)[:, :, 0] > 120
    np.testing.assert_array_equal(changed(drawn, before), expected)
    rows, columns = np.nonzero(expected)
    assert tuple(drawn[rows.min(), columns.min()]) == colour_of(3)  # the outline, which is no mixture
    middle = drawn[(rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2]
    np.testing.assert_allclose(middle, 0.75 * 128 + 0.25 * np.array(colour_of(3)), atol=1)


def test_a_mask_of_colours_and_of_floats():
    mask = np.zeros((40, 60, 3), np.float32)
    mask[:20, :, 0], mask[20:, :, 2] = 1, 1
    drawn = draw_mask(GREY, mask)
    assert tuple(drawn[5, 0]) != tuple(drawn[30, 0])
    assert changed(drawn, GREY).all()


def test_an_outline_is_filled_where_no_mask_is():
    triangle = (np.array([(10, 10), (50, 10), (10, 35)], np.float32),)
    one = objects((10, 10, 50, 35), polygons=(triangle,))
    assert changed(draw(GREY, one), GREY)[28, 14]
    assert not changed(draw(GREY, one), GREY)[32, 40]
    assert not changed(draw(GREY, one, np.zeros((40, 60, 1), np.uint8)), GREY)[28, 14]


def test_keypoints_are_dots_where_there_are_any():
    keypoints = np.array([[(30, 20, 2), (0, 0, 0), (40, 20, 1)]], np.float32)
    lines = changed(draw_objects(GREY, objects((5, 30, 55, 38), keypoints=keypoints)), GREY)
    assert lines[20, 30]
    assert lines[20, 40]
    assert not lines[0, 0]


def test_names_differ_and_none_leaves_the_picture():
    box = objects((10, 20, 50, 35))
    drawn = {draw_objects(GREY, box, names).tobytes() for names in (["a"], ["b"], [], ["\N{SNOWMAN}"], ["x" * 99])}
    assert len(drawn) == 5
    assert np.array_equal(
        draw_objects(GREY, box, ["\N{LATIN SMALL LETTER A WITH DIAERESIS}"]), draw_objects(GREY, box, ["a"])
    )
    assert not np.array_equal(draw_objects(GREY, objects((10, 20, 50, 35), crowd=True)), draw_objects(GREY, box))


def test_far_and_flat_boxes_are_no_harm_and_nothing_is_drawn_into_the_image():
    before = GREY.copy()
    draw(GREY, objects((-1e9, 5, 1e9, 5), (3, 3, 3, 3), (100, 100, 120, 120)), np.ones((40, 60, 1), np.uint8))
    np.testing.assert_array_equal(GREY, before)
    np.testing.assert_array_equal(draw(GREY, objects()), GREY)
