"""Many samples at once are the samples one by one, to the bit; what the kernel leaves is made one by one."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import cv2
import hashed
import numpy as np
import pytest
import torch
from photo import photo

import feedline
from feedline import DataLoader, counting
from feedline.native import IMPLEMENTATION
from feedline.rng import Key
from feedline.sources import FolderSource
from feedline.transforms import (
    CenterCrop,
    Compose,
    Normalize,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToDtype,
    ToTensor,
)
from feedline.types import UNMADE, Record, Spec

pytestmark = pytest.mark.skipif(
    os.environ.get("FEEDLINE_NATIVE") == "0" and IMPLEMENTATION == "twin", reason="the twin was asked for"
)
TESTS = Path(__file__).parent
FLOATS = [ToTensor(), Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.25))]
CHAINS = {
    "resized crop": [RandomResizedCrop(24), RandomHorizontalFlip(), *FLOATS],
    "resized crop uint8": [RandomResizedCrop((20, 31), interpolation="bicubic"), RandomHorizontalFlip()],
    "nearest": [RandomResizedCrop(24, interpolation="nearest"), RandomVerticalFlip(), *FLOATS],
    "evaluation": [Resize(40), CenterCrop(32), *FLOATS],
    "larger": [Resize((150, 170), "bicubic"), RandomVerticalFlip(0.5), ToTensor()],
    "padded": [RandomCrop(60, padding=(3, 40, 5, 9), fill=(9, 80, 200)), RandomHorizontalFlip(), *FLOATS],
    "padded uint8": [Pad(7, 99), CenterCrop(57), RandomVerticalFlip()],
    "frame where it is small": [CenterCrop(64), ToDtype(torch.float32, scale=True)],
    "channel after channel": [RandomResizedCrop((24, 33)), RandomHorizontalFlip(), ToTensor("contiguous_format")],
    "padded, channel after channel": [RandomCrop(60, padding=40), RandomVerticalFlip(), ToTensor("contiguous_format")],
    "numbers as they are": [CenterCrop(30), ToDtype("float32")],
}


def encoded(picture, kind, number):
    if kind == "png":
        return cv2.imencode(".png", picture)[1].tobytes()
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1] if number % 3 == 0 else []
    factor = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)[number % 2]
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor, *progressive]
    return cv2.imencode(".jpg", picture, options)[1].tobytes()


def turned(data, orientation):
    """The JPEG with an Exif segment that says so."""
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
    segment = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """RGB and grey, JPEG and PNG, of many sizes, some turned by Exif."""
    root = tmp_path_factory.mktemp("mixed")
    for number in range(48):
        kind = "png" if number % 4 == 3 else "jpg"
        channels = 1 if number % 11 == 5 else 3
        picture = photo(61 + 7 * (number % 9), 60 + 5 * (number % 7), channels, seed=number)
        data = encoded(picture, kind, number)
        if kind == "jpg" and number % 5 == 0:
            data = turned(data, 1 + number // 5 % 8)
        (root / "ab"[number % 2]).mkdir(exist_ok=True)
        (root / "ab"[number % 2] / f"{number:03}.{kind}").write_bytes(data)
    return root


def one_by_one(dataset, indices, key, out):
    for place, index in enumerate(indices):
        image, _ = dataset.get(index, key)
        out[place].copy_(torch.as_tensor(image))
    return [int(dataset.targets[index]) for index in indices]


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("chain", CHAINS)
def test_all_at_once_are_one_by_one(folder, chain, mode):
    steps = CHAINS[chain]
    if mode == "L":
        steps = [Normalize(0.5, 0.2) if isinstance(step, Normalize) else step for step in steps]
        steps = [
            RandomCrop(60, padding=(3, 40, 5, 9), fill=9) if isinstance(step, RandomCrop) else step for step in steps
        ]
    dataset = feedline.open(folder, transform=Compose(steps), mode=mode)
    indices = [*range(len(dataset)), 3, 3]
    for epoch in range(2):
        key = Key(2**63 + 11, epoch)
        expected, found = dataset.spec.empty(len(indices)), dataset.spec.empty(len(indices))
        labels = one_by_one(dataset, indices, key, expected)
        made = list(dataset.fill(np.array(indices), key, found.numpy()))
        places = [place for place, label in enumerate(made) if label is not UNMADE]
        assert len(places) > len(indices) * (0.7 if mode == "RGB" else 0.6)  # colour PNGs as luma are the twin's
        assert [made[place] for place in places] == [labels[place] for place in places]
        np.testing.assert_array_equal(found[places].numpy(), expected[places].numpy())


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("kind", ["thread", "process"])
def test_loaders_give_the_same_with_and_without(folder, workers, kind, monkeypatch):
    dataset = feedline.open(folder, transform=Compose(CHAINS["resized crop"]))

    def batches():
        loader = DataLoader(dataset, batch_size=7, shuffle=True, seed=5, num_workers=workers, worker_type=kind)
        return [(images.clone(), labels) for images, labels in loader]

    with_kernel = batches()
    monkeypatch.setattr(type(dataset), "fill", lambda self, indices, key, out: None)
    for (images, labels), (others, other_labels) in zip(with_kernel, batches(), strict=True):
        assert torch.equal(images, others)
        assert labels.tolist() == other_labels.tolist()


def test_a_process_without_the_kernel_makes_the_same_batches(folder):
    asked = {**os.environ, "FEEDLINE_NATIVE": "0"}
    command = [sys.executable, hashed.__file__, str(folder)]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, timeout=120, check=False)
    here = hashed.hashes(folder)
    assert len(set(here)) == 2
    assert done.stdout.split() == ["twin", *here], done.stderr


@pytest.mark.parametrize("layout", ["NHWC", "NHW", "NCHW"])
def test_arrays_in_memory(tmp_path, layout):
    images = np.stack([photo(32, 32, 1 if layout == "NHW" else 3, seed=number) for number in range(40)])
    stored = images[..., 0] if layout == "NHW" else images.transpose(0, 3, 1, 2) if layout == "NCHW" else images
    np.savez(tmp_path / "images.npz", images=stored, labels=np.arange(40) % 10)
    steps = [RandomCrop(32, padding=4), RandomHorizontalFlip(), ToTensor(), Normalize(0.5, 0.25)]
    mode = "L" if layout == "NHW" else "RGB"
    dataset = feedline.open(tmp_path / "images.npz", transform=Compose(steps), mode=mode)
    part = feedline.Subset(dataset, [5, 39, 0, 5])
    found, expected = part.spec.empty(4), part.spec.empty(4)
    made = list(part.fill(np.array([0, 1, 3, 2]), Key(1, 2), found.numpy()))
    assert made == one_by_one(part, [0, 1, 3, 2], Key(1, 2), expected) == [5, 9, 5, 0]
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_what_is_broken_is_told_as_if_it_were_alone_and_the_rest_is_made(folder, tmp_path):
    for number, path in enumerate(sorted(folder.glob("a/*.jpg"))[:6]):
        (tmp_path / "a").mkdir(exist_ok=True)
        data = path.read_bytes()
        (tmp_path / "a" / f"{number}.jpg").write_bytes(data[: len(data) // 2] if number == 3 else data)
    dataset = feedline.open(tmp_path, transform=Compose(CHAINS["resized crop"]))
    labels = dataset.fill(np.arange(6), Key(), dataset.spec.empty(6).numpy())
    assert [label is UNMADE for label in labels] == [False, False, False, True, False, False]
    with pytest.raises(feedline.DecodeError, match=r"3\.jpg.*truncated|truncated.*3\.jpg"):
        list(DataLoader(dataset, batch_size=6, num_workers=2))
    loader = DataLoader(dataset, batch_size=6, num_workers=2, on_error="skip")
    ((images, labels),) = list(loader)
    assert (len(images), labels.tolist()) == (5, [0] * 5)
    assert [failure.index for failure in loader.ledger] == [3]


def test_indices_that_are_none_and_files_that_are_gone(folder, tmp_path):
    (tmp_path / "a").mkdir()
    for name in "xyz":
        (tmp_path / "a" / f"{name}.jpg").write_bytes(next(folder.glob("a/*.jpg")).read_bytes())
    dataset = feedline.open(tmp_path, transform=Compose(CHAINS["resized crop"]))
    out = dataset.spec.empty(2).numpy()
    assert dataset.fill(np.array([0, 3]), Key(), out) == [0, UNMADE]
    (tmp_path / "a" / "y.jpg").unlink()
    assert dataset.fill(np.array([1, 2]), Key(), out) == [UNMADE, 0]
    with pytest.raises(feedline.DecodeError, match=r"y\.jpg"):
        list(DataLoader(dataset, batch_size=3))


def test_a_class_that_changes_get_is_asked_for_it(folder):
    class Darker(feedline.ImageDataset):
        def get(self, index, key):
            image, label = super().get(index, key)
            return image * 0 + 3, label

    plain = feedline.open(folder, transform=Compose(CHAINS["resized crop"]))
    images, _ = next(iter(DataLoader(Darker(plain.source, plain.transform), batch_size=4)))
    assert set(images.unique().tolist()) == {3.0}


def test_chains_that_the_kernel_does_not_plan_are_made_one_by_one(folder):
    dataset = feedline.open(folder, transform=Compose([RandomRotation(20), *CHAINS["resized crop"]]))
    assert dataset.fill(np.array([0, 1]), Key(), dataset.spec.empty(2).numpy()) is None
    images, _ = next(iter(DataLoader(dataset, batch_size=4, seed=0)))
    assert torch.equal(images[2], dataset.get(2, Key(0))[0])


def test_one_resampling_and_one_float_pass_a_sample(folder):
    dataset = feedline.open(folder, transform=Compose(CHAINS["resized crop"]))
    with counting() as counts:
        labels = list(dataset.fill(np.arange(48), Key(4), dataset.spec.empty(48).numpy()))
    made = 48 - labels.count(UNMADE)
    assert (counts.float_passes, counts.pixel_passes, counts.shrinks, counts.stages) == (made, 0, 0, 0)
    assert counts.resamplings + counts.copies == made
    assert counts.copies < 3


def test_no_more_rows_of_a_jpeg_are_read_than_the_region_needs(tmp_path):
    (tmp_path / "a").mkdir()
    data = cv2.imencode(
        ".jpg", photo(960, 640), [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    )
    (tmp_path / "a" / "one.jpg").write_bytes(data[1].tobytes())
    steps = Compose([RandomResizedCrop(64, scale=(0.05, 0.3))])
    dataset = feedline.open(tmp_path, transform=steps)
    for seed in range(40):
        top, left, height, width = steps.plan((960, 640), Key(seed)).region
        with counting() as counts:
            assert dataset.fill(np.array([0]), Key(seed), dataset.spec.empty(1).numpy()) == [0]
        assert counts.mcu_rows_read <= -(-(top + height) // 16) + 1
        columns = -(-(left + width + 1) // 16) - max(left - 1, 0) // 16
        rows = -(-(top + height) // 16) - top // 16
        assert counts.mcus_decoded <= columns * (rows + 2)
        assert (counts.resamplings, counts.float_passes) == (1, 0)


@pytest.mark.parametrize("chain", [[RandomResizedCrop(20)], [Resize((16, 24)), RandomHorizontalFlip()], [Resize(30)]])
def test_fast_decoding_all_at_once_is_that_one_by_one(tmp_path, chain):
    for number in range(24):
        picture = photo(160 + 7 * (number % 9), 170 + 5 * (number % 7), seed=number)
        grain = np.random.default_rng(number).integers(-20, 21, picture.shape)
        data = encoded(np.clip(picture + grain, 0, 255).astype(np.uint8), "jpg", number)
        assert len(data) > 4096, "smaller files are always decoded at full scale"
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / f"{number:02}.jpg").write_bytes(turned(data, 1 + number % 8))
    dataset = feedline.open(tmp_path, transform=Compose([*chain, CenterCrop(14), *FLOATS]), scale="fast")
    indices = np.arange(len(dataset))
    with counting() as counts:
        found = dataset.spec.empty(len(indices))
        made = list(dataset.fill(indices, Key(3), found.numpy()))
    assert counts.mcus_decoded > 0
    expected = dataset.spec.empty(len(indices))
    one_by_one(dataset, indices.tolist(), Key(3), expected)
    places = [place for place, label in enumerate(made) if label is not UNMADE]
    assert len(places) > 0.8 * len(indices)
    np.testing.assert_array_equal(found[places].numpy(), expected[places].numpy())
    exact = dataset.with_scale("exact")
    assert not np.array_equal(exact.get(0, Key(3))[0], dataset.get(0, Key(3))[0])


def test_grey_files_serve_as_three_channels_and_are_decoded_once(tmp_path):
    (tmp_path / "a").mkdir()
    for number in range(6):
        (tmp_path / "a" / f"{number}.png").write_bytes(encoded(photo(30, 40, 1, seed=number), "png", number))
    dataset = feedline.open(tmp_path, transform=Compose([RandomCrop(28, padding=2), *FLOATS]))
    with counting() as counts:
        ((images, _),) = list(DataLoader(dataset, batch_size=6, seed=1))
    assert counts.pixels_decoded == 6 * 30 * 40
    assert torch.equal(images[4], dataset.get(4, Key(1))[0])


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(8, 9, 3), (8, 9), (3, 8, 9)])
def test_arrays_of_any_order_in_memory(tmp_path, order, shape):
    images = np.arange(5 * np.prod(shape), dtype=np.uint32).astype(np.uint8).reshape(5, *shape)
    np.savez(tmp_path / "images.npz", images=np.asarray(images, order=order), labels=np.arange(5))
    dataset = feedline.open(tmp_path / "images.npz", transform=RandomCrop(7))
    ((batch, labels),) = list(DataLoader(dataset, batch_size=5, seed=2))
    assert labels.tolist() == [0, 1, 2, 3, 4]
    for index in range(5):
        np.testing.assert_array_equal(batch[index], dataset.get(index, Key(2))[0])


class Odd:
    """A source with records that the kernel cannot take."""

    has_files, groups, classes = False, None, ["a"]
    targets = np.zeros(5, np.int64)
    spec = Spec(6, 6, 3)

    def __init__(self, odd):
        self.data = [np.full((6, 6, 3), 7, np.uint8), odd, b"", np.full((6, 6, 3), 9, np.uint8)[::-1, ::-1]]

    def __len__(self):
        return len(self.data)

    def path(self, index):
        return f"odd[{index}]"

    def __getitem__(self, index):
        return Record(self.data[index], 0, self.path(index))

    def read_batch(self, indices):
        return [self[index] for index in indices]


def test_a_picture_of_many_channels_is_left_alone():
    dataset = feedline.ImageDataset(Odd(np.zeros((6, 6, 5), np.uint8)), RandomCrop(5))
    assert dataset.fill(np.array([1, 0]), Key(), dataset.spec.empty(2).numpy()) == [UNMADE, 0]


@pytest.mark.parametrize("odd", [None, bytearray(b"x"), np.zeros((2, 2, 3), np.uint16)])
def test_an_odd_record_is_left_alone_and_the_others_are_made(odd):
    dataset = feedline.ImageDataset(Odd(odd), RandomCrop(5))
    found = dataset.fill(np.arange(4), Key(), dataset.spec.empty(4).numpy())
    assert [label is UNMADE for label in found] == [False, True, True, False]
    loader = DataLoader(dataset, batch_size=4, on_error="skip")
    ((images, _),) = list(loader)
    assert images[:, 0, 0, 0].tolist() == [7, 9]
    assert [failure.index for failure in loader.ledger] == [1, 2]


def test_labels_that_a_subclass_says_are_taken(folder):
    class Sevens(FolderSource):
        def label(self, index):
            return 7

    dataset = feedline.ImageDataset(Sevens(folder), Resize((9, 9)))
    assert {int(label) for _, labels in DataLoader(dataset, batch_size=20) for label in labels} == {7}


def test_a_mode_that_is_changed_later_holds(folder):
    dataset = feedline.open(folder, transform=Resize((9, 9)))
    dataset.mode = "L"
    images, _ = next(iter(DataLoader(dataset, batch_size=4)))
    assert images.shape == (4, 9, 9, 1)


def filled(dataset, seed):
    """Labels and images of all samples, as bytes."""
    out = dataset.spec.empty(len(dataset)).zero_().numpy()
    labels = dataset.fill(np.arange(len(dataset)), Key(seed), out)
    return [None if label is UNMADE else int(label) for label in labels], out.tobytes()


def test_threads_at_once_make_what_one_makes_alone(folder):
    dataset = feedline.open(folder, transform=Compose(CHAINS["resized crop"]))
    expected = [filled(dataset, seed) for seed in range(8)]
    assert len({images for _, images in expected}) == 8
    together = Barrier(8)

    def work(seed):
        together.wait(60)
        return [filled(dataset, seed) for _ in range(3)]

    with ThreadPoolExecutor(8) as pool:
        for seed, found in enumerate(pool.map(work, range(8))):
            assert found == [expected[seed]] * 3


FORKED = """
import os, pickle, sys
from test_filling import CHAINS, filled
import feedline
from feedline.transforms import Compose

