"""The loader against torch's own, on the same data."""

import numpy as np
import pytest
import torch
from memory import Memory, numbered, picture
from torch.utils.data import (
    BatchSampler,
    IterableDataset,
    RandomSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data._utils.collate import default_collate_fn_map
from torch.utils.data.distributed import DistributedSampler

import feedline
from feedline import DataLoader, ImageDataset
from feedline.loader.iterator import LoaderIterator
from feedline.rng import Key
from feedline.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, RandomResizedCrop, ToTensor

COUNT = 37
DATASET = numbered(COUNT)
AUGMENTED = Compose(
    [RandomResizedCrop((9, 8)), RandomHorizontalFlip(), RandomCrop(8, padding=1), ToTensor(), Normalize(0.5, 0.25)]
)
WORKERS = pytest.mark.parametrize("num_workers", [0, 1, 2, 8])


def same(ours, theirs):
    """Whether two batches are equal bit for bit, in containers and types too."""
    if isinstance(ours, torch.Tensor):
        return isinstance(theirs, torch.Tensor) and ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list | tuple):
        pairs = zip(ours, theirs, strict=True)
        return type(ours) is type(theirs) and all(same(one, other) for one, other in pairs)
    return type(ours) is type(theirs) and ours == theirs


def labels(batches):
    return [batch[1].tolist() for batch in batches]


def test_it_is_a_torch_loader():
    loader = DataLoader(DATASET, batch_size=4, drop_last=True)
    assert isinstance(loader, TorchDataLoader)
    assert (loader.batch_size, loader.drop_last, loader.num_workers) == (4, True, 0)
    assert len(loader) == COUNT // 4
    with pytest.raises(ValueError, match="should not be set"):
        loader.batch_size = 5


ORDERS = {
    "in order": lambda _: {"batch_size": 4},
    "one by one": lambda _: {},
    "drop_last": lambda _: {"batch_size": 4, "drop_last": True},
    "shuffle": lambda _: {"batch_size": 4, "shuffle": True},
    "shuffle and drop_last": lambda _: {"batch_size": 4, "shuffle": True, "drop_last": True},
    "sampler": lambda generator: {"batch_size": 5, "sampler": SubsetRandomSampler(range(3, 30), generator)},
    "list of indices": lambda _: {"batch_size": 2, "sampler": [5, -1, 5]},
    "replacement": lambda generator: {
        "batch_size": 32,
        "sampler": RandomSampler(DATASET, replacement=True, num_samples=100, generator=generator),
    },
    "weights": lambda generator: {
        "batch_size": 6,
        "sampler": WeightedRandomSampler(torch.arange(COUNT), 50, generator=generator),
    },
    "batch_sampler": lambda generator: {
        "batch_sampler": BatchSampler(RandomSampler(DATASET, generator=generator), 3, True)
    },
    "batches of arrays": lambda _: {"batch_sampler": [np.array([3, 1]), np.array([2])]},
    "batches of tuples": lambda _: {"batch_sampler": [(3, 1), (2, 0, 4)]},
    "batches of tensors": lambda _: {"batch_sampler": [torch.tensor([3, 1])]},
    "batches of sets": lambda _: {"batch_sampler": [{3, 1}, {2, 0, 4}]},
    "no batches": lambda _: {"batch_size": None, "shuffle": True},
}


@pytest.mark.parametrize("order", ORDERS)
@WORKERS
def test_batches_and_generator_are_torchs_over_three_passes(order, num_workers):
    mine, torchs = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    ours = DataLoader(DATASET, generator=mine, num_workers=num_workers, **ORDERS[order](mine))
    theirs = TorchDataLoader(DATASET, generator=torchs, **ORDERS[order](torchs))
    for _ in range(3):
        assert same(list(ours), list(theirs))
        assert torch.equal(mine.get_state(), torchs.get_state())


def test_the_global_generator_is_used_as_torch_uses_it():
    torch.manual_seed(3)
    ours, state = labels(DataLoader(DATASET, batch_size=4, shuffle=True)), torch.get_rng_state()
    torch.manual_seed(3)
    assert ours == labels(TorchDataLoader(DATASET, batch_size=4, shuffle=True))
    assert torch.equal(state, torch.get_rng_state())


def test_a_pass_that_is_broken_off_leaves_torchs_state():
    states = []
    for kind in (DataLoader, TorchDataLoader):
        generator = torch.Generator().manual_seed(7)
        sampler = RandomSampler(DATASET, replacement=True, num_samples=100, generator=generator)
        next(iter(kind(DATASET, batch_size=32, sampler=sampler, generator=generator)))
        states.append(generator.get_state())
    assert torch.equal(*states)


@pytest.fixture(params=["open sizes", "array file", "mapped file"])
def augmented(request, tmp_path):
    """40 images under random transforms."""
    if request.param == "open sizes":
        images = [picture(20 + seed % 7, 30 - seed % 5, seed=seed) for seed in range(40)]
        return ImageDataset(Memory(images, range(40)), AUGMENTED)
    images = np.stack([picture(20, 30, seed=seed) for seed in range(40)])
    if request.param == "array file":
        np.savez(tmp_path / "set.npz", images=images, labels=np.arange(40))
        return feedline.open(tmp_path / "set.npz", AUGMENTED)
    np.save(tmp_path / "set.npy", images)
    np.save(tmp_path / "labels.npy", np.arange(40))
    return feedline.open(tmp_path / "set.npy", AUGMENTED)


