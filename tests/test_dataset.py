import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from memory import Memory, numbered, picture
from PIL import Image
from torch.utils.data import DataLoader as TorchDataLoader

import feedline
from feedline import DecodeError, ImageDataset, Subset
from feedline.native import IMPLEMENTATION
from feedline.rng import Key
from feedline.sources import ArraySource
from feedline.subsets import subset
from feedline.transforms import Compose, RandomCrop, Resize, ToTensor
from feedline.types import KeyedDataset, Spec

CROP = RandomCrop(3)


@pytest.fixture
def folder(tmp_path):
    """Two cats and three dogs as PNG; cat/b.png is broken."""
    for seed, name in enumerate(["cat/a", "cat/b", "dog/a", "dog/b", "dog/c"]):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture(6, 4 + seed, seed=seed)).save(path)
    (tmp_path / "cat" / "b.png").write_bytes(b"no image")
    return tmp_path


def test_a_sample_is_image_and_label(folder):
    dataset = feedline.open(folder)
    image, label = dataset[2]
    np.testing.assert_array_equal(image, picture(6, 6, seed=2))
    assert label == 1
    assert type(label) is int
    assert len(dataset) == 5


def test_indices_from_the_end_and_beyond():
    dataset = numbered(4)
    assert dataset[-1][1] == 3
    assert dataset[np.int64(-4)][1] == 0
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"index {index} is out of range for 4 samples"):
            dataset[index]


def test_iterating_ends():
    assert [label for _, label in numbered(3)] == [0, 1, 2]
    assert [label for _, label in subset(numbered(3), [2, 0])] == [2, 0]


def test_what_a_dataset_knows_without_reading_an_image(folder):
    dataset = feedline.open(folder)
    assert dataset.classes == ["cat", "dog"]
    assert dataset.class_to_idx == {"cat": 0, "dog": 1}
    assert dataset.targets.tolist() == [0, 0, 1, 1, 1]
    assert dataset.groups is None
    assert len(dataset.paths) == 5
    assert dataset.paths[0] == str(folder / "cat" / "a.png")
    assert dataset.paths[-1] == str(folder / "dog" / "c.png")
    assert dataset.paths[1:3] == [str(folder / "cat" / "b.png"), str(folder / "dog" / "a.png")]
    assert list(dataset.paths)[4] == dataset.paths[4]
    with pytest.raises(IndexError):
        dataset.paths[5]


def test_repr(folder):
    assert repr(feedline.open(folder)) == (
        f"ImageDataset(FolderSource({str(folder)!r}), 5 images, 2 classes: cat, dog, mode='RGB')"
    )
    assert repr(numbered(6, ToTensor(), mode="L")) == (
        "ImageDataset(Memory(6), 6 images, 6 classes: class0, class1, class2, class3, ..., mode='L', "
        "transform=ToTensor())"
    )
    assert repr(subset(numbered(1), [0])).startswith("Subset(1 of ImageDataset(")


def test_a_broken_file_is_named_with_its_index(folder):
    with pytest.raises(DecodeError) as raised:
        feedline.open(folder)[-4]
    assert raised.value.path == str(folder / "cat" / "b.png")
    assert raised.value.index == 1
    assert raised.value.kind == "wrong type"


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("unchanged", 4)])
def test_mode(mode, channels):
    dataset = ImageDataset(Memory([picture(2, 3, 4)], [0]), mode=mode)
    assert dataset[0][0].shape == (2, 3, channels)
    assert dataset.spec == Spec(2, 3, channels)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "unchanged"])
def test_16_bits_are_8_but_where_nothing_shall_be_changed(tmp_path, mode):
    wide = np.random.default_rng(0).integers(0, 65536, (5, 6), np.uint16)
    (tmp_path / "a").mkdir()
    Image.fromarray(wide).save(tmp_path / "a" / "a.png")
    for dataset in (feedline.open(tmp_path, mode=mode), ImageDataset(Memory([wide[:, :, None]], [0]), mode=mode)):
        image, _ = dataset[0]
        assert image.dtype == (np.uint16 if mode == "unchanged" else np.uint8)
        assert np.array_equal(image[:, :, 0], wide if mode == "unchanged" else np.rint(wide / 257))


def test_an_array_without_a_way_to_8_bits_is_named():
    dataset = ImageDataset(Memory([picture(2, 3), np.full((2, 3, 1), 7.5)], [0, 1]), mode="L")
    with pytest.raises(DecodeError, match=r"its floats run from 7\.5 to 7\.5") as raised:
        dataset[1]
    assert (raised.value.index, raised.value.kind) == (1, "unsupported")


def test_an_unknown_mode():
    with pytest.raises(ValueError, match="mode must be one of RGB, L, RGBA, unchanged, not 'CMYK'"):
        ImageDataset(Memory([picture(2, 3)], [0]), mode="CMYK")


def test_spec_follows_the_transform(folder):
    assert feedline.open(folder).spec == Spec(None, None, 3)
    assert feedline.open(folder, Compose([Resize((5, 4)), ToTensor()])).spec == Spec(5, 4, 3, torch.float32, True)
    assert feedline.open(folder, lambda image: image).spec is None


def test_threads_may_make_samples_where_every_transform_is_ours():
    assert numbered(2).thread_safe
    assert numbered(2, Compose([Resize(2), ToTensor()])).thread_safe
    assert not numbered(2, lambda image: image).thread_safe
    assert not subset(numbered(2, lambda image: image), [0]).thread_safe


def test_any_callable_is_a_transform():
    assert numbered(2, np.shape)[0][0] == (6, 5, 3)


