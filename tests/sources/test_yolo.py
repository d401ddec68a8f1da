"""sources/yolo.py on real folders; a picture is text that says its size, for a source decodes nothing."""

import os
import pickle

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources.yolo import YoloSource

LABELS = {
    "1.jpg": "1 0.5 0.5 0.5 0.25\n0 0.1 0.1 0.2 0.2\n",
    "2.png": None,
    "deep/3.jpg": "2 0.25 0.5 0.5 1.0\r\n\r\n",
    "deep/4.jpg": "",
    "5.jpg": "0 0.5 0.5 1 1",
}
ORDER = ["1.jpg", "2.png", "5.jpg", "deep/3.jpg", "deep/4.jpg"]


def size_of(data):
    """Width and height, as they stand behind the name."""
    if b"broken" in data:
        raise DecodeError("not an image", "wrong type")
    width, height = data.split()[1:3]
    return int(width), int(height)


def fill(root, labels=LABELS, images="images", texts="labels", size=(200, 80)):
    for name, text in labels.items():
        image = root / images / name
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(f"{name} {size[0]} {size[1]}".encode())
        label = (root / texts / name).with_suffix(".txt")
        label.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            label.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def opened(path, split=None, **options):
    return YoloSource(path, split, size_of=size_of, **options)


def yaml(root, text):
    (root / "data.yaml").write_text(text)
    return root / "data.yaml"


def names(source):
    return [os.path.relpath(source.path(index), source.root) for index in range(len(source))]


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return opened(yaml(fill(tmp_path / "set"), "train: images\nnames: [cat, dog, owl]\n"))

    @pytest.fixture
    def contents(self):
        return [(f"{name} 200 80".encode(), label) for name, label in zip(ORDER, [1, -1, 0, 2, -1], strict=True)]


def test_shares_become_pixels(tmp_path):
    source = opened(fill(tmp_path))
    objects = source[0].objects
    assert np.allclose(objects.boxes, [[50, 30, 150, 50], [0, 0, 40, 16]], atol=1e-4)
    assert objects.boxes.dtype == np.float32
    assert objects.labels.tolist() == [1, 0]
    assert objects.ids.tolist() == [1, 2]
    assert names(source) == [f"images/{name}" for name in ORDER]
    assert source.classes == ["0", "1", "2"]
    assert len(source[1].objects) == 0
    assert source.problems == []


def test_outlines(tmp_path):
    source = opened(fill(tmp_path, {"1.jpg": "0 0.1 0.25 0.5 0.25 0.5 0.75\n0 .5 .5 .2 .2"}))
    objects = source[0].objects
    assert np.allclose(objects.boxes, [[20, 20, 100, 60], [80, 32, 120, 48]], atol=1e-4)
    assert np.allclose(objects.polygons[0][0], [[20, 20], [100, 20], [100, 60]], atol=1e-4)
    assert objects.polygons[1] == ()


def test_keypoints(tmp_path):
    fill(tmp_path, {"1.jpg": "0 .5 .5 .2 .2 .5 .25 1 0 0 0", "2.jpg": ""})
    source = opened(yaml(tmp_path, "val: images\nnames: {0: hand}\nkpt_shape: [2, 3]\n"))
    assert np.allclose(source[0].objects.keypoints, [[[100, 20, 1], [0, 0, 0]]])
    assert source[1].objects.keypoints.shape == (0, 2, 3)
    (tmp_path / "labels" / "1.txt").write_text("0 .5 .5 .2 .2 .5 .25 0 0")
    source = opened(yaml(tmp_path, "val: images\nnames: {0: hand}\nkpt_shape: [2, 2]\n"))
    assert np.allclose(source[0].objects.keypoints, [[[100, 20, 2], [0, 0, 0]]])


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("names: [a, b, c]", ["a", "b", "c"]),
        ("names: [no, 01, 1.0]", ["no", "01", "1.0"]),
        ("names: {2: c, 0: a}", ["a", "1", "c"]),
        ("names:\n  0: größe\n  1: b\n  2: b", ["größe", "b", "b (2)"]),
        ("nc: 3", ["0", "1", "2"]),
    ],
)
def test_class_names(tmp_path, text, classes):
    (fill(tmp_path) / "data.yaml").write_text(f"train: images\n{text}\n", encoding="utf-8")
    assert opened(tmp_path).classes == classes


