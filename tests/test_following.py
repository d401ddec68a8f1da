"""following.py: objects, masks and partners go where their image goes."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from memory import Memory, picture
from PIL import Image

import feedline
from feedline import DataError, ImageDataset, Subset, TransformError
from feedline.native import counting
from feedline.rng import Key
from feedline.sources.rle import Rle
from feedline.transforms import (
    CenterCrop,
    Compose,
    Normalize,
    Pad,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    Resize,
    ToDtype,
    ToTensor,
    Transform,
)
from feedline.transforms.objects import BoxRule
from feedline.transforms.pointwise import line
from feedline.turning import rle_of
from feedline.types import Objects, Spec

HEIGHT, WIDTH = 90, 120
WARPED = [RandomResizedCrop((64, 72), (0.5, 1.0)), RandomHorizontalFlip(), RandomRotation(15, fill=0)]
KEYS = [Key(5, epoch) for epoch in range(6)]


class Darker(Transform):
    """A pixel-wise step, and one that needs the whole picture."""

    def add(self, draft, key, operation):
        draft.recolour(line("darker", 0.5))
        draft.work("upside down in grey", lambda image: 255 - image)


class One(Memory):
    spec = Spec(None, None, None)

    def __init__(self, data, **more):
        self.data, self.more = data, more
        self.targets, self.classes, self.groups = np.zeros(1, np.int64), ["a"], None

    def __getitem__(self, index):
        return replace(super().__getitem__(0), **self.more)

    @property
    def images(self):
        return [self.data]


def scene(boxes=((30, 20, 70, 60), (80, 50, 110, 85))):
    """White boxes on black: image, mask whose numbers are those of the boxes from 1, objects and their run lengths."""
    image, mask, rle = np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.zeros((HEIGHT, WIDTH, 1), np.uint8), {}
    for number, (left, top, right, bottom) in enumerate(boxes):
        image[top:bottom, left:right] = 255
        mask[top:bottom, left:right] = number + 1
        rle[number] = rle_of(mask[:, :, 0] == number + 1)
    numbers = np.arange(len(boxes))
    objects = Objects(np.array(boxes, np.float32), numbers, numbers + 100, numbers < 0)
    return image, {"mask": mask, "objects": objects, "extra": {"rle": rle, "size": (WIDTH, HEIGHT), "note": "x"}}


def in_png(image):
    stream = io.BytesIO()
    Image.fromarray(np.bitwise_xor(image, picture(HEIGHT, WIDTH) & 3)).save(stream, "PNG")
    assert stream.tell() > 4096
    return stream.getvalue()


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("key", KEYS)
def test_everything_stays_on_its_thing(encoded, key):
    image, more = scene()
    dataset = ImageDataset(One(in_png(image) if encoded else image, **more), Compose(WARPED))
    found = dataset.sample(0, key)
    assert np.array_equal(found.data, dataset.get(0, key)[0])
    bright = found.data[:, :, 0] > 127
    assert (bright != (found.mask[:, :, 0] > 0)).mean() < 0.02
    assert (found.extra["size"], found.extra["note"]) == ((72, 64), "x")
    assert list(found.extra["rle"]) == list(range(len(found.objects)))
    for number, (box, name) in enumerate(zip(found.objects.boxes, found.objects.ids, strict=True)):
        inside = found.extra["rle"][number].mask()
        assert np.array_equal(inside, found.mask[:, :, 0] == name - 99)
        rows, columns = np.nonzero(inside)
        assert np.abs(box - [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).max() < 12
        assert box[0] - 1 <= columns.min()
        assert columns.max() <= box[2]


def test_what_is_cut_away_goes_with_its_mask():
    image, more = scene()
    dataset = ImageDataset(One(image, **more), Compose([CenterCrop((50, 60))]))
    found = dataset.sample(0)
    assert (found.objects.ids.tolist(), list(found.extra["rle"])) == ([100, 101], [0, 1])
    found = dataset.sample(0, rule=BoxRule(min_visible=0.9))
    assert (found.objects.ids.tolist(), list(found.extra["rle"])) == ([100], [0])
    away = ImageDataset(One(image, **more), CenterCrop((20, 20))).sample(0)
    assert (away.objects.ids.tolist(), list(away.extra["rle"])) == ([100], [0])


def test_the_second_of_two_objects_has_its_own_mask_when_the_first_is_gone():
    image, more = scene(((0, 0, 10, 10), (40, 30, 80, 60)))
    found = ImageDataset(One(image, **more), CenterCrop((60, 80))).sample(0)
    assert found.objects.ids.tolist() == [101]
    assert isinstance(found.extra["rle"][0], Rle)
    assert found.extra["rle"][0].area == 40 * 30


def test_a_masks_fill():
    image, more = scene()
    found = ImageDataset(One(image, **more), Pad(4)).sample(0, mask_fill=255)
    assert (found.mask[:4] == 255).all()
    assert np.array_equal(found.mask[4:-4, 4:-4], more["mask"])


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.int64, np.float64])
def test_a_masks_numbers_are_never_mixed_whatever_they_are(dtype):
    image, _ = scene()
    mask = (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) * 1001).astype(dtype)
    for steps in ([Resize((45, 50))], WARPED):
        found = ImageDataset(One(image, mask=mask), Compose(steps)).sample(0).mask
        assert found.dtype == dtype
        assert np.isin(found, np.append(mask, np.zeros(1, dtype))).all()
        assert len(np.unique(found)) > 500


def test_fast_moves_the_rest_as_exact_does():
    image, more = scene()
    stream = io.BytesIO()
    Image.fromarray(image.repeat(8, 0).repeat(8, 1)).save(stream, "JPEG", quality=95)
    large = Objects(more["objects"].boxes * 8, *(getattr(more["objects"], name) for name in ("labels", "ids", "crowd")))
    steps = Compose([Resize(45), RandomHorizontalFlip()])
    dataset = ImageDataset(One(stream.getvalue(), objects=large), steps)
    exact = dataset.sample(0, Key(1))
    with counting() as counters:
        fast = dataset.with_scale("fast").sample(0, Key(1))
    assert counters.pixels_decoded == HEIGHT * WIDTH
    assert np.array_equal(fast.objects.boxes, exact.objects.boxes)
    assert np.abs(fast.data.astype(int) - exact.data).mean() < 2


@pytest.mark.parametrize("key", KEYS[:3])
def test_a_partner_has_the_geometry_and_colours_as_said(key):
    image, other = picture(HEIGHT, WIDTH), picture(HEIGHT, WIDTH, seed=1)
    steps = Compose([*WARPED[:2], Darker(), ToTensor(), Normalize(0.5, 0.5)])
    plain = Compose([*WARPED[:2], lambda image: image, ToTensor(), Normalize(0.5, 0.5)])
    dataset = ImageDataset(One(image, partner=other), steps)
    key = Key(key.seed, key.epoch, 0)
    wanted = {
        "image": (steps(image, key), plain(other, key)),
        "partner": (plain(image, key), steps(other, key)),
        "both": (steps(image, key), steps(other, key)),
    }
    for colours, pair in wanted.items():
        found = dataset.sample(0, key, colours=colours)
        assert torch.equal(found.data, pair[0])
        assert torch.equal(found.partner, pair[1])
    with pytest.raises(ValueError, match="colours must be one of image, partner, both, not 'none'"):
        dataset.sample(0, colours="none")


def test_halves_follow_each_other():
    both = picture(40, 120)
    source = One(both, extra={"side_by_side": "AtoB"})
    found = ImageDataset(source, Compose([RandomHorizontalFlip(1.0), CenterCrop(30)])).sample(0)
    assert np.array_equal(found.data, both[:, :60][5:35, 15:45][:, ::-1])
    assert np.array_equal(found.partner, both[:, 60:][5:35, 15:45][:, ::-1])


@pytest.mark.parametrize("what", ["mask", "partner", "rle"])
def test_another_size_is_told_in_one_line(what):
    image, more = scene()
    other = {"mask": {"mask": more["mask"][1:]}, "partner": {"partner": image[1:]}}
    short = {"objects": more["objects"], "extra": {"rle": {1: rle_of(more["mask"][1:, :, 0] > 0)}}}
    dataset = ImageDataset(One(image, **other.get(what, short)), Compose(WARPED))
    words = r"memory\[0\] \(index 0\): its (mask|partner|mask of object 1) is 89 x 120 pixels .* size, 90 x 120$"
    with pytest.raises(DataError, match=words) as raised:
        dataset.sample(0)
    assert "\n" not in str(raised.value)


def test_a_foreign_step_must_say_that_it_moves_nothing():
    def colder(image):
        return image // 2

    def smaller(image):
        return image[::2]

    image, more = scene()
    steps = Compose([CenterCrop(80), colder, RandomHorizontalFlip(1.0)])
    assert np.array_equal(ImageDataset(One(image), steps).sample(0).data, steps(image)), "where nothing follows"
    dataset = ImageDataset(One(image, **more, partner=image), steps)
    with pytest.raises(
        TransformError, match="colder is foreign, and its sample has objects and mask and partner"
    ) as told:
        dataset.sample(0)
    assert "moves = False" in str(told.value)
    assert told.value.__notes__ == ["memory[0] (index 0)"]
    colder.moves = smaller.moves = False
    found = dataset.sample(0)
    assert np.array_equal(found.data, steps(image))
    assert np.array_equal(found.partner // 2, found.data)
    assert np.array_equal(found.mask[:, :, 0] > 0, found.partner[:, :, 0] > 0)
    with pytest.raises(TransformError, match=r"smaller says by moves = False .* made 45 x 120 of 90 x 120 pixels"):
        dataset.with_transform(smaller).sample(0)


def test_without_steps_it_is_the_record():
    image, more = scene()
    dataset = ImageDataset(One(image, **more))
    found, record = dataset.sample(0), dataset.record(0)
    assert np.array_equal(found.data, record.data)
    assert found.objects is record.objects
    assert found.extra == record.extra


def test_a_part_has_the_samples_of_the_whole():
    dataset = ImageDataset(Memory([picture(30, 30, seed=seed) for seed in range(4)], range(4)), RandomResizedCrop(20))
    part = Subset(dataset, [3, 1])
    assert np.array_equal(part.sample(0, Key(2)).data, dataset.get(3, Key(2))[0])
    assert part.record(1).label == 1
    assert part.sample(-1, mask_fill=3).label == 1


def test_coco_from_the_file_to_the_picture(tmp_path):
    image, _ = scene()
    Image.fromarray(image).save(tmp_path / "1.png")
    square = {"id": 7, "image_id": 1, "category_id": 1, "bbox": [30, 20, 40, 40], "area": 1600, "iscrowd": 1}
    runs = [30 * HEIGHT + 20, *[40, HEIGHT - 40] * 39, 40, (WIDTH - 70) * HEIGHT + HEIGHT - 60]
    square["segmentation"] = {"size": [HEIGHT, WIDTH], "counts": runs}
    images = [{"id": 1, "file_name": "1.png", "width": WIDTH, "height": HEIGHT}]
    content = {"images": images, "annotations": [square], "categories": [{"id": 1, "name": "a"}]}
    (tmp_path / "all.json").write_text(json.dumps(content))
    steps = Compose([RandomHorizontalFlip(1.0), Resize((45, 60)), ToDtype("float32", scale=True)])
    found = feedline.open(tmp_path / "all.json", steps).sample(0)
    assert found.objects.boxes.tolist() == [[25, 10, 45, 30]]
    assert np.array_equal(np.argwhere(found.extra["rle"][0].mask())[[0, -1]], [[10, 25], [29, 44]])
    assert (found.data[11:29, 26:44] == 1).all()


class Two(Transform):
    views = 2

    def add(self, draft, key, operation):
        draft.crop(0, draft.view, draft.height, draft.width - 1)


def test_several_views_have_no_followers():
    image, more = scene()
    found = ImageDataset(One(image), Two()).sample(0)
    assert np.array_equal(found.data, [image[:, :-1], image[:, 1:]])
    with pytest.raises(TransformError, match="its objects and mask cannot follow the 2 pictures"):
        ImageDataset(One(image, **more), Two()).sample(0)