def test_a_sample_depends_on_seed_epoch_and_index_alone():
    dataset = numbered(3, CROP, (20, 20))

    def crop(index, key):
        return dataset.get(index, key)[0].tobytes()

    assert crop(1, Key(5, 6)) == crop(1, Key(5, 6, 99)) == crop(-2, Key(5, 6))
    assert len({crop(1, key) for key in (Key(5, 6), Key(6, 6), Key(5, 7))}) == 3
    assert dataset[1][0].tobytes() == crop(1, Key())


def test_indices_draw_differently():
    dataset = ImageDataset(Memory([picture(20, 20)] * 20, range(20)), CROP)
    assert len({image.tobytes() for image, _ in dataset}) > 10


def test_changing_a_sample_does_not_change_the_dataset():
    for mode in ("RGB", "unchanged"):
        dataset = numbered(2, mode=mode)
        dataset[0][0][:] = 0
        assert dataset[0][0].any(), mode


def test_with_transform():
    dataset = numbered(3, mode="L")
    other = dataset.with_transform(ToTensor())
    assert dataset[0][0].shape == (6, 5, 1)
    assert other[0][0].shape == (1, 6, 5)
    assert other.source is dataset.source


def test_both_keep_the_loaders_protocol():
    assert isinstance(numbered(2), KeyedDataset)
    assert isinstance(subset(numbered(2), [1]), KeyedDataset)


def test_subset_shows_its_samples_as_they_are_in_the_whole():
    dataset = ImageDataset(Memory([picture(20, 20)] * 8, range(8), groups="abcdefgh"), CROP)
    part = subset(dataset, [6, 2, 5])
    key = Key(1, 2)
    for place, index in enumerate([6, 2, 5]):
        assert part.get(place, key)[0].tobytes() == dataset.get(index, key)[0].tobytes()
        assert part[place][0].tobytes() == dataset[index][0].tobytes()
    assert part[-1][1] == 5
    assert len(part) == 3
    assert part.targets.tolist() == [6, 2, 5]
    assert part.groups == ["g", "c", "f"]
    assert part.paths == ["memory[6]", "memory[2]", "memory[5]"]
    assert part.spec == dataset.spec
    assert (part.classes, part.class_to_idx) == (dataset.classes, dataset.class_to_idx)
    for index in (3, -4):
        with pytest.raises(IndexError):
            part[index]


def test_subset_without_groups():
    assert subset(numbered(2), [0]).groups is None


def test_a_subset_of_a_subset_is_one_view():
    part = subset(subset(numbered(10), [9, 7, 5, 3]), [3, 1])
    assert isinstance(part.dataset, ImageDataset)
    assert part.indices.tolist() == [3, 7]
    assert [label for _, label in part] == [3, 7]


def test_a_subset_under_another_transform():
    part = subset(numbered(4), [3, 1]).with_transform(ToTensor())
    assert isinstance(part, Subset)
    assert part[0][0].shape == (3, 6, 5)
    assert part[0][1] == 3


def test_a_broken_file_in_a_subset_has_the_index_of_the_whole(folder):
    with pytest.raises(DecodeError) as raised:
        subset(feedline.open(folder), [4, 1])[1]
    assert raised.value.index == 1


def test_datasets_are_pickled(folder):
    part = subset(feedline.open(folder, Compose([Resize((4, 4)), ToTensor()])), [3, 0])
    again = pickle.loads(pickle.dumps(part))
    assert again[0][1] == 1
    assert torch.equal(again[0][0], part[0][0])


OPENED = """
import pickle, sys
import numpy as np
import feedline
from feedline.rng import Key

dataset = pickle.load(open(sys.argv[1], "rb"))
out = dataset.spec.empty(2)
filled = dataset.fill(np.array([0, 3]), Key(), out.numpy())
batch = next(iter(feedline.DataLoader(dataset, batch_size=2, num_workers=0)))
print(dataset.fills, filled, batch[1].tolist(), float(batch[0].double().sum()))
"""


@pytest.mark.skipif(IMPLEMENTATION == "twin", reason="no kernel here")
def test_a_dataset_pickled_where_the_kernel_is_opens_where_it_is_not(folder, tmp_path):
    part = subset(feedline.open(folder, Compose([Resize((4, 4)), ToTensor()])), [0, 2, 3, 4])
    assert part.fills
    file = tmp_path / "dataset.pickle"
    file.write_bytes(pickle.dumps(part))
    asked = {**os.environ, "FEEDLINE_NATIVE": "0"}
    command = [sys.executable, "-c", OPENED, str(file)]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, timeout=120)
    total = float(torch.stack([part[0][0], part[1][0]]).double().sum())
    assert done.stdout == f"False None [0, 1] {total}\n", done.stderr


def test_it_serves_torchs_loader_with_processes(folder):
    part = subset(feedline.open(folder, Compose([Resize((4, 4)), ToTensor()])), [0, 2, 3, 4])
    batches = list(TorchDataLoader(part, batch_size=2, num_workers=2, multiprocessing_context="spawn"))
    assert [labels.tolist() for _, labels in batches] == [[0, 1], [1, 1]]
    assert torch.equal(torch.cat([images for images, _ in batches]), torch.stack([image for image, _ in part]))


def test_a_broken_file_comes_out_of_torchs_worker_process(folder):
    loader = TorchDataLoader(feedline.open(folder), num_workers=1, sampler=[1], multiprocessing_context="spawn")
    with pytest.raises(DecodeError, match=r"b\.png.*index 1"):
        next(iter(loader))


def test_the_spec_has_the_type_of_the_source(tmp_path):
    np.savez(tmp_path / "set.npz", images=np.zeros((2, 4, 5), np.uint16), labels=[0, 1])
    dataset = ImageDataset(ArraySource(tmp_path / "set.npz"), mode="unchanged")
    assert dataset.spec == Spec(4, 5, 1, torch.uint16)
