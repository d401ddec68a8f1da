"""torch's wrappers around datasets of ours."""

import os
import threading

import pytest
import torch
from foreign import Squares
from memory import numbered
from torch.utils.data import ConcatDataset, Dataset, Subset, random_split

from feedline import DataLoader, ImageDataset
from feedline.loader.wrapped import keyed
from feedline.rng import Key
from feedline.transforms import RandomCrop

WRAPPED = {
    "itself": lambda: numbered(9, RandomCrop(4)),
    "subset": lambda: Subset(numbered(9, RandomCrop(4)), [8, 3, 3, 0, 5]),
    "subset of subset": lambda: Subset(Subset(numbered(9, RandomCrop(4)), [8, 3, 0]), [2, 0]),
    "concat": lambda: ConcatDataset([numbered(4, RandomCrop(4)), numbered(3, RandomCrop(4))]),
    "split": lambda: random_split(numbered(9, RandomCrop(4)), [6, 3], torch.Generator().manual_seed(1))[0],
}


def equal(first, second):
    pairs = list(zip(first, second, strict=True))
    return all(torch.equal(one[0], other[0]) and torch.equal(one[1], other[1]) for one, other in pairs)


def passes(dataset, count=3, **options):
    loader = DataLoader(dataset, 2, seed=5, shuffle=True, **options)
    return [list(loader) for _ in range(count)]


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_threads_and_processes_make_the_same_batches(wrapped):
    expected = passes(WRAPPED[wrapped]())
    for options in (
        {"num_workers": 2},
        {"num_workers": 2, "worker_type": "process"},
        {"num_workers": 1, "worker_type": "process", "persistent_workers": True},
    ):
        assert all(map(equal, passes(WRAPPED[wrapped](), **options), expected))


@pytest.mark.parametrize("options", [{}, {"num_workers": 2}, {"num_workers": 2, "worker_type": "process"}])
@pytest.mark.parametrize("wrapped", WRAPPED)
def test_augmentation_is_fresh_each_epoch(wrapped, options):
    dataset = WRAPPED[wrapped]()
    loader = DataLoader(dataset, len(dataset), seed=5, **options)
    crops = [next(iter(loader))[0] for _ in range(6)]
    assert any(not torch.equal(crops[0], other) for other in crops[1:])


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_they_are_read_by_threads(wrapped):
    batches = iter(DataLoader(WRAPPED[wrapped](), num_workers=2))
    assert batches._workers == []
    assert len(batches._pool.threads) == 2


def test_foreign_ones_are_read_by_processes():
    for dataset in (
        Subset(Squares(4), [0, 1]),
        ConcatDataset([numbered(3), Squares(4)]),
        Subset(numbered(3, lambda image: image), [0, 1]),
    ):
        batches = iter(DataLoader(dataset, num_workers=2))
        assert len(batches._workers) == 2


def test_a_subclass_is_not_looked_through():
    class Mine(Subset):
        def __getitem__(self, index):
            return index

        def __getitems__(self, indices):
            return indices

    assert keyed(Mine(numbered(3), [0])) is None
    assert [batch.item() for batch in DataLoader(Mine(numbered(3), [0, 1]))] == [0, 1]


def test_indices():
    row = keyed(ConcatDataset([numbered(4), numbered(3)]))
    assert [row.get(index, Key())[1] for index in (0, 3, 4, 6, -1, -7)] == [0, 3, 0, 2, 2, 0]
    assert len(row) == 7
    part = keyed(Subset(numbered(4), [2, 3]))
    assert [part.get(index, Key())[1] for index in (0, 1, -1)] == [2, 3, 3]
    assert len(part) == 2


@pytest.mark.parametrize("options", [{}, {"num_workers": 1}, {"num_workers": 1, "worker_type": "process"}])
def test_an_index_that_is_not_there_is_an_index_error(options):
    for dataset in (ConcatDataset([numbered(4), numbered(3)]), Subset(numbered(4), [2, 3])):
        with pytest.raises((IndexError, ValueError)):
            list(DataLoader(dataset, sampler=[7], **options))
        with pytest.raises((IndexError, ValueError)):
            list(DataLoader(dataset, sampler=[-8], **options))


class Changed(ImageDataset):
    """Of a user who wants other labels."""

    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return image, label + 100


class Alike(Dataset):
    """A dataset that has the names of ours, and means something else by them."""

    thread_safe = False
    spec = None

    def get(self, name):
        return name

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return index * 10


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("wrap", [lambda dataset: dataset, lambda dataset: Subset(dataset, [0, 1, 2])])
def test_what_a_subclass_changes_is_what_is_read(wrap, num_workers):
    changed = Changed(numbered(3).source)
    assert keyed(changed) is None
    ((_, labels),) = DataLoader(wrap(changed), 3, num_workers=num_workers)
    assert labels.tolist() == [100 + changed.source[index].label for index in range(3)]


def test_names_alone_make_no_dataset_of_ours():
    assert keyed(Alike()) is None
    assert [batch.tolist() for batch in DataLoader(Alike(), 3)] == [[0, 10, 20]]


class Safe(Alike):
    thread_safe = True

    def __getitem__(self, index):
        return threading.current_thread().name


def names(dataset, **options):
    return {name for (name,) in DataLoader(dataset, num_workers=2, **options)}


def test_a_foreign_dataset_that_says_so_is_read_by_threads():
    for dataset in (Safe(), Subset(Safe(), [0, 1]), ConcatDataset([Safe(), Subset(Safe(), [2])])):
        assert names(dataset) <= {"feedline-worker-0", "feedline-worker-1"}
    assert names(ConcatDataset([Safe(), Alike()]), collate_fn=lambda samples: [os.getpid()]).isdisjoint({os.getpid()})
    assert names(Safe(), worker_type="process") == {"MainThread"}
