"""measuring.py and _measure.py: numbers that depend on the images alone."""

import os

import numpy as np
import pytest
import torch
from memory import Memory, picture
from PIL import Image

import feedline
from feedline import DataError, DecodeError, ImageDataset, Subset, TransformError
from feedline._measure import measure
from feedline.measuring import measured
from feedline.native import counting
from feedline.sources import ArraySource
from feedline.transforms import Compose, Normalize, Resize, ToTensor, from_recipe, to_recipe

STEPS = Compose([Resize((4, 4)), ToTensor(), Normalize("dataset")])


@pytest.fixture
def folder(tmp_path):
    """Five PNGs of different sizes."""
    (tmp_path / "a").mkdir()
    for number in range(5):
        Image.fromarray(picture(6 + number, 9, seed=number) // (number + 1)).save(tmp_path / "a" / f"{number}.png")
    return tmp_path


def all_pixels(dataset):
    return np.concatenate([image.reshape(-1, image.shape[2]) for image, _ in dataset]).astype(np.float64)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_mean_and_std_of_all_pixels(folder, mode):
    dataset = feedline.open(folder, mode=mode)
    found, pixels = measure(dataset, progress=False), all_pixels(dataset) / 255
    assert found.mean == pytest.approx(pixels.mean(0), abs=1e-12)
    assert found.std == pytest.approx(pixels.std(0), abs=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_order_changes_nothing(dtype):
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    images = [(np.random.default_rng(seed).random((7, 5 + seed, 2)) * top).astype(dtype) for seed in range(9)]
    source = Memory(images, range(9))
    found = measured(source, "unchanged", range(9), False)
    assert found == measured(source, "unchanged", [4, 8, 2, 6, 0, 1, 3, 7, 5], False)
    pixels = np.concatenate([image.reshape(-1, 2) for image in images]) / top
    assert found.mean == pytest.approx(pixels.mean(0), rel=1e-6)
    assert found.std == pytest.approx(pixels.std(0), rel=1e-6)


def test_it_is_measured_once_and_again_when_a_file_changes(folder):
    def pixels():
        with counting() as counters:
            numbers = measure(feedline.open(folder), progress=False)
        return numbers, counters.pixels_decoded

    glances = sum((6 + number) * 9 for number in range(5))
    first, decoded = pixels()
    assert decoded == 2 * glances
    assert pixels() == (first, glances)
    Image.fromarray(picture(8, 8) | 128).save(folder / "a" / "3.png")
    again, _ = pixels()
    assert again != first
    os.utime(folder / "a" / "0.png", (1, 1))
    assert pixels()[0] == again


def test_arrays_in_one_file_are_told_apart(tmp_path):
    images = np.stack([picture(4, 5, 1, seed=seed)[:, :, 0] for seed in range(20)])
    np.savez(tmp_path / "set.npz", one=images, other=images // 2, labels=np.zeros(20, np.int64))
    sources = [ArraySource(tmp_path / "set.npz", images=name, labels="labels") for name in ("one", "other")]
    one, other = (measure(ImageDataset(source, mode="L"), progress=False) for source in sources)
    assert one.mean[0] > 1.5 * other.mean[0]
    cached = os.environ["FEEDLINE_CACHE"]
    assert any("index" in root and files for root, _, files in os.walk(cached))


def test_a_part_and_a_draw(folder):
    dataset = feedline.open(folder)
    part = measure(Subset(dataset, [1, 3]), progress=False)
    assert part.mean == pytest.approx(all_pixels(Subset(dataset, [1, 3])).mean(0) / 255, abs=1e-12)
    draws = {measure(dataset, 3, seed=seed, progress=False) for seed in (0, 0, 1, 2)}
    assert 2 <= len(draws) <= 3
    assert measure(dataset, 99, progress=False) == measure(dataset, progress=False)
    with pytest.raises(ValueError, match="samples must be at least 1, or None for all, not 0"):
        measure(dataset, 0)


def test_a_dataset_gives_its_transform_the_numbers(folder):
    dataset = feedline.open(folder, STEPS)
    mean, std = measure(dataset, progress=False)
    assert dataset.transform == Compose([*STEPS.transforms[:2], Normalize(mean, std)])
    assert torch.equal(dataset[2][0], dataset.transform(feedline.decode(dataset.paths[2])))
    assert from_recipe(to_recipe(dataset.transform)) == dataset.transform
    assert dataset.with_scale("fast").transform == dataset.transform
    assert Subset(dataset, [0]).with_transform(STEPS).dataset.transform == dataset.transform
    grey = dataset.with_scale("fast").with_mode("L")
    assert len(grey.transform.transforms[-1].mean) == 1
    alone = ImageDataset(Memory([picture(5, 5) / np.float32(256)], [0]), Normalize("dataset"), "unchanged")
    assert alone[0][0].mean() == pytest.approx(0, abs=1e-5)
    assert alone[0][0].std() == pytest.approx(1, abs=1e-5)


def test_images_that_cannot_be_measured_together():
    colours = Memory([picture(3, 3), picture(3, 3, 1)], [0, 0])
    with pytest.raises(DataError, match=r"memory\[1\] \(index 1\) has 1 channels, and images before it have 3"):
        measure(ImageDataset(colours, mode="unchanged"), progress=False)
    numbers = Memory([np.zeros((3, 3, 1), np.int32)], [0])
    with pytest.raises(DataError, match=r"memory\[0\] \(index 0\) has int32 numbers, which have no white"):
        measure(ImageDataset(numbers, mode="unchanged"), progress=False)
    with pytest.raises(DataError, match="there is no image to measure"):
        measure(Subset(ImageDataset(colours), []), progress=False)


def test_a_broken_file_is_named(folder):
    (folder / "a" / "4.png").write_bytes(b"no image")
    with pytest.raises(DecodeError, match=r"4\.png \(index 4\)"):
        feedline.open(folder, STEPS)


def test_images_of_one_colour_cannot_be_normalised():
    with pytest.raises(TransformError, match="std must be above 0"):
        ImageDataset(Memory([np.full((3, 3, 3), 7, np.uint8)], [0]), STEPS)
