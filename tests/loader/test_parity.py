"""The same program with torch's DataLoader and with ours: batches, order, random numbers, errors."""

import collections
import os
import pickle
import random
import warnings

import numpy as np
import pytest
import torch
from foreign import Box, Chance, Failing, Kinds, Many, Odd, Pids, Sized, Squares, Stream, Who, as_it_is, tell_numpy
from torch.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    Dataset,
    RandomSampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data.distributed import DistributedSampler

from feedline import DataLoader

WORKERS = pytest.mark.parametrize("num_workers", [0, 2])

# torch's queue threads now and then find a pipe of theirs closed when their loader is gone
pytestmark = [
    pytest.mark.filterwarnings("ignore:Sparse:UserWarning", "ignore:.*quantiz:UserWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def same(ours, theirs):
    """Whether two batches are the same in type, dtype, strides and value, down to the last bit."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, torch.Tensor):
        return same_tensor(ours, theirs)
    if isinstance(ours, np.ndarray):
        return ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    if isinstance(ours, collections.abc.Mapping):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return ours == theirs


def same_tensor(ours, theirs):
    alike = (ours.shape, ours.dtype, ours.layout, ours.requires_grad, ours.device) == (
        *(theirs.shape, theirs.dtype, theirs.layout, theirs.requires_grad, theirs.device),
    )
    if not alike or ours.device.type == "meta":
        return alike
    if ours.layout is not torch.strided:
        return torch.equal(ours.to_dense(), theirs.to_dense())
    if ours.is_quantized:
        return torch.equal(ours.dequantize(), theirs.dequantize())
    if ours.dtype.itemsize == 1:
        return torch.equal(ours.view(torch.uint8), theirs.view(torch.uint8))
    return torch.equal(ours, theirs)


def run(kind, make, passes=2):
    """All batches of some passes, and what the generators say after each."""
    torch.manual_seed(11)
    random.seed(12)
    np.random.seed(13)
    loader = make(kind)
    told = []
    for _ in range(passes):
        told.append(list(loader))
        told.append([torch.rand(1), random.random(), np.random.rand()])
        if loader.generator is not None:
            told.append(torch.rand(1, generator=loader.generator))
    return told


def check(make, passes=2):
    ours, theirs = run(DataLoader, make, passes), run(TorchDataLoader, make, passes)
    assert any(part for part in theirs), "nothing to compare"
    assert same(ours, theirs)


class Eager:
    """A sampler that draws its order as soon as it is iterated."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter(torch.randperm(self.count).tolist())

    def __len__(self):
        return self.count


DATASETS = {
    "map": lambda: Squares(11),
    "getitems": lambda: Many(11),
    "list": lambda: [3, 1, 4, 1, 5],
    "tensors": lambda: TensorDataset(torch.arange(11), torch.arange(33.0).reshape(11, 3)),
    "subset": lambda: Subset(Squares(11), [7, 2, 5, 5]),
    "concat": lambda: ConcatDataset([Squares(4), Squares(3)]),
    "chain": lambda: ChainDataset([Stream(4), Stream(3)]),
    "stack": lambda: StackDataset(a=Squares(4), b=Many(4)),
    "split": lambda: random_split(Squares(11), [0.5, 0.5])[1],
    "stream": lambda: Stream(11),
    "sized": lambda: Sized(11),
    "chance": lambda: Chance(9),
}


@WORKERS
@pytest.mark.parametrize(
    "kwargs",
    [{}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}],
    ids=["one", "three", "drop", "none"],
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_datasets(dataset, kwargs, num_workers):
    check(lambda kind: kind(DATASETS[dataset](), num_workers=num_workers, **kwargs))


SAMPLERS = {
    "shuffle": lambda data: {"shuffle": True},
    "random": lambda data: {"sampler": RandomSampler(data)},
    "replacement": lambda data: {"sampler": RandomSampler(data, replacement=True, num_samples=14)},
    "sequential": lambda data: {"sampler": SequentialSampler(data)},
    "subset": lambda data: {"sampler": SubsetRandomSampler([1, 5, 7, 9])},
    "weighted": lambda data: {"sampler": WeightedRandomSampler([0.1, 0.5, 0.4], 8)},
    "distributed": lambda data: {"sampler": DistributedSampler(data, 2, 1)},
    "eager": lambda data: {"sampler": Eager(11)},
    "batches": lambda data: {"batch_sampler": BatchSampler(Eager(11), 3, True)},
    "batch list": lambda data: {"batch_sampler": [[1, 2], [3], [4, 5, 6]]},
    "whole batches": lambda data: {"sampler": BatchSampler(RandomSampler(data), 3, False), "batch_size": None},
    "list": lambda data: {"sampler": [4, 2, 4]},
}


class Lists(Dataset):
    """Takes an index, or a list of them."""

    def __len__(self):
        return 11

    def __getitem__(self, index):
        return torch.tensor(index)


@pytest.mark.parametrize(("num_workers", "persistent"), [(0, False), (2, False), (2, True)])
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("own", [False, True], ids=["global", "generator"])
def test_samplers(sampler, own, num_workers, persistent):
    def make(kind):
        options = {"batch_size": 2, **SAMPLERS[sampler](Lists())}
        if "batch_sampler" in options:
            del options["batch_size"]
        generator = torch.Generator().manual_seed(5) if own else None
        return kind(Lists(), num_workers=num_workers, persistent_workers=persistent, generator=generator, **options)

    check(make, passes=3)


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("init", [None, tell_numpy])
def test_random_numbers_in_workers(init, persistent):
    check(
        lambda kind: kind(
            *(Chance(12), 2), num_workers=2, worker_init_fn=init, persistent_workers=persistent, prefetch_factor=3
        ),
        passes=3,
    )


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_start_methods_and_what_workers_are_told(method):
    check(lambda kind: kind(Who(6), 2, num_workers=2, multiprocessing_context=method), passes=1)


def test_a_context_object():
    context = torch.multiprocessing.get_context("fork")
    check(lambda kind: kind(Chance(6), 2, num_workers=2, multiprocessing_context=context))


@WORKERS
@pytest.mark.parametrize("kind", Kinds.KINDS)
def test_default_collate(kind, num_workers):
    check(lambda loader: loader(Kinds(kind), 2, num_workers=num_workers), passes=1)


@WORKERS
def test_a_collate_fn(num_workers):
    check(lambda kind: kind(Squares(7), 3, collate_fn=as_it_is, num_workers=num_workers))


@WORKERS
def test_a_type_of_the_users(num_workers):
    batches = list(DataLoader(Squares(8, 5000), 4, collate_fn=Box, num_workers=num_workers))
    assert [type(batch) for batch in batches] == [Box, Box]
    assert [batch.tensor[:, 0].tolist() for batch in batches] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert all(batch.same is batch.tensor for batch in batches)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("number", range(len(Odd())))
def test_odd_tensors(number):
    """One at a time: torch itself cannot send some of them."""
    (ours,) = DataLoader(Odd(), None, sampler=[number], num_workers=1)
    expected = Odd()[number]
    if isinstance(expected, np.ndarray):
        expected = torch.as_tensor(expected)
    if isinstance(expected, torch.Tensor) and expected.layout is torch.strided and expected.device.type == "cpu":
        assert ours.is_conj() == expected.is_conj()
        dense = all(step for step in expected.stride()) and torch.empty_like(expected).stride() == expected.stride()
        assert not dense or ours.stride() == expected.stride()
    assert same(ours, expected)


@pytest.mark.parametrize("num_workers", [0, 1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 4, None])
def test_a_wrong_length_of_an_iterable_warns(num_workers, batch_size):
    told = []
    for kind in (DataLoader, TorchDataLoader):
        loader = kind(Sized(9, promised=1), batch_size, num_workers=num_workers)
        length = len(loader)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            batches = list(loader)
        lengths = [str(one.message) for one in caught if "Length of IterableDataset" in str(one.message)]
        assert all("reported to be 1" in text and "samples have been fetched" in text for text in lengths)
        told.append((length, batches, len(lengths)))
    assert same(*told)
    assert told[0][2] > 0


@WORKERS
def test_lengths(num_workers):
    for dataset in (Squares(7), Sized(7), Subset(Squares(7), [1])):
        for options in ({}, {"batch_size": 2}, {"batch_size": 2, "drop_last": True}, {"batch_size": None}):
            ours = DataLoader(dataset, num_workers=num_workers, **options)
            theirs = TorchDataLoader(dataset, num_workers=num_workers, **options)
            assert len(ours) == len(theirs)
            if not isinstance(dataset, Sized):
                assert len(iter(ours)) == len(iter(theirs))
    with pytest.raises(TypeError):
        len(DataLoader(Stream(7), num_workers=num_workers))


@pytest.mark.parametrize("dataset", [Squares(40), Stream(40)], ids=["map", "stream"])
def test_out_of_order_yields_each_batch_once(dataset):
    loader = DataLoader(dataset, 4, num_workers=2, in_order=False, collate_fn=as_it_is)
    found = [sample[1] if isinstance(sample, tuple) else sample for batch in loader for sample in batch]
    assert sorted(found) == list(range(40))


class Waiting(Squares):
    """The sample 0 waits until a later one was taken."""

    def __init__(self, count, gate):
        super().__init__(count)
        self.gate = gate

    def __getitem__(self, index):
        if index == 0:
            os.read(self.gate, 1)
        return index


def test_out_of_order_does_not_wait_for_a_slow_batch():
    reads, writes = os.pipe()
    loader = DataLoader(Waiting(6, reads), num_workers=2, in_order=False, timeout=30)
    batches = iter(loader)
    first = next(batches).item()
    os.write(writes, b"x")
    assert first != 0
    assert sorted([first, *(batch.item() for batch in batches)]) == list(range(6))
    os.close(reads)
    os.close(writes)


def test_several_iterators_at_once():
    loader = DataLoader(Squares(10), 2, num_workers=2)
    expected = list(loader)
    first, second = iter(loader), iter(loader)
    assert loader._iterator is None
    pairs = list(zip(first, second, strict=True))
    assert same([pair[0] for pair in pairs], expected)
    assert same([pair[1] for pair in pairs], expected)


@pytest.mark.parametrize("persistent", [False, True])
def test_breaking_off_and_starting_again(persistent):
    def make(kind):
        torch.manual_seed(3)
        loader = kind(Chance(12), 2, shuffle=True, num_workers=2, persistent_workers=persistent)
        told = []
        for taken in (1, 3, 0, 6):
            batches = iter(loader)
            told.append([next(batches)[0] for _ in range(taken)])
        return [*told, torch.rand(1)]

    assert same(make(DataLoader), make(TorchDataLoader))


def test_persistent_workers_are_the_same_processes():
    loader = DataLoader(Pids(6), num_workers=2, persistent_workers=True, collate_fn=as_it_is)
    assert loader._iterator is None
    first = {pid for (pid,) in loader}
    workers = {process.pid for process in loader._iterator._workers}
    assert first == workers
    assert {pid for (pid,) in loader} == workers
    assert os.getpid() not in workers
    assert len(workers) == 2


class Outer(Dataset):
    """Has a loader inside."""

    def __init__(self, loader):
        self.loader = loader

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return sum(float(batch[0].sum()) for batch in self.loader) + index


class Halves(Stream):
    """A loader of its own, whose large batches it hands out piece by piece."""

    def __iter__(self):
        for batch, _ in DataLoader(Squares(self.count, 3000), 5):
            yield from batch


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_loader_inside_a_dataset(num_workers):
    check(lambda kind: kind(Outer(kind(Squares(4), 2)), num_workers=num_workers))


def test_a_loader_inside_whose_batches_outlive_ours():
    batches = DataLoader(Halves(64), 8, num_workers=1)
    assert [value for batch in batches for value in batch[:, -1].tolist()] == list(range(64))


def test_workers_inside_workers_are_refused_as_torch_refuses_them():
    errors = []
    for kind in (DataLoader, TorchDataLoader):
        with pytest.raises(AssertionError, match="daemonic processes are not allowed to have children") as raised:
            list(kind(Outer(kind(Squares(4), num_workers=1)), num_workers=1))
        errors.append(raised.type)
    assert errors[0] is errors[1]


@pytest.mark.parametrize("persistent", [False, True])
def test_pickling(persistent):
    loader = DataLoader(Squares(5), 2, num_workers=1, persistent_workers=persistent, seed=4, shuffle=True)
    twin = pickle.loads(pickle.dumps(loader))
    assert same(list(twin), list(loader))
    assert (twin.seed, twin.worker_type, twin.num_workers) == (4, "auto", 1)


@pytest.mark.parametrize("persistent", [False, True])
def test_an_iterator_is_kept_past_its_loader(persistent):
    expected = list(DataLoader(Squares(9), 2))
    loader = DataLoader(Squares(9), 2, num_workers=2, persistent_workers=persistent)
    batches = iter(loader)
    del loader
    assert same(list(batches), expected)


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_setting_attributes_is_refused(name):
    for kind in (DataLoader, TorchDataLoader):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after"):
            setattr(kind(Squares()), name, None)


def test_every_parameter_is_an_attribute():
    loader = DataLoader(Squares(), worker_type="process", seed=3, prefetch_factor=3, num_workers=1)
    assert (loader.worker_type, loader.seed, loader.prefetch_factor) == ("process", 3, 3)


@pytest.mark.filterwarnings("ignore:.*nested:UserWarning")
@WORKERS
def test_nested_tensors(num_workers):
    nested = [torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)] * 2
    with pytest.raises(RuntimeError, match="nested tensors are not currently supported by the default collate_fn"):
        next(iter(DataLoader(nested, 2, num_workers=num_workers)))


@pytest.mark.filterwarnings("default:This DataLoader will create")
def test_too_many_workers_warn():
    with pytest.warns(UserWarning, match="This DataLoader will create 1000 worker processes"):
        DataLoader(Squares(), num_workers=1000)


@WORKERS
def test_samples_of_unequal_size_are_torchs_error(num_workers):
    errors = []
    for kind in (DataLoader, TorchDataLoader):
        with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size") as raised:
            next(iter(kind([torch.ones(2), torch.ones(3)], 2, num_workers=num_workers)))
        errors.append(raised.type)
    assert errors[0] is errors[1]


def test_a_pass_goes_on_after_an_error():
    def labels(kind):
        found = []
        batches = iter(kind(Failing(8, {3: ValueError("three")}), 2, num_workers=2))
        while True:
            try:
                found.append(next(batches)[1].tolist())
            except ValueError:
                found.append("error")
            except StopIteration:
                return found

    assert labels(DataLoader) == labels(TorchDataLoader) == [[0, 1], "error", [4, 5], [6, 7]]
