"""store/extra.py, alone and with what the sources of annotations say."""

import json
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from imagebytes import encode, picture

from feedline.dataset import ImageDataset
from feedline.sources.coco import CocoSource
from feedline.sources.rle import Rle
from feedline.sources.voc import VocSource
from feedline.store import Columns, Part, Row, StoreSource, StoreWriter
from feedline.store.extra import extra_of, keepable, text_of

NUMBERS = some.sampled_from(["|b1", "|u1", "<i2", ">i4", "<u8", "<f2", "<f4", ">f8"])
HASHABLE = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text() | some.binary(),
    lambda inner: some.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
LEAVES = HASHABLE | arrays.arrays(NUMBERS, arrays.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=3))
VALUES = some.recursive(
    LEAVES,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.text() | some.just("$feedline"), inner, max_size=3)
        | some.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=8,
)


def same(found, expected):
    """Whether both are equal in type and value, and so in all that they hold."""
    if isinstance(expected, Rle):
        sizes = (found.height, found.width) == (expected.height, expected.width)
        return sizes and same(found.counts, expected.counts)
    if isinstance(expected, np.ndarray):
        if (found.dtype, found.shape) != (expected.dtype, expected.shape):
            return False
        lacking = np.isnan(expected)  # in whichever of its bits
        return np.array_equal(np.isnan(found), lacking) and found[~lacking].tobytes() == expected[~lacking].tobytes()
    if type(found) is not type(expected):
        return False
    if isinstance(expected, dict):
        pairs = zip(sorted(found.items(), key=repr), sorted(expected.items(), key=repr), strict=True)
        return len(found) == len(expected) and all(same(one, other) for one, other in pairs)
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found == expected or (found != found and expected != expected)


@given(some.dictionaries(some.text(), VALUES, max_size=4))
def test_what_is_kept_comes_back(extra):
    text = text_of(extra)
    assert all(map(keepable, extra.values()))
    assert same(extra_of(text), extra)
    if extra:
        json.loads(text, parse_constant=pytest.fail)  # JSON as others read it
        text.encode("ascii")
        assert text_of(extra_of(text)) == text
        assert text_of(dict(reversed(extra.items()))) == text


NONE = Rle(2, 3, np.array([6], np.uint32))


@pytest.mark.parametrize(
    "value",
    [
        {"$feedline": "tuple", "items": [1]},
        {"$feedline": {"$feedline": "no form"}},
        {0: 1, "0": 2, (0,): 3, None: 4},
        {2: NONE, 10: Rle(2, 3, np.array([1, 2, 3], np.uint32))},
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.zeros((0, 3), np.float32),
        np.array([np.nan, np.inf, -np.inf, -0.0], np.float32),
        -0.0,
        "\udc80",
    ],
    ids=str,
)
def test_odd_values_come_back(value):
    found = extra_of(text_of({"a": value}))["a"]
    assert same(found, value)
    assert same(extra_of(text_of({"a": [value]}))["a"], [value])


def test_a_mapping_whose_keys_are_no_text_may_be_all_of_it():
    for extra in ({0: "x", "side_by_side": "left"}, {"$feedline": "tuple", "side_by_side": "left"}):
        assert extra_of(text_of(extra)) == extra
        assert '"side_by_side"' in text_of(extra)  # what the kernel's table looks for
    assert text_of({}) is None
    assert extra_of(None) == {}


@pytest.mark.parametrize("value", [np.float64(0.5), np.float32("nan"), np.int8(-3), np.bool_(True)], ids=repr)
def test_scalars_of_numpy_stay_scalars_of_numpy(value):
    found = extra_of(text_of({"a": value}))["a"]
    assert type(found) is type(value)
    assert found.tobytes() == value.tobytes()


def test_text_of_numpy_is_text():
    assert extra_of(text_of({"a": np.str_("x"), np.str_("b"): np.bytes_(b"y")})) == {"a": "x", "b": b"y"}


def test_plain_values_are_told_plainly():
    assert text_of({"b": [1, 0.5, None], "a": {"x": True}}) == '{"a": {"x": true}, "b": [1, 0.5, null]}'
    assert text_of({"size": (4, 3)}) == '{"size": {"$feedline": "tuple", "items": [4, 3]}}'


Named = namedtuple("Named", "x")


def test_of_tuples_with_names_the_tuple_is_kept():
    assert extra_of(text_of({"a": Named(3)})) == {"a": (3,)}


def deep(levels):
    found = []
    for _ in range(levels):
        found = [found]
    return found