dataset = feedline.open(sys.argv[1], transform=Compose(CHAINS["resized crop"]))
first = filled(dataset, 1)
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        pickle.dump((filled(dataset, 1), filled(dataset, 2)), pipe)
    os._exit(0)
os.close(writer)
with os.fdopen(reader, "rb") as pipe:
    sent = pickle.load(pipe)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert sent == (first, filled(dataset, 2))
assert len(set(sent[0][0])) > 1
print("the same")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_makes_the_same(folder):
    """In a process of its own, so that pytest itself never forks."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(feedline.__file__).parents[1]), str(TESTS)])}
    command = [sys.executable, "-c", FORKED, str(folder)]
    done = subprocess.run(command, env=environment, cwd=TESTS, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("the same\n", 0), done.stderr


@pytest.mark.parametrize("steps", [[*FLOATS], [ToTensor("contiguous_format")], [RandomHorizontalFlip()], []])
@pytest.mark.parametrize("workers", [0, 2])
def test_files_of_one_size_that_no_step_says_are_made_at_once(tmp_path, steps, workers):
    (tmp_path / "a").mkdir()
    for number in range(13):
        (tmp_path / "a" / f"{number:02}.png").write_bytes(encoded(photo(28, 30, 3, seed=number), "png", number))
    dataset = feedline.open(tmp_path, transform=Compose(steps) if steps else None)
    with counting() as counts:
        batches = list(DataLoader(dataset, batch_size=5, seed=3, num_workers=workers))
    assert counts.unlocked_ns > 0
    images = torch.cat([images for images, _ in batches])
    for index in range(13):
        np.testing.assert_array_equal(images[index], dataset.get(index, Key(3))[0])
    if steps == [ToTensor("contiguous_format")]:
        assert batches[0][0].is_contiguous()


def test_files_of_other_sizes_than_the_first_are_told_as_ever(tmp_path):
    (tmp_path / "a").mkdir()
    for number in range(6):
        size = (28, 30) if number % 3 else (20, 20)
        (tmp_path / "a" / f"{number:02}.png").write_bytes(encoded(photo(*size, 3, seed=number), "png", number))
    dataset = feedline.open(tmp_path, transform=Compose(FLOATS))
    with pytest.raises(Exception, match="images of different shapes cannot form a batch"):
        list(DataLoader(dataset, batch_size=6, num_workers=2))
    batches = list(DataLoader(feedline.Subset(dataset, [1, 2, 4, 5, 0, 3]), batch_size=2))
    assert [tuple(images.shape[2:]) for images, _ in batches] == [(28, 30), (28, 30), (20, 20)]
