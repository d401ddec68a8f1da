import numpy as np
import pytest
import torch
from memory import Memory, numbered, picture
from torch.utils.data import default_collate, default_convert

from feedline import ImageDataset
from feedline.loader.fetch import KeyedFetch, SampleFetch
from feedline.loader.foreign import Exhausted, IterableFetch, MapFetch
from feedline.loader.mend import Mended, Mender
from feedline.rng import Key
from feedline.transforms import RandomCrop, ToTensor


def batch(fetch, indices):
    tasks = fetch.plan(indices)
    return fetch.join(tasks, [fetch.run(task) for task in tasks])


@pytest.mark.parametrize(("parts", "sizes"), [(1, [5]), (2, [3, 2]), (3, [2, 2, 1]), (8, [1, 1, 1, 1, 1])])
def test_a_batch_is_cut_into_a_part_a_worker(parts, sizes):
    tasks = KeyedFetch(numbered(9), None, Key(), parts).plan([8, 6, 4, 2, 0])
    assert [len(task.indices) for task in tasks] == sizes
    assert [index for task in tasks for index in task.indices] == [8, 6, 4, 2, 0]


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("transform", [None, ToTensor(), RandomCrop(3)])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_batch_is_the_default_collate_of_its_samples(fixed, transform, parts):
    dataset, key = numbered(9, transform), Key(5, 6)
    images, labels = batch(KeyedFetch(dataset, dataset.spec if fixed else None, key, parts), [7, 1, 4, 4])
    expected = default_collate([dataset.get(index, key) for index in [7, 1, 4, 4]])
    assert images.dtype == expected[0].dtype
    assert labels.dtype == expected[1].dtype == torch.int64
    assert torch.equal(images, expected[0])
    assert torch.equal(labels, expected[1])


def test_parts_may_be_made_in_any_order():
    dataset = numbered(9)
    fetch = KeyedFetch(dataset, dataset.spec, Key(), 3)
    tasks = fetch.plan([3, 1, 2])
    values = [fetch.run(task) for task in reversed(tasks)][::-1]
    images, labels = fetch.join(tasks, values)
    assert labels.tolist() == [3, 1, 2]
    assert torch.equal(images[1], torch.from_numpy(dataset[1][0]))


@pytest.mark.parametrize("mender", [None, "skip"])
@pytest.mark.parametrize("transform", [None, ToTensor(), lambda image: image])
def test_an_array_of_indices_makes_what_a_list_of_them_makes(mender, transform):
    dataset, key = numbered(9, transform), Key(5, 6)
    mends = None if mender is None else Mender(mender, dataset, key)
    spec = dataset.spec if dataset.spec is not None and dataset.spec.fixed else None
    fetch = KeyedFetch(dataset, spec, key, 2, mends)
    found, expected = batch(fetch, np.array([7, 1, 4, 4, 8])), batch(fetch, [7, 1, 4, 4, 8])
    if mender is not None:
        assert (found.samples, found.failures) == (expected.samples, expected.failures) == (5, ())
        found, expected = found.value, expected.value
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))


class Asked(ImageDataset):
    """Notes what it is asked for."""

    def get(self, index, key):
        self.types.add(type(index))
        return super().get(index, key)


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
def test_a_dataset_is_asked_for_plain_integers(dtype):
    dataset = Asked(numbered(5).source)
    dataset.types = set()
    _, labels = batch(KeyedFetch(dataset, dataset.spec, Key(), 2), np.array([3, 1, 2], dtype))
    assert labels.tolist() == [3, 1, 2]
    assert dataset.types == {int}


def test_images_of_different_sizes():
    dataset = ImageDataset(Memory([picture(3, 3), picture(4, 3)], [0, 0]))
    with pytest.raises(RuntimeError, match="index 1"):
        batch(KeyedFetch(dataset, None, Key(), 1), [0, 1])


def test_a_single_sample_is_converted():
    dataset = numbered(5, RandomCrop(3))
    image, label = batch(SampleFetch(dataset, Key(1, 2), default_convert, False), 3)
    assert torch.equal(image, torch.from_numpy(dataset.get(3, Key(1, 2))[0]))
    assert label == 3


class Many(list):
    def __getitems__(self, indices):
        return [self[index] * 100 for index in indices]


def test_a_foreign_map():
    assert batch(MapFetch([5, 6, 7], list, True), [2, 0]) == [7, 5]
    assert batch(MapFetch(Many([5, 6, 7]), list, True), [2, 0]) == [700, 500]
    assert batch(MapFetch({"a": 5}, str, False), "a") == "5"


@pytest.mark.parametrize(("drop_last", "expected"), [(False, [[0, 1], [2, 3], [4]]), (True, [[0, 1], [2, 3]])])
def test_a_foreign_iterable_ends(drop_last, expected):
    fetch = IterableFetch(range(5), list, 2, drop_last)
    found = [batch(fetch, [None, None]) for _ in expected]
    assert [each.value if isinstance(each, Mended) else each for each in found] == expected
    assert [each.samples for each in found if isinstance(each, Mended)] == [1] * (not drop_last)
    for _ in range(2):
        with pytest.raises(Exhausted):
            batch(fetch, [None, None])


def test_a_foreign_iterable_one_by_one():
    fetch = IterableFetch("ab", str.upper, None, False)
    assert [batch(fetch, None), batch(fetch, None)] == ["A", "B"]
    with pytest.raises(Exhausted):
        batch(fetch, None)
