"""_open.py: what opens what."""

import json
import os
import tarfile
import zipfile
from pathlib import Path

import cv2
import datasets
import h5py
import numpy as np
import pytest
from imagebytes import encode, picture
from PIL import Image

import feedline
from feedline.errors import DataError
from feedline.sources import ArraySource, FolderSource


@pytest.fixture
def folder(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        (tmp_path / "pets" / name / "1.png").write_bytes(encode(picture("L"), "PNG"))
    return tmp_path / "pets"


@pytest.fixture
def arrays(tmp_path):
    images, labels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4), np.array([0, 1, 1])
    np.savez(tmp_path / "set.npz", images=images, labels=labels)
    np.save(tmp_path / "set.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    return tmp_path


def test_the_embedded_letters():
    dataset = feedline.open("glyphs")
    assert len(dataset) == 4000
    assert dataset.classes == list("ABCDEFGHIJ")
    assert np.bincount(dataset.targets).tolist() == [400] * 10
    assert dataset[0][0].shape == (28, 28, 1)
    assert dataset.mode == "unchanged"


def test_the_letters_of_one_family_belong_together():
    groups = feedline.open("glyphs").groups
    assert len(groups) == 4000
    assert all(len(set(groups[face * 10 : face * 10 + 10])) == 1 for face in range(400))
    assert 10 < len(set(groups)) < 400


def test_a_folder_of_the_embedded_name_is_opened_by_a_path(folder, monkeypatch):
    folder.rename(folder.parent / "glyphs")
    monkeypatch.chdir(folder.parent)
    assert feedline.open("./glyphs").classes == ["cat", "dog"]
    assert len(feedline.open("glyphs")) == 4000


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_a_folder(folder, kind):
    dataset = feedline.open(kind(folder))
    assert isinstance(dataset.source, FolderSource)
    assert dataset.classes == ["cat", "dog"]
    assert dataset.mode == "RGB"
    image, label = dataset[1]
    assert np.array_equal(image, np.asarray(picture("L").convert("RGB")))
    assert label == 1


@pytest.mark.parametrize("name", ["set.npz", "set.npy"])
def test_an_array(arrays, name):
    dataset = feedline.open(arrays / name)
    assert isinstance(dataset.source, ArraySource)
    assert dataset.mode == "unchanged"
    image, label = dataset[2]
    assert image[:, :, 0].tolist() == np.arange(32, 48).reshape(4, 4).tolist()
    assert label == 1


def test_a_suffix_counts_in_any_case(arrays):
    (arrays / "set.npz").rename(arrays / "SET.NPZ")
    assert len(feedline.open(arrays / "SET.NPZ")) == 3


def test_a_mode_is_taken_as_given(folder, arrays):
    assert feedline.open(folder, mode="L")[0][0].shape == (24, 40, 1)
    assert feedline.open(folder, mode="unchanged")[0][0].shape == (24, 40, 1)
    assert feedline.open(arrays / "set.npz", mode="RGB")[0][0].shape == (4, 4, 3)


def test_an_unknown_mode(folder):
    for mode in ("rgb", ""):
        with pytest.raises(ValueError, match="mode must be one of"):
            feedline.open(folder, mode=mode)


def test_a_transform_is_applied(folder):
    assert feedline.open(folder, transform=lambda image: image.shape)[0] == ((24, 40, 3), 0)


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=rf"no such file or folder: {tmp_path}/missing \(embedded sets: glyphs\)"):
        feedline.open(tmp_path / "missing")


@pytest.mark.parametrize("name", ["set.h5", "image.jpg", "noending"])
def test_a_file_that_nothing_opens(tmp_path, name):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(DataError, match=f"cannot (open|read) {tmp_path}/{name}"):
        feedline.open(os.fspath(tmp_path / name))


def pictures_in(root, names=("a", "b"), count=3):
    for place, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number in range(count):
            (root / name / f"{number}.png").write_bytes(encode(picture("RGB", seed=place * 10 + number), "PNG"))
    return root


def archive(path, root):
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        tar.add(root, arcname=root.name)
    return path


def table(path, root):
    rows = [f"{file.relative_to(root)},{file.parent.name}" for file in sorted(root.rglob("*.png"))]
    path = root / path.name
    path.write_text("\n".join(["path,label", *rows]))
    return path


def hdf5(path, root):
    with h5py.File(path, "w") as file:
        file["images"] = np.stack([cv2.imread(str(each)) for each in sorted(root.rglob("*.png"))])[..., ::-1]
        file["labels"] = np.repeat([0, 1], 3)
    return path


def zipped(path, root):
    with zipfile.ZipFile(path, "w") as file:
        for each in sorted(root.rglob("*.png")):
            file.write(each, each.relative_to(root.parent))
    return path