def test_classes_txt(tmp_path):
    fill(tmp_path)
    (tmp_path / "labels" / "classes.txt").write_text("cat\ndog\nowl\n")
    assert opened(tmp_path).classes == ["cat", "dog", "owl"]


def test_splits_of_a_yaml(tmp_path):
    fill(tmp_path, {"a.jpg": "0 .5 .5 1 1"}, "images/train", "labels/train")
    fill(tmp_path, {"b.jpg": "0 .5 .5 1 1"}, "images/val", "labels/val")
    yaml(tmp_path, "path: /where/it/was/once\ntrain: [images/train, images/val]\nval: images/val\ntest:\nnames: [x]\n")
    assert names(opened(tmp_path, "train")) == ["images/train/a.jpg", "images/val/b.jpg"]
    source = opened(tmp_path, "val")
    assert names(source) == ["images/val/b.jpg"]
    assert source[0].label == 0
    for split in (None, "test"):
        with pytest.raises(DataError, match="has the splits train, val"):
            opened(tmp_path, split)


@pytest.mark.parametrize(
    ("images", "labels"), [("images/{}", "labels/{}"), ("{}/images", "{}/labels")], ids=["split below", "split above"]
)
def test_splits_of_a_folder(tmp_path, images, labels):
    for split in ("train", "val"):
        fill(tmp_path, {f"{split}.jpg": "0 .5 .5 1 1"}, images.format(split), labels.format(split))
    source = opened(tmp_path, "val")
    assert names(source) == [images.format("val") + "/val.jpg"]
    assert source[0].label == 0
    with pytest.raises(DataError, match=r"say which|no YOLO set"):
        opened(tmp_path)


def test_what_an_exporter_writes_with_too_many_dots(tmp_path):
    fill(tmp_path, {"a.jpg": "0 .5 .5 1 1"}, "train/images", "train/labels")
    source = opened(yaml(tmp_path, "train: ../train/images\nnames: [x]\n"))
    assert source[0].label == 0


def test_a_list_of_images(tmp_path):
    fill(tmp_path)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "train.txt").write_text("images/deep/3.jpg\n\n./../images/1.jpg\n")
    source = opened(yaml(tmp_path, "path: .\ntrain: lists/train.txt\nnames: [a, b, c]\n"))
    assert names(source) == ["images/deep/3.jpg", "images/1.jpg"]
    assert source.targets.tolist() == [2, 1]


@pytest.mark.parametrize("line", ["../../x.jpg", "/etc/passwd", "C:\\x.jpg", "..\\..\\x.jpg", "s3://a/b.jpg"])
def test_a_list_does_not_lead_out(tmp_path, line):
    root = fill(tmp_path / "set")
    (root / "train.txt").write_text(f"images/1.jpg\n{line}\n")
    with pytest.raises(DataError, match=r"train\.txt, line 2"):
        opened(yaml(root, "train: train.txt\n"))


def test_a_yaml_does_not_lead_out_unless_allowed(tmp_path):
    fill(tmp_path / "other")
    (tmp_path / "set").mkdir()
    for text in ("train: ../other/images", "path: ../other\ntrain: images", f"train: {tmp_path}/other/images"):
        file = yaml(tmp_path / "set", text)
        with pytest.raises(DataError, match="allow_outside"):
            opened(file)
        source = opened(file, allow_outside=True)
        assert source[0].data == b"1.jpg 200 80"
        assert source[0].label == 1


