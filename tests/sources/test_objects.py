"""sources/objects.py."""

import numpy as np
import pytest

from feedline.sources.objects import CROWD, ObjectBuilder, box_fault, check_boxes, main_labels, objects_at


def built():
    builder = ObjectBuilder()
    builder.add(2, (0, 0, 4, 4), 7, 70, keypoints=[1, 2, 3], outlines=[[0, 0, 4, 0, 4, 4]], runs=[1, 2])
    builder.add(0, (0, 0, 2, 2), 5, 50, flags=CROWD)
    builder.add(2, (0, 0, 8, 2), 6, 60, keypoints=[1, 1, 1, 2, 2, 2], outlines=[[1, 1, 2, 1, 2, 2], [3, 3, 4, 3, 4, 4]])
    return builder


def test_objects_are_sorted_by_sample_and_keep_their_parts():
    arrays = built().arrays(4)
    assert arrays["first"].tolist() == [0, 1, 1, 3, 3]
    assert [objects_at(arrays, index).ids.tolist() for index in range(4)] == [[50], [], [70, 60], []]
    last = objects_at(arrays, 2, 10, 100)
    assert last.boxes.tolist() == [[0, 0, 40, 400], [0, 0, 80, 200]]
    assert last.keypoints.tolist() == [[[10, 200, 3], [0, 0, 0]], [[10, 100, 1], [20, 200, 2]]]
    assert [len(outlines) for outlines in last.polygons] == [1, 2]
    assert last.polygons[1][1].tolist() == [[30, 300], [40, 300], [40, 400]]
    assert objects_at(arrays, 0).crowd.tolist() == [True]
    assert arrays["runs"][arrays["run_first"][1] : arrays["run_first"][2]].tolist() == [1, 2]


def test_objects_can_be_left_out_and_renamed():
    arrays = built().arrays(1, np.array([-1, 0, 0]), np.array([0, 1, 2]))
    assert objects_at(arrays, 0).ids.tolist() == [50, 60]
    assert objects_at(arrays, 0).labels.tolist() == [1, 2]
    assert "runs" not in arrays or len(arrays["runs"]) == 0


def test_no_objects_at_all():
    arrays = ObjectBuilder().arrays(2)
    assert len(objects_at(arrays, 1)) == 0
    assert main_labels(arrays).tolist() == [-1, -1]
    assert check_boxes(arrays, np.zeros((2, 2), np.int64), lambda sample, number: "") == []


def test_the_label_is_that_of_the_largest_box_and_the_first_of_equals():
    assert main_labels(built().arrays(4)).tolist() == [5, -1, 7, -1]


def test_objects_are_arrays_of_their_own():
    arrays = built().arrays(4)
    objects_at(arrays, 0).boxes[:] = 9
    assert objects_at(arrays, 0).boxes.tolist() == [[0, 0, 2, 2]]


@pytest.mark.parametrize(
    ("box", "word"),
    [
        ((0, 0, 1, 1), None),
        ((0, 0, 0, 0), None),
        ((-5.5, 0, 1, 1), None),
        ((1, 0, 0, 1), "ends before"),
        ((0, 1, 1, 0), "ends before"),
        ((0, 0, float("nan"), 1), "not finite"),
        ((0, 0, 1e300, 1), "not finite"),
    ],
)
def test_faults(box, word):
    assert box_fault(box) is None if word is None else word in box_fault(box)


def test_slack():
    builder = ObjectBuilder()
    builder.add(0, (-0.5, 0, 10.5, 10), 0, 3)
    arrays, sizes = builder.arrays(1), np.array([[10, 10]])
    assert check_boxes(arrays, sizes, lambda sample, number: "", 0.5) == []
    (finding,) = check_boxes(arrays, sizes, lambda sample, number: f"{sample}:{number}", 0.4)
    assert (finding.kind, finding.path, finding.index) == ("outside box", "0:3", 0)
