"""sources/coco.py on real COCO files; the pictures are bytes, for a source decodes nothing."""

import json
import os
import pickle

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources.coco import CocoSource


def box(number, image, category, xywh, **more):
    return {"id": number, "image_id": image, "category_id": category, "bbox": xywh, "iscrowd": 0, **more}


IMAGES = [{"id": 40 - n, "file_name": f"{n}.jpg", "width": 100, "height": 80} for n in range(4)]
CATEGORIES = [{"id": 90, "name": "toothbrush"}, {"id": 3, "name": "car"}, {"id": 18, "name": "dog"}]
ANNOTATIONS = [
    box(7, 40, 18, [10.5, 20.25, 30, 40]),
    box(9, 38, 90, [0, 0, 100, 80]),
    box(8, 40, 3, [1, 2, 3, 4]),
    box(6, 37, 3, [5, 5, 10, 10]),
]


def write(folder, annotations=ANNOTATIONS, images=IMAGES, categories=CATEGORIES, **more):
    folder.mkdir(exist_ok=True)
    for image in images:
        (folder / str(image["file_name"])).write_bytes(str(image["file_name"]).encode())
    content = {"info": {"year": 2017}, "images": images, "annotations": annotations, "categories": categories, **more}
    (folder / "instances.json").write_text(json.dumps(content))
    return folder / "instances.json"


def problems(source):
    return [(finding.kind, finding.index) for finding in source.problems]


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return CocoSource(write(tmp_path / "set"))

    @pytest.fixture
    def contents(self):
        return [(f"{n}.jpg".encode(), label) for n, label in enumerate([1, -1, 2, 0])]


def test_boxes_are_left_top_right_bottom_in_the_order_of_the_file(tmp_path):
    source = CocoSource(write(tmp_path))
    objects = source[0].objects
    assert objects.boxes.tolist() == [[10.5, 20.25, 40.5, 60.25], [1, 2, 4, 6]]
    assert objects.boxes.dtype == np.float32
    assert objects.labels.tolist() == [1, 0]
    assert objects.ids.tolist() == [7, 8]
    assert objects.crowd.tolist() == [False, False]
    assert source.classes == ["car", "dog", "toothbrush"]
    assert source.problems == []
    assert source.missing() == []


@pytest.mark.parametrize(
    ("stated", "extra"),
    [
        ({"width": 100, "height": 80}, {"size": (100, 80)}),
        ({"width": 100}, {}),
        ({"width": 0, "height": 80}, {}),
        ({}, {}),
    ],
)
def test_the_size_that_is_stated_is_handed_on(tmp_path, stated, extra):
    source = CocoSource(write(tmp_path, [], [{"id": 1, "file_name": "1.jpg", **stated}]))
    assert source[0].extra == extra


def test_an_image_without_annotations_has_zero_objects(tmp_path):
    record = CocoSource(write(tmp_path))[1]
    assert record.label == -1
    assert len(record.objects) == 0
    assert record.objects.boxes.shape == (0, 4)


def test_the_order_of_the_lists_is_of_no_matter(tmp_path):
    plain = CocoSource(write(tmp_path))
    content = json.loads((tmp_path / "instances.json").read_text())
    (tmp_path / "turned.json").write_text(json.dumps(dict(reversed(content.items())), indent=1))
    turned = CocoSource(tmp_path / "turned.json")
    assert turned.targets.tolist() == plain.targets.tolist()
    assert turned[0].objects.ids.tolist() == [7, 8]


def test_outlines_crowds_masks_and_keypoints(tmp_path):
    crowd = {"size": [80, 100], "counts": [5, 3, 80 * 100 - 8]}
    annotations = [
        box(1, 40, 3, [0, 0, 9, 9], segmentation=[[0, 0, 9, 0, 9, 9], [1, 1, 2, 1, 2, 2, 1, 2]]),
        box(2, 40, 3, [0, 0, 8, 9], segmentation=crowd, iscrowd=1, keypoints=[1, 2, 2, 3.5, 4, 1]),
        box(3, 38, 3, [0, 0, 7, 9]),
    ]
    categories = [{"id": 3, "name": "person", "keypoints": ["nose", "eye"]}]
    source = CocoSource(write(tmp_path, annotations, categories=categories))
    record = source[0]
    assert [[outline.tolist() for outline in outlines] for outlines in record.objects.polygons] == [
        [[[0, 0], [9, 0], [9, 9]], [[1, 1], [2, 1], [2, 2], [1, 2]]],
        [],
    ]
    assert record.objects.crowd.tolist() == [False, True]
    assert record.objects.keypoints.tolist() == [[[0, 0, 0], [0, 0, 0]], [[1, 2, 2], [3.5, 4, 1]]]
    assert source.keypoint_names == ["nose", "eye"]
    assert list(record.extra["rle"]) == [1]
    mask = record.extra["rle"][1].mask()
    assert mask.shape == (80, 100)
    assert np.argwhere(mask).tolist() == [[5, 0], [6, 0], [7, 0]]
    assert source[2].objects.polygons == ((),)
    assert source[2].extra == {"size": (100, 80)}