def around():
    found = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (Path("x"), r"extra\['a'\] cannot be kept in a store: it is of .*Path"),
        ([1, {"b": {1, 2}}], r"extra\['a'\]\[1\]\['b'\] cannot be kept in a store: it is of set, and plain"),
        ({frozenset("x"): 1}, r"a key of extra\['a'\] cannot be kept"),
        (np.array([None]), "of NumPy's arrays those of numbers"),
        (np.array(["text"]), "of NumPy's arrays those of numbers"),
        (np.zeros(2, np.longdouble), "of NumPy's arrays those of numbers"),
        (np.datetime64("2020-01-01"), "of NumPy's arrays those of numbers"),
        (np.ma.masked_array([1, 2], [True, False]), "of NumPy's arrays those of numbers"),
        (Rle(2, 3, np.array([7], np.uint32)), r"extra\['a'\] .* must add up"),
        (Rle(2, 3, None), r"extra\['a'\] .* whole numbers"),
        (10**5000, r"extra\['a'\] .* bits"),
        ({10**5000}, r"extra\['a'\] .* of set"),
        (3j, "complex"),
        (deep(80), "64 deep"),
        (around(), "64 deep"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_be_kept_is_named(value, named):
    assert not keepable(value)
    with pytest.raises(TypeError, match=named):
        text_of({"fine": 1, "a": value})


def formed(form, **values):
    return json.dumps({"a": {"$feedline": form, **values}})


HOSTILE = [
    "[1]",
    "{",
    "3",
    formed("tuple", items=[1]).replace('{"a": ', "", 1)[:-1],
    formed("no form"),
    formed([]),
    formed("tuple"),
    formed("tuple", items=3),
    formed("mapping", items=[[[], 1]]),
    formed("mapping", items=[[1]]),
    formed("array", dtype="O", shape=[1], values=[1]),
    formed("array", dtype="<U999999999", shape=[1], values=["x"]),
    formed("array", dtype="<i4,<i4", shape=[1], values=[1]),
    formed("array", dtype=["<i4"], shape=[1], values=[1]),
    formed("array", dtype="<i4", shape=[2], values=[1]),
    formed("array", dtype="<i4", shape=[-1], values=[1]),
    formed("array", dtype="<i4", shape=[1] * 99, values=[1]),
    formed("array", dtype="|u1", shape=[1], values=[256]),
    formed("array", dtype="<i4", shape=[1], values=["x"]),
    formed("scalar", dtype="<i4", value="x"),
    formed("rle", height=2, width=3, counts=[7]),
    formed("rle", height=2, width=3, counts="06"),
    formed("rle", height=2**40, width=2**40, counts=[2**80]),
    formed("rle", height=-2, width=-3, counts=[6]),
    formed("rle", height=2, width=3, counts=[7, -1]),
    formed("bytes", base64="é"),
    formed("bytes", base64="A"),
    formed("number", value="x"),
    formed("tuple", items=["$"]).replace('"$"', "[" * 100_000 + "]" * 100_000),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:60])
def test_another_form_is_refused(text):
    with pytest.raises((ValueError, TypeError, KeyError, OverflowError, RecursionError)):
        extra_of(text)


def packed(folder, source):
    """The source's samples, in a store of their own."""
    columns = Columns(objects=True, extra=True)
    records = [source[index] for index in range(len(source))]
    rows = [
        Row(Part(each.data, each.path), 1, 1, "jpeg", each.label, objects=each.objects, extra=each.extra)
        for each in records
    ]
    with StoreWriter(folder, columns, source.classes, job={}) as writer:
        writer.write(rows, "all", len(rows))
        writer.commit()
    return StoreSource(folder)


@pytest.fixture
def coco(tmp_path):
    """Two pictures turned by EXIF, one of which the annotations see as stored, with a mask of run lengths."""
    images = [
        {"id": 1, "file_name": "a.jpg", "width": 20, "height": 10},
        {"id": 2, "file_name": "b.jpg", "width": 10, "height": 20},
    ]
    for image in images:
        (tmp_path / image["file_name"]).write_bytes(encode(picture(width=20, height=10), "JPEG", 6))
    crowd = {"size": [10, 20], "counts": [5, 3, 192]}
    rest = {"category_id": 1, "bbox": [1, 2, 5, 3]}
    annotations = [
        {"id": 1, "image_id": 1, "iscrowd": 0, **rest},
        {"id": 2, "image_id": 1, "iscrowd": 1, "segmentation": crowd, **rest, "bbox": [0, 5, 1, 3]},
        {"id": 3, "image_id": 2, "iscrowd": 0, **rest},
    ]
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "car"}]}
    (tmp_path / "instances.json").write_text(json.dumps(content))
    return CocoSource(tmp_path / "instances.json")


def test_boxes_and_masks_of_turned_pictures_are_those_of_the_source(coco, tmp_path):
    ours, theirs = ImageDataset(packed(tmp_path / "x.feed", coco)), ImageDataset(coco)
    for index in range(2):
        found, expected = ours.sample(index), theirs.sample(index)
        assert np.array_equal(found.objects.boxes, expected.objects.boxes)
        assert found.extra["size"] == expected.extra["size"] == (10, 20)
    masks = [dataset.sample(0).extra["rle"] for dataset in (ours, theirs)]
    assert [list(each) for each in masks] == [[1], [1]]
    assert np.array_equal(masks[0][1].mask(), masks[1][1].mask())
    assert masks[0][1].area == 3
    assert not np.array_equal(theirs.sample(0).objects.boxes, coco[0].objects.boxes)  # they were turned


def test_flags_of_voc_come_back(tmp_path):
    flags = "<difficult>1</difficult><truncated>0</truncated>"
    corners = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
    size = "<size><width>20</width><height>10</height><depth>3</depth></size>"
    (tmp_path / "a.xml").write_text(
        f"<annotation><filename>a.jpg</filename>{size}<object><name>cat</name>{flags}{corners}</object></annotation>"
    )
    (tmp_path / "a.jpg").write_bytes(encode(picture(width=20, height=10), "JPEG"))
    source = VocSource(tmp_path)
    found = packed(tmp_path / "x.feed", source)[0].extra
    assert same(found, {**source[0].extra})
    assert found["difficult"].tolist() == [True]
    assert found["size"] == (20, 10)


def test_a_row_whose_extra_cannot_be_kept_is_not_written(tmp_path):
    with StoreWriter(tmp_path / "x.feed", Columns(extra=True), [], job={}) as writer:
        with pytest.raises(TypeError, match=r"extra\['a'\] cannot be kept"):
            writer.write([Row(Part(b"x", "x"), 1, 1, "png", extra={"a": object()})], "all", 1)
        writer.write([Row(Part(b"y", "x"), 1, 1, "png", extra={"a": (1, 2)})], "all", 1)
        writer.commit()
    assert [record.extra for record in StoreSource(tmp_path / "x.feed").read_batch([0])] == [{"a": (1, 2)}]
