"""planned.py: a part decoded and planned is the whole decoded and transformed, to the bit."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from imagebytes import encode
from memory import Memory, picture
from PIL import Image
from rawbytes import dng, scene

import feedline
from feedline import DecodeError, ImageDataset, TransformError
from feedline.native import counting
from feedline.planned import Chain
from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    CropToBox,
    Normalize,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    Resize,
    ToTensor,
    Transform,
)
from feedline.types import Objects, Spec

STEPS = Compose(
    [RandomResizedCrop((40, 48)), RandomHorizontalFlip(), RandomRotation(20, fill=9), ToTensor(), Normalize(0.5, 0.5)]
)
KEYS = [Key(3, epoch) for epoch in range(3)]


class Encoded(Memory):
    """Files in memory."""

    spec = Spec(None, None, None)

    def __init__(self, *files, **more):
        self.images, self.targets, self.classes, self.groups = files, np.zeros(len(files), np.int64), ["a"], None
        self.more = more

    def __getitem__(self, index):
        return replace(super().__getitem__(index), **self.more)


def grainy(height=150, width=200, seed=0):
    return Image.fromarray(picture(height, width, seed=seed))


def files():
    """Encoded pictures, each of more than 4 kB."""
    yield from ((f"jpeg {turn}", encode(grainy(), "JPEG", turn)) for turn in range(1, 9))
    yield "png", encode(grainy(), "PNG")
    yield "png turned", encode(grainy(), "PNG", 6)
    yield "palette", encode(grainy().quantize(64), "PNG")
    yield "alpha", encode(Image.fromarray(picture(99, 80, 4)), "PNG")
    yield "16 bits", encode(Image.fromarray(np.random.default_rng(1).integers(0, 65536, (90, 70), np.uint16)), "PNG")
    yield "tiff", encode(grainy(), "TIFF", 5)
    yield "webp", encode(grainy(), "WEBP", lossless=True)
    yield "bmp", encode(grainy(), "BMP")
    yield "raw", dng(scene(64, 80), 8)


FILES = dict(files())


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("name", FILES)
def test_what_is_decoded_in_part_is_as_if_all_of_it_were(name, mode):
    data = FILES[name]
    assert len(data) > 4096
    dataset = ImageDataset(Encoded(data), STEPS, mode)
    whole = feedline.decode(data, mode, dtype="uint8")
    parts = 0
    for key in KEYS:
        assert torch.equal(dataset.get(0, key)[0], STEPS(whole, key))
        parts += Chain(STEPS, key).ahead(dataset.source[0], mode, 0, "exact").region is not None
    assert parts >= 1


def test_arrays_small_files_and_unchanged_ones_are_decoded_whole():
    image, small = picture(150, 200), encode(Image.fromarray(picture(20, 24)), "PNG")
    assert torch.equal(ImageDataset(Memory([image], [0]), STEPS)[0][0], STEPS(image))
    assert torch.equal(ImageDataset(Encoded(small), STEPS)[0][0], STEPS(feedline.decode(small)))
    wide = ImageDataset(Encoded(FILES["16 bits"]), CenterCrop(30), "unchanged")
    assert np.array_equal(wide[0][0], feedline.decode(FILES["16 bits"], "unchanged", region=(30, 20, 30, 30)))
    sides = ImageDataset(Encoded(FILES["png"], extra={"side_by_side": "BtoA"}), CenterCrop(30))
    assert np.array_equal(sides[0][0], feedline.decode(FILES["png"], region=(60, 135, 30, 30)))


def test_steps_behind_a_foreign_one_are_planned_when_it_has_run():
    whole = feedline.decode(FILES["png"])
    steps = Compose([RandomResizedCrop(60), lambda image: image[::2], RandomResizedCrop((20, 25)), ToTensor()])
    only = Compose([np.flip, CenterCrop(50)])
    for key in KEYS:
        for chain in (steps, only, Compose([])):
            found = ImageDataset(Encoded(FILES["png"]), chain).get(0, key)[0]
            assert np.array_equal(found, chain(whole, key))


def test_a_file_that_breaks_is_named_at_whatever_place_it_breaks():
    data = FILES["png"]
    for broken in (b"no picture " * 500, data[:20] + bytes(5000), data[:5000]):
        with pytest.raises(DecodeError) as raised:
            ImageDataset(Encoded(data, broken), STEPS)[1]
        assert (raised.value.path, raised.value.index) == ("memory[1]", 1)


def test_a_step_that_cannot_be_done_is_told_with_the_file():
    dataset = ImageDataset(Encoded(FILES["png"]), RandomCropOfAThousand())
    with pytest.raises(TransformError, match="too small") as raised:
        dataset[0]
    assert raised.value.__notes__ == ["memory[0] (index 0)"]


class RandomCropOfAThousand(Transform):
    def add(self, draft, key, operation):
        raise TransformError("too small")


class ToFirstObject(Transform):
    """The box of the first object, cut out."""

    def add(self, draft, key, operation):
        left, top, right, bottom = draft.objects.boxes[0].astype(int)
        draft.crop(top, left, bottom - top, right - left)


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("height", [20, 150], ids=["small", "large"])
def test_steps_see_the_objects_of_the_upright_picture(turn, height):
    image = grainy(height, height + 50)
    data = encode(image, "PNG", turn)
    none = np.zeros(1, np.int64)
    objects = Objects(np.array([[3, 5, 12, 16]], np.float32), none, none, none > 0)
    source = Encoded(data, objects=objects, extra={"size": image.size})
    upright = feedline.decode(data)
    left, top, right, bottom = (3, 5, 12, 16) if turn == 1 else (height - 16, 3, height - 5, 12)
    assert np.array_equal(ImageDataset(source, ToFirstObject())[0][0], upright[top:bottom, left:right])


def test_pixels_are_counted_where_they_are_made():
    dataset = ImageDataset(Encoded(FILES["jpeg 6"], FILES["png"]), Resize((30, 40)))
    for scale, pixels in (("exact", 2 * 150 * 200), ("fast", 150 * 200 + 75 * 100)):
        with counting() as counters:
            list(dataset.with_scale(scale))
        assert counters.pixels_decoded == pixels


def smooth(height, width, seed=0):
    """Nothing finer than a few pixels, so that decoding at less than the size loses next to nothing."""
    small = picture(height // 60, width // 60, seed=seed)
    return Image.fromarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("size", [(240, 320), (247, 333)], ids=["whole", "odd"])
def test_fast_gives_nearly_the_same_picture_of_fewer_pixels(turn, size):
    steps = Compose([Resize(40), CenterCrop(36), RandomRotation(20, fill=200), RandomHorizontalFlip()])
    dataset = ImageDataset(Encoded(encode(smooth(*size), "JPEG", turn, quality=97, subsampling=0)), steps)
    for key in KEYS:
        exact = dataset.get(0, key)[0].astype(int)
        with counting() as counters:
            fast = dataset.with_scale("fast").get(0, key)[0].astype(int)
        assert counters.pixels_decoded < 0.07 * size[0] * size[1]
        away = np.abs(fast - exact)
        assert away.mean() < 2, "where fill begins, a pixel more or less of it shows"
        assert away[8:-8, 8:-8].mean() < 0.6, "half a pixel beside it would be 3"
        assert away[8:-8, 8:-8].max() <= 4


def test_fast_changes_nothing_where_nothing_shrinks_by_half():
    for name, steps in (("jpeg 1", Resize(120)), ("jpeg 1", Resize(20, "nearest")), ("png", Resize(20))):
        dataset = ImageDataset(Encoded(FILES[name]), steps)
        assert np.array_equal(dataset.with_scale("fast")[0][0], dataset[0][0])


def test_the_scale_goes_along():
    dataset = feedline.open("glyphs", scale="fast")
    assert "scale='fast'" in repr(dataset)
    part = feedline.Subset(dataset, [1]).with_transform(ToTensor()).with_mode("L")
    assert (part.scale, part.with_scale("exact").scale) == ("fast", "exact")
    with pytest.raises(ValueError, match="scale must be one of exact, fast, not 'quick'"):
        feedline.open("glyphs", scale="quick")


def test_a_step_that_looks_at_boxes_stands_in_front_of_foreign_ones():
    objects = Objects(*(np.array(each) for each in ([[1, 1, 9, 9.0]], [0], [1], [False])))
    chain = Chain(Compose([abs, CropToBox()]), Key())
    with pytest.raises(TransformError, match=r"CropToBox: .* behind <built-in function abs>, .* in front of it"):
        chain.run(np.zeros((20, 20, 3), np.int16).astype(np.uint8), objects=objects)