@pytest.mark.parametrize(
    ("row", "kind", "kept"),
    [
        ("0 .5 .5 .5", "wrong row", 0),
        ("0 .5 .5 .5 .5 .9", "wrong row", 0),
        ("cat .5 .5 .5 .5", "wrong row", 0),
        ("3 .5 .5 .5 .5", "wrong row", 0),
        ("-1 .5 .5 .5 .5", "wrong row", 0),
        ("0.5 .5 .5 .5 .5", "wrong row", 0),
        ("nan .5 .5 .5 .5", "wrong row", 0),
        ("0 .5 nan .5 .5", "wrong row", 0),
        ("0 .5 .5 -.5 .5", "wrong row", 0),
        ("0 .5 .5 1.1 .5", "outside box", 1),
        ("0 100 50 20 20", "outside box", 1),
        ("0 .5 .5 0 .5", "empty box", 1),
        ("1 0.5 0.5 0.5 0.25", "doubled box", 1),
    ],
)
def test_what_is_wrong_is_reported_with_file_and_line(tmp_path, row, kind, kept):
    fill(tmp_path, {**LABELS, "1.jpg": f"{LABELS['1.jpg']}\n{row}\n"})
    with pytest.warns(UserWarning, match=f": 1 {kind}"):
        source = opened(yaml(tmp_path, "train: images\nnames: [a, b, c]\n"))
    (finding,) = source.problems
    assert (finding.kind, finding.index) == (kind, 0)
    assert finding.path == str(tmp_path / "labels" / "1.txt") + ":4"
    assert source[0].objects.ids.tolist() == [1, 2, 4][: 2 + kept]


def test_a_label_file_that_cannot_be_read(tmp_path):
    fill(tmp_path, {**LABELS, "1.jpg": b"\xff\xfe\x00"})
    with pytest.warns(UserWarning, match="damaged labels"):
        source = opened(tmp_path)
    assert len(source[0].objects) == 0


def test_a_picture_that_is_none_is_named(tmp_path):
    source = opened(fill(tmp_path))
    (tmp_path / "images" / "1.jpg").write_text("broken")
    with pytest.raises(DecodeError, match=r"images/1\.jpg \(index 0\): not an image"):
        source[0]
    (tmp_path / "images" / "1.jpg").unlink()
    with pytest.raises(DecodeError, match="No such file"):
        source[0]
    assert [finding.index for finding in source.missing()] == [0]


def test_the_index_is_saved_until_a_label_changes(tmp_path, cache):
    fill(tmp_path)
    opened(tmp_path)
    (saved,) = (cache / "index").iterdir()
    before = saved.stat().st_mtime_ns
    assert opened(tmp_path)[1].label == -1
    assert saved.stat().st_mtime_ns == before
    (tmp_path / "labels" / "2.txt").write_text("1 .5 .5 1 1")
    assert opened(tmp_path)[1].label == 1


def test_the_pickle_does_not_grow_with_the_images(tmp_path):
    source = opened(fill(tmp_path, {f"{n:03}.jpg": "0 .5 .5 1 1" for n in range(90)}))
    assert len(pickle.dumps(source)) < 1000


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "must hold names"),
        ("- 1", "must hold names"),
        ("a: [", "cannot read"),
        ("train: none", "there is no"),
        ("names: [a]", "splits \\(none\\)"),
        ("train: images\nnames: {a: b}", "must be a list"),
        ("train: images\nnames: {-1: b}", "from 0"),
        ("train: images\nnames: {9999999999: b}", "from 0"),
        ("train: images\nkpt_shape: 5", "kpt_shape"),
        ("train: images\nkpt_shape: [3, 5]", "kpt_shape"),
        ("train: !!python/object/apply:os.system [ls]", "there is no|say which"),
        ("train: empty", "no image in"),
    ],
)
def test_what_is_no_yolo_set(tmp_path, text, word):
    (fill(tmp_path) / "empty").mkdir()
    with pytest.raises(DataError, match=word):
        opened(yaml(tmp_path, text))


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        opened(tmp_path / "none")
    with pytest.raises(DataError, match=r"expected data\.yaml"):
        opened(tmp_path)