@pytest.mark.parametrize(
    ("name", "make", "mode"),
    [
        ("set.tar", archive, "RGB"),
        ("set.zip", zipped, "RGB"),
        ("set.csv", table, "RGB"),
        ("set.h5", hdf5, "unchanged"),
    ],
)
def test_the_same_pictures_from_any_container(tmp_path, name, make, mode):
    root = pictures_in(tmp_path / "pets")
    plain, packed = feedline.open(root), feedline.open(make(tmp_path / name, root))
    assert packed.mode == mode
    assert packed.targets.tolist() == plain.targets.tolist()
    assert all(np.array_equal(packed[index][0], plain[index][0]) for index in range(6))


def test_a_compressed_archive_is_converted(tmp_path):
    root = pictures_in(tmp_path / "pets")
    dataset = feedline.open(archive(tmp_path / "set.tar.gz", root), convert=True)
    assert [dataset[index][1] for index in range(6)] == [0, 0, 0, 1, 1, 1]


def test_pairs_and_masks(tmp_path):
    first, second = pictures_in(tmp_path / "A"), pictures_in(tmp_path / "B")
    paired = feedline.open(first, pair=second).record(4)
    assert np.array_equal(paired.data, paired.partner)
    masked = feedline.open(first, mask=second, mode="L").record(4)
    assert (masked.data.shape[2], masked.mask.shape[2]) == (1, 3)
    (second / "a" / "1.png").unlink()
    with pytest.raises(DataError, match=r"a/1"):
        feedline.open(first, pair=second)


def test_two_pictures_in_one(tmp_path):
    root = pictures_in(tmp_path / "both")
    whole = feedline.open(root)[0][0]
    width = whole.shape[1] // 2
    record = feedline.open(root, side_by_side="BtoA").record(0)
    assert np.array_equal(record.data, whole[:, -width:])
    assert np.array_equal(record.partner, whole[:, :width])
    assert np.array_equal(feedline.open(root, side_by_side="AtoB")[0][0], whole[:, :width])