def test_batches_are_the_same_for_every_number_of_workers(augmented):
    def passes(num_workers):
        generator = torch.Generator().manual_seed(1)
        loader = DataLoader(augmented, batch_size=7, shuffle=True, num_workers=num_workers, generator=generator)
        return [list(loader) for _ in range(2)]

    first = passes(0)
    assert not same(first[0], first[1])
    for num_workers in (1, 2, 8):
        assert same(passes(num_workers), first)


@WORKERS
def test_a_batch_is_the_default_collate_of_its_samples(augmented, num_workers):
    loader = DataLoader(augmented, batch_size=7, num_workers=num_workers, seed=5)
    for epoch in range(2):
        for number, batch in enumerate(loader):
            indices = range(7 * number, min(7 * number + 7, 40))
            assert same(batch, default_collate([augmented.get(index, Key(5, epoch)) for index in indices]))


@WORKERS
@pytest.mark.parametrize("name", ["set.npz", "set.npy"])
@pytest.mark.parametrize("batch_size", [2, None])
def test_images_of_an_array_file_without_a_transform(tmp_path, name, batch_size, num_workers):
    images = np.stack([picture(4, 5, seed=seed) for seed in range(4)])
    np.savez(tmp_path / "set.npz", images=images, labels=np.arange(4))
    np.save(tmp_path / "set.npy", images)
    np.save(tmp_path / "labels.npy", np.arange(4))
    dataset = feedline.open(tmp_path / name)
    for _ in range(2):
        found = [image for image, _ in DataLoader(dataset, batch_size=batch_size, num_workers=num_workers)]
        np.testing.assert_array_equal(np.concatenate([one.numpy().reshape(-1, 4, 5, 3) for one in found]), images)
        for one in found:
            one.zero_()  # a batch is the caller's own


def test_loaders_of_one_seed_agree_and_of_another_differ():
    dataset = numbered(COUNT, RandomCrop(3))

    def passes(seed):
        loader = DataLoader(dataset, batch_size=4, shuffle=True, seed=seed)
        return [list(loader) for _ in range(2)]

    assert same(passes(3), passes(3))
    assert labels(passes(3)[0]) != labels(passes(4)[0])
    assert labels(passes(3)[0]) != labels(passes(3)[1])


@WORKERS
def test_set_epoch_makes_that_pass_again(num_workers):
    dataset = numbered(COUNT, RandomCrop(3))
    loader = DataLoader(dataset, batch_size=4, shuffle=True, seed=3, num_workers=num_workers)
    passes = [list(loader) for _ in range(4)]
    assert loader.epoch == 4
    fresh = DataLoader(dataset, batch_size=4, shuffle=True, seed=3)
    for epoch in (2, 0, 3):
        fresh.set_epoch(epoch)
        assert same(list(fresh), passes[epoch])
        assert fresh.epoch == epoch + 1


def test_a_pass_that_was_broken_off_counts():
    loader = DataLoader(numbered(COUNT), batch_size=4, shuffle=True, seed=3)
    passes = [labels(loader) for _ in range(2)]
    loader.set_epoch(0)
    next(iter(loader))
    assert labels(loader) == passes[1]


def test_set_epoch_tells_the_sampler():
    sampler = DistributedSampler(DATASET, num_replicas=2, rank=0, seed=1)
    loader = DataLoader(DATASET, sampler=sampler)
    loader.set_epoch(5)
    assert sampler.epoch == 5


def test_seed_and_generator_exclude_each_other():
    with pytest.raises(ValueError, match="seed and generator are mutually exclusive"):
        DataLoader(DATASET, seed=0, generator=torch.Generator())


def test_a_seed_leaves_the_global_generator_alone():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    list(DataLoader(DATASET, batch_size=4, shuffle=True, seed=3))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("batch_size", [4, None])
def test_a_collate_fn_of_the_callers_sees_the_same_samples(batch_size):
    dataset = numbered(COUNT, RandomCrop(3))
    ours = DataLoader(dataset, batch_size=batch_size, shuffle=True, seed=3)
    convert = ours.collate_fn
    other = DataLoader(dataset, batch_size, shuffle=True, seed=3, collate_fn=lambda samples: convert(samples))
    for _ in range(2):
        assert same(list(other), list(ours))


@pytest.mark.parametrize("transform", [np.mean, lambda image: float(image.mean()), lambda image: {"image": image}])
def test_a_transform_of_the_callers_without_workers(transform):
    dataset = numbered(COUNT, transform)
    assert same(list(DataLoader(dataset, batch_size=5)), list(TorchDataLoader(dataset, batch_size=5)))


