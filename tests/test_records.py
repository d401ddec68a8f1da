"""records.py: what belongs to an image is the way round that it is."""

import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

import feedline


def turned_jpeg(orientation):
    """50 wide and 20 high as stored, white in the left upper corner (10 x 5) as stored."""
    pixels = np.zeros((20, 50, 3), np.uint8)
    pixels[:5, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", exif=exif, quality=95, subsampling=0)
    return stream.getvalue()


def coco(root, orientation, box, size=(50, 20)):
    (root / "1.jpg").write_bytes(turned_jpeg(orientation))
    image = {"id": 1, "file_name": "1.jpg"} | ({"width": size[0], "height": size[1]} if size else {})
    objects = [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "area": 50, "iscrowd": 0}]
    content = {"images": [image], "annotations": objects, "categories": [{"id": 1, "name": "corner"}]}
    (root / "boxes.json").write_text(json.dumps(content))
    return feedline.open(root / "boxes.json")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_made_on_the_stored_picture_are_turned_with_it(tmp_path, orientation):
    record = coco(tmp_path, orientation, [0, 0, 10, 5]).record(0)
    left, top, right, bottom = record.objects.boxes[0].astype(int)
    inside = record.data[top:bottom, left:right]
    assert inside.size == 150
    assert inside.mean() > 200
    assert record.data.astype(int).sum() - inside.astype(int).sum() < 0.1 * inside.astype(int).sum()


def test_boxes_made_on_the_upright_picture_stay(tmp_path):
    assert coco(tmp_path, 6, [15, 0, 5, 10], (20, 50)).record(0).objects.boxes.tolist() == [[15, 0, 20, 10]]


def test_a_mask_of_the_stored_size_is_turned_too(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name / "a").mkdir(parents=True)
    (tmp_path / "images" / "a" / "1.jpg").write_bytes(turned_jpeg(6))
    mask = np.zeros((50, 20), np.uint8)
    mask[:10, 15:] = 7  # as it is looked at
    cv2.imwrite(str(tmp_path / "masks" / "a" / "1.png"), mask)
    record = feedline.open(tmp_path / "images", mask=tmp_path / "masks").record(0)
    assert (record.data[record.mask[:, :, 0] == 7] > 200).all()


def test_a_box_outside_of_the_real_picture_is_told(tmp_path):
    dataset = coco(tmp_path, 1, [45, 5, 60, 5], None)
    (problem,) = feedline.check(dataset, progress=False)
    assert (problem.index, problem.kind) == (0, "annotation")
    assert "lies outside of its picture of 50 x 20" in problem.cause
    with pytest.warns(UserWarning, match="lies outside of its picture"):
        feedline.open(tmp_path / "boxes.json", check=True)