@pytest.mark.parametrize(
    ("wrong", "kind", "index"),
    [
        (box(1, 40, 3, [90, 0, 20, 10]), "outside box", 0),
        (box(1, 40, 3, [-1, 0, 20, 10]), "outside box", 0),
        (box(1, 38, 3, [5, 5, 0, 10]), "empty box", 2),
        (box(1, 40, 3, [1, 2, 3, 4]), "doubled box", 0),
        (box(1, 99, 3, [5, 5, 5, 5]), "unknown image", None),
        (box(1, 38, 4, [5, 5, 5, 5]), "unknown category", 2),
        (box(1, 38, 3, [5, 5, -5, 5]), "wrong annotation", 2),
        (box(1, 38, 3, [5, 5, float("nan"), 5]), "wrong annotation", 2),
        (box(1, 38, 3, [5, 5, 5]), "wrong annotation", 2),
        (box(1, 38, 3, "none"), "wrong annotation", 2),
        (box(2**70, 38, 3, [5, 5, 5, 5]), "wrong annotation", 2),
        (box(1, [38], 3, [5, 5, 5, 5]), "wrong annotation", None),
        ({"id": 1, "image_id": 38}, "wrong annotation", 2),
        (17, "wrong annotation", None),
        (box(1, 38, 3, [5, 5, 5, 5], segmentation=[[1, 2, 3]]), "wrong mask", 2),
        (box(1, 38, 3, [5, 5, 5, 5], segmentation={"size": [80, 100], "counts": [7]}), "wrong mask", 2),
        (box(1, 38, 3, [5, 5, 5, 5], segmentation={"size": [10**9, 10**9], "counts": [10**18]}), "wrong mask", 2),
        (box(1, 38, 3, [5, 5, 5, 5], segmentation={"size": [80, 100], "counts": "!"}), "wrong mask", 2),
    ],
)
def test_what_is_wrong_is_reported_and_harms_nothing_else(tmp_path, wrong, kind, index):
    with pytest.warns(UserWarning, match=f"1 problems in .*: 1 {kind}"):
        source = CocoSource(write(tmp_path, [*ANNOTATIONS, wrong]))
    assert problems(source) == [(kind, index)]
    assert source[0].objects.ids.tolist()[:2] == [7, 8]
    assert source[3].objects.boxes.tolist() == [[5, 5, 15, 15]]
    kept = sum(len(source[image].objects) for image in range(4)) - len(ANNOTATIONS)
    assert kept == (kind in ("outside box", "empty box", "doubled box", "wrong mask"))


def test_boxes_outside_are_kept_as_they_are(tmp_path):
    with pytest.warns(UserWarning, match="outside box"):
        source = CocoSource(write(tmp_path, [box(1, 40, 3, [90, -5, 20, 10])]))
    assert source[0].objects.boxes.tolist() == [[90, -5, 110, 5]]
    assert "100 x 80" in source.problems[0].cause


def test_what_rounding_makes_is_not_outside(tmp_path):
    assert CocoSource(write(tmp_path, [box(1, 40, 3, [90.01, 0, 10, 10])])).problems == []


def test_doubled_images_and_categories(tmp_path):
    images = [*IMAGES, {**IMAGES[0], "file_name": "other.jpg"}, {"id": 1, "file_name": "3.jpg"}]
    categories = [*CATEGORIES, {"id": 3, "name": "again"}, {"id": 4, "name": "car"}]
    with pytest.warns(UserWarning, match="2 doubled image"):
        source = CocoSource(write(tmp_path, images=images, categories=categories))
    assert problems(source) == [("doubled category", None), ("doubled image", 0), ("doubled image", 4)]
    assert len(source) == 5
    assert source.classes == ["car", "car (4)", "dog", "toothbrush"]


def test_captions_are_passed_over(tmp_path):
    source = CocoSource(write(tmp_path, [{"id": 1, "image_id": 40, "caption": "a dog"}], categories=[]))
    assert source.problems == []
    assert source.classes == []
    assert source.targets.tolist() == [-1] * 4