def test_a_dataset_without_samples():
    dataset = feedline.subsets.subset(DATASET, [])
    assert list(DataLoader(dataset, batch_size=4)) == []
    assert list(DataLoader(dataset, batch_size=4, num_workers=2)) == []


class Squares:
    """Map-style, foreign."""

    def __len__(self):
        return 11

    def __getitem__(self, index):
        return torch.tensor([float(index**2)]), index


class Batched(Squares):
    def __getitems__(self, indices):
        return [(torch.tensor([-1.0]), index) for index in indices]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(11))


class SizedStream(Stream):
    def __len__(self):
        return 11


@pytest.mark.parametrize(
    "dataset",
    [
        Squares(),
        Batched(),
        TensorDataset(torch.arange(11), torch.randn(11, 3)),
        [3, 1, 4, 1, 5],
        Stream(),
        SizedStream(),
    ],
    ids=lambda dataset: type(dataset).__name__,
)
@pytest.mark.parametrize("kwargs", [{}, {"batch_size": 4}, {"batch_size": 4, "drop_last": True}, {"batch_size": None}])
@pytest.mark.parametrize("collate_fn", [None, lambda samples: ["mine", samples]], ids=["default", "own"])
def test_foreign_datasets_are_read_as_torch_reads_them(dataset, kwargs, collate_fn):
    ours = DataLoader(dataset, collate_fn=collate_fn, **kwargs)
    theirs = TorchDataLoader(dataset, collate_fn=collate_fn, **kwargs)
    for _ in range(2):
        assert same(list(ours), list(theirs))


def test_foreign_datasets_are_shuffled_as_torch_shuffles_them():
    ours = DataLoader(Squares(), 3, shuffle=True, generator=torch.Generator().manual_seed(5))
    theirs = TorchDataLoader(Squares(), 3, shuffle=True, generator=torch.Generator().manual_seed(5))
    assert [labels(ours) for _ in range(3)] == [labels(theirs) for _ in range(3)]


def test_lengths_of_iterables():
    assert len(DataLoader(SizedStream(), batch_size=4)) == 3
    with pytest.raises(TypeError):
        len(iter(DataLoader(SizedStream(), batch_size=4)))
    with pytest.raises(TypeError):
        len(DataLoader(Stream(), batch_size=4))


@pytest.mark.parametrize(
    ("dataset", "kwargs"),
    [
        (DATASET, {"num_workers": -1}),
        (DATASET, {"timeout": -1}),
        (DATASET, {"prefetch_factor": 2}),
        (DATASET, {"num_workers": 1, "prefetch_factor": -1}),
        (DATASET, {"persistent_workers": True}),
        (DATASET, {"sampler": [0], "shuffle": True}),
        (DATASET, {"batch_sampler": [[0]], "batch_size": 3}),
        (DATASET, {"batch_size": None, "drop_last": True}),
        (DATASET, {"batch_size": 0}),
        (DATASET, {"batch_size": "many"}),
        (DATASET, {"multiprocessing_context": "fork"}),
        (DATASET, {"num_workers": 1, "multiprocessing_context": "never heard of"}),
        (Stream(), {"shuffle": True}),
        (Stream(), {"sampler": [0]}),
        (Stream(), {"batch_sampler": [[0]]}),
        ([], {"num_workers": "two"}),
    ],
)
def test_wrong_arguments_are_torchs_errors(dataset, kwargs):
    with pytest.raises((ValueError, TypeError)) as theirs:
        TorchDataLoader(dataset, **kwargs)
    with pytest.raises(type(theirs.value)) as ours:
        DataLoader(dataset, **kwargs)
    assert str(ours.value) == str(theirs.value)


def test_threads_persist_and_may_yield_what_is_ready():
    loader = DataLoader(DATASET, 4, num_workers=2, persistent_workers=True, in_order=False)
    expected = labels(DataLoader(DATASET, 4))
    assert sorted(labels(loader)) == sorted(expected)
    assert sorted(labels(loader)) == sorted(expected)


def test_torchs_method_that_makes_an_iterator_makes_ours():
    for num_workers in (0, 2):
        batches = DataLoader(range(4), num_workers=num_workers)._get_iterator()
        assert type(batches) is LoaderIterator
        assert [batch.item() for batch in batches] == [0, 1, 2, 3]


def test_a_timeout_needs_workers():
    for kind in (DataLoader, TorchDataLoader):
        with pytest.raises(AssertionError, match="timeout"):
            iter(kind(range(4), timeout=5))


def test_the_worker_type_stays():
    loader = DataLoader(range(4))
    with pytest.raises(ValueError, match="worker_type attribute should not be set after DataLoader is initialized"):
        loader.worker_type = "thread"


def test_a_collate_of_tensors_that_the_program_has_changed_is_used_in_workers():
    before = default_collate_fn_map[torch.Tensor]
    default_collate_fn_map[torch.Tensor] = lambda batch, *, collate_fn_map=None: torch.stack(batch) + 100
    try:
        found = [batch.tolist() for batch in DataLoader([torch.tensor(1), torch.tensor(2)], 2, num_workers=1)]
    finally:
        default_collate_fn_map[torch.Tensor] = before
    assert found == [[101, 102]]