def test_coco_and_yolo_say_where_what_is(tmp_path):
    root = pictures_in(tmp_path / "images", ("x",))
    height, width = feedline.open(root / "x")[0][0].shape[:2]
    box = [2, 1, 3, 4]
    coco = {
        "images": [{"id": 7, "file_name": "x/0.png", "height": height, "width": width}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": box, "area": 12, "iscrowd": 0}],
        "categories": [{"id": 3, "name": "dot"}],
    }
    (tmp_path / "images" / "coco.json").write_text(json.dumps(coco))
    found = feedline.open(tmp_path / "images" / "coco.json")
    assert found.record(0).objects.boxes.tolist() == [[2, 1, 5, 5]]
    assert found.classes == ["dot"]
    (tmp_path / "labels" / "x").mkdir(parents=True)
    (tmp_path / "labels" / "x" / "0.txt").write_text(f"0 {3.5 / width} {3 / height} {3 / width} {4 / height}")
    (tmp_path / "data.yaml").write_text("path: .\ntrain: images/x\nnames: [dot]\n")
    found = feedline.open(tmp_path / "data.yaml", split="train")
    np.testing.assert_allclose(found.record(0).objects.boxes, [[2, 1, 5, 5]], atol=1e-4)


def test_an_object_of_hugging_face(tmp_path):
    root = pictures_in(tmp_path / "pets")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    rows = {"image": [str(each) for each in sorted(root.rglob("*.png"))], "label": [0, 0, 0, 1, 1, 1]}
    dataset = feedline.open(datasets.Dataset.from_dict(rows, features=features))
    assert np.array_equal(dataset[4][0], feedline.open(root)[4][0])
    assert dataset.classes == ["a", "b"]


def test_a_source_is_opened_as_it_is(folder):
    source = FolderSource(folder)
    assert feedline.open(source).source is source
    with pytest.raises(TypeError, match="FolderSource is open already: it does not take split"):
        feedline.open(source, split="train")


def test_what_is_broken_is_found_before(folder):
    (folder / "cat" / "2.png").write_bytes(b"no picture")
    (folder / "dog" / "2.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"2 of 4 samples are broken(.|\n)*cat/2.png \(index 1\): wrong type") as error:
        feedline.open(folder, check=True)
    assert [(problem.index, problem.kind) for problem in error.value.problems] == [(1, "wrong type"), (3, "empty")]
    (folder / "cat" / "2.png").unlink()
    (folder / "dog" / "2.png").unlink()
    assert len(feedline.open(folder, check=True)) == 2


def test_raw_and_what_is_not_read_are_samples_too(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.dng").write_bytes((Path(__file__).parent / "data" / "derived.dng").read_bytes())
    (tmp_path / "a" / "2.jp2").write_bytes(encode(picture("RGB"), "JPEG2000"))
    dataset = feedline.open(tmp_path)
    assert dataset[0][0].shape == (320, 480, 3)
    assert [(problem.index, problem.kind) for problem in feedline.check(dataset, progress=False)] == [
        (1, "unsupported")
    ]


def test_a_broken_partner_and_a_broken_mask_are_found(tmp_path):
    first, second = pictures_in(tmp_path / "A"), pictures_in(tmp_path / "B")
    whole = (second / "b" / "1.png").read_bytes()
    (second / "b" / "1.png").write_bytes(whole[: len(whole) // 2])
    for how in ({"pair": second}, {"mask": second}):
        with pytest.raises(DataError, match="1 of 6 samples are broken") as error:
            feedline.open(first, check=True, **how)
        assert [(each.index, each.kind, each.path) for each in error.value.problems] == [
            (4, "truncated", str(second / "b" / "1.png"))
        ]


def test_a_partner_and_a_mask_at_once_and_some_of_them_missing(tmp_path):
    first, second = pictures_in(tmp_path / "A"), pictures_in(tmp_path / "B")
    (second / "a" / "0.png").unlink()
    with pytest.warns(UserWarning, match="no partner: left out"):
        dataset = feedline.open(first, pair=first, mask=second, missing="skip")
    record = dataset.record(0)
    assert len(dataset) == 5
    assert np.array_equal(record.partner, record.data)
    assert record.mask is not None


def test_archives_are_paired_by_what_lies_in_them(tmp_path):
    first, second = pictures_in(tmp_path / "x" / "set"), pictures_in(tmp_path / "y" / "set")
    paired = feedline.open(archive(tmp_path / "a.tar", first), pair=archive(tmp_path / "b.tar", second))
    assert np.array_equal(paired.record(5).partner, paired.record(5).data)


def test_masks_keep_the_numbers_of_their_palette(tmp_path):
    root = pictures_in(tmp_path / "A", ("a",), 1)
    mask = Image.fromarray(np.full((24, 40), 15, np.uint8)).convert("P")
    mask.putdata([15] * 960)
    (tmp_path / "M" / "a").mkdir(parents=True)
    mask.putpalette(list(range(255, -1, -1)) * 3)
    mask.save(tmp_path / "M" / "a" / "0.png")
    found = feedline.open(root, mask=tmp_path / "M").record(0).mask
    assert found.shape == (24, 40, 1)
    assert (found == 15).all()


def test_target_columns_are_the_labels_of_a_table_without_any(tmp_path):
    root = pictures_in(tmp_path, ("a",), 4)
    (root / "t.csv").write_text(
        "path,x,y\n" + "".join(f"a/{number}.png,{number},{number / 2}\n" for number in range(4))
    )
    dataset = feedline.open(root / "t.csv", targets=["x", "y"])
    for num_workers in (0, 2):
        _, targets = next(iter(feedline.DataLoader(dataset, 4, num_workers=num_workers)))
        assert targets.tolist() == [[0, 0], [1, 0.5], [2, 1], [3, 1.5]]


def test_a_word_that_is_not_known(folder):
    with pytest.raises(TypeError, match=r"opened by FolderSource, which takes split, links, labels; not spilt"):
        feedline.open(folder, spilt="train")


@pytest.mark.parametrize("data", ["", None, 3])
def test_what_is_no_place(data):
    with pytest.raises(TypeError, match="open needs a path"):
        feedline.open(data)


def test_classes_that_are_called_images_and_labels(tmp_path):
    assert feedline.open(pictures_in(tmp_path, ("images", "labels"))).classes == ["images", "labels"]


def test_a_blank_one_is_warned_of(folder):
    (folder / "cat" / "2.tif").write_bytes(encode(Image.new("L", (8, 8)), "TIFF"))
    with pytest.warns(UserWarning, match="2.tif.*every pixel is 0"):
        assert len(feedline.open(folder, check=True)) == 3


@pytest.mark.parametrize("num_workers", [0, 2])
def test_an_error_says_where_also_from_a_process(folder, num_workers):
    (folder / "dog" / "1.png").write_bytes(b"no picture")
    loader = feedline.DataLoader(feedline.open(folder), 2, num_workers=num_workers, worker_type="process")
    with pytest.raises(feedline.DecodeError) as error:
        list(loader)
    assert (error.value.kind, error.value.index) == ("wrong type", 1)
    assert error.value.path.endswith("dog/1.png")
    loader = feedline.DataLoader(feedline.open(folder), 2, num_workers=num_workers, on_error="skip")
    with pytest.warns(RuntimeWarning, match="cannot be made"):
        list(loader)
    assert loader.ledger[0].kind == "wrong type"