def test_the_second_opening_reads_the_saved_index(tmp_path, cache):
    file = write(tmp_path)
    first = CocoSource(file)
    (saved,) = (cache / "index").iterdir()
    before = saved.stat().st_mtime_ns
    assert CocoSource(file)[0].objects.boxes.tolist() == first[0].objects.boxes.tolist()
    assert saved.stat().st_mtime_ns == before
    file.write_text("{")
    with pytest.raises(DataError, match="cannot read"):
        CocoSource(file)


def test_a_file_of_the_same_size_and_time_in_its_place_is_read(tmp_path):
    file = write(tmp_path, [box(7, 40, 18, [10, 20, 30, 40])])
    assert CocoSource(file).targets.tolist() == [1, -1, -1, -1]
    os.utime(file, ns=(1, 1))
    os.replace(file, tmp_path / "old")
    os.utime(write(tmp_path, [box(7, 39, 18, [10, 20, 30, 40])]), ns=(1, 1))
    assert CocoSource(file).targets.tolist() == [-1, 1, -1, -1]


def test_the_problems_are_told_of_at_every_opening(tmp_path):
    file = write(tmp_path, [box(1, 40, 3, [90, 0, 20, 10])])
    for _ in range(2):
        with pytest.warns(UserWarning, match="outside"):
            CocoSource(file)


def test_the_pickle_does_not_grow_with_the_images(tmp_path):
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 9, "height": 9} for n in range(500)]
    source = CocoSource(write(tmp_path, [box(n, n, 3, [0, 0, n % 9, 1]) for n in range(1, 9)], images))
    assert len(pickle.dumps(source)) < 2000


@pytest.mark.parametrize("folder", [".", "images", "val2017", "../val2017", "../images", "../images/val2017"])
def test_the_usual_roots_are_tried(tmp_path, folder):
    annotations = tmp_path / "annotations"
    file = write(annotations).rename(annotations / "instances_val2017.json")
    place = (annotations / folder).resolve()
    place.mkdir(parents=True, exist_ok=True)
    for image in IMAGES:
        (annotations / image["file_name"]).rename(place / image["file_name"])
    source = CocoSource(file)
    assert source.root == str(place)
    assert source[3].data == b"3.jpg"


def test_a_missing_file_is_named_when_it_is_read(tmp_path):
    source = CocoSource(write(tmp_path))
    (tmp_path / "2.jpg").unlink()
    with pytest.raises(DecodeError, match=r"2\.jpg \(index 2\): No such file") as raised:
        source[2]
    assert raised.value.kind == "unreadable"
    assert [finding.index for finding in source.missing()] == [2]
    assert source[3].data == b"3.jpg"


@pytest.mark.parametrize(
    "name", ["../x.jpg", "/etc/passwd", "a/../../x.jpg", "C:\\x.jpg", "..\\x.jpg", "http://a/b.jpg", ""]
)
def test_no_file_outside_the_root(tmp_path, name):
    content = {"images": [{"id": 1, "file_name": name}], "annotations": [], "categories": []}
    (tmp_path / "instances.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"image 1 in .*instances.json"):
        CocoSource(tmp_path / "instances.json")


def test_outside_where_it_is_allowed(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"x")
    (tmp_path / "in").mkdir()
    content = {"images": [{"id": 1, "file_name": str(tmp_path / "x.jpg")}], "annotations": [], "categories": []}
    (tmp_path / "in" / "instances.json").write_text(json.dumps(content))
    assert CocoSource(tmp_path / "in" / "instances.json", allow_outside=True)[0].data == b"x"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "cannot read"),
        ("[]", "expected {"),
        ('{"images": {}}', "expected \\["),
        ('{"images": [{"id": 1, "file_name": "a"}', "cut off"),
        ('{"images": []}', "no images"),
        ('{"other": 1}', "found other"),
        ('{"images": [{"id": 1}]}', "no file_name"),
        ('{"images": [{"id": 1, "file_name": 3}]}', "file_name is 3"),
        ('{"images": [7]}', "id and file_name"),
        ('{"images": [{"id": 1, "file_name": "a"}], "categories": [{}]}', "id and name"),
        ('{"a": ' + "[" * 100_000, "cannot read"),
        ("\xff", "cannot read"),
    ],
)
def test_what_is_no_coco_file(tmp_path, text, word):
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=word):
        CocoSource(tmp_path / "a.json")


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        CocoSource(tmp_path / "a.json")


def test_ids_may_be_words(tmp_path):
    images = [{"id": f"i{n}", "file_name": f"{n}.jpg"} for n in range(2)]
    categories = [{"id": "b", "name": "B"}, {"id": "a", "name": "A"}]
    source = CocoSource(write(tmp_path, [box("x", "i1", "b", [0, 0, 1, 1])], images, categories))
    assert source.targets.tolist() == [-1, 1]
    assert source.classes == ["A", "B"]
