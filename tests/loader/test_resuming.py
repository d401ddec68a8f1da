"""States of every order, stream and dataset: what is gone on with is what was interrupted."""

import json

import numpy as np
import pytest
import torch
from pure import Drawing, bits
from torch.utils.data import (
    BatchSampler,
    Dataset,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    WeightedRandomSampler,
)

from feedline import DataLoader
from feedline.samplers import ShuffledSampler


def cut(make, before=0, taken=2):
    """The rest of a pass that was cut, and the same from its state in a new loader."""
    loader = make()
    for _ in range(before):
        list(loader)
    batches = iter(loader)
    for _ in range(taken):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    again = make()
    again.load_state_dict(state)
    return [bits(batch) for batch in batches], [bits(batch) for batch in again]


class Batches(BatchSampler):
    """Of the caller's."""


class Drawn:
    """Batches that are drawn from torch's global generator."""

    def __iter__(self):
        yield from (batch.tolist() for batch in torch.randperm(24).split(4))

    def __len__(self):
        return 6


NUMBERS = range(24)
ORDERS = {
    "seed and torch's sampler": lambda: DataLoader(NUMBERS, 4, sampler=RandomSampler(NUMBERS), seed=5),
    "weighted": lambda: DataLoader(NUMBERS, 4, sampler=WeightedRandomSampler([1.0] * 24, 24), seed=5),
    "batch sampler of the caller's": lambda: DataLoader(
        NUMBERS, batch_sampler=Batches(RandomSampler(NUMBERS), 4, False)
    ),
    "and a generator": lambda: DataLoader(
        NUMBERS, batch_sampler=Batches(RandomSampler(NUMBERS, generator=torch.Generator().manual_seed(3)), 4, False)
    ),
    "no torch class": lambda: DataLoader(NUMBERS, batch_sampler=Drawn()),
    "around ours": lambda: DataLoader(NUMBERS, batch_sampler=Batches(ShuffledSampler(24, 3), 4, False)),
    "distributed": lambda: DataLoader(NUMBERS, 4, sampler=DistributedSampler(NUMBERS, 1, 0)),
}


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_every_order_goes_on(order, before):
    whole, again = cut(ORDERS[order], before)
    assert whole == again
    assert len(whole) == 4


def test_the_order_of_ours_in_a_batch_sampler_changes_with_the_epoch():
    loader = ORDERS["around ours"]()
    assert [bits(batch) for batch in loader] != [bits(batch) for batch in loader]


def test_the_epoch_is_told_to_all_that_can_be_told():
    inner = DistributedSampler(NUMBERS, 1, 0)
    loader = DataLoader(NUMBERS, batch_sampler=BatchSampler(inner, 4, False))
    first = [bits(batch) for batch in loader]
    loader.set_epoch(1)
    assert inner.epoch == 1
    assert [bits(batch) for batch in loader] != first
    with pytest.raises(ValueError, match="at least 0, not -1"):
        loader.set_epoch(-1)


def test_the_global_generator_is_the_callers():
    make = lambda: DataLoader(NUMBERS, 4, sampler=RandomSampler(NUMBERS, generator=torch.Generator().manual_seed(1)))  # noqa: E731
    loader = make()
    next(iter(loader))
    state = loader.state_dict()
    torch.manual_seed(0)
    again = make()
    again.load_state_dict(state)
    list(again)
    found = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(found, torch.rand(1))


class Breaking(Dataset):
    broken = 9

    def __len__(self):
        return 24

    def __getitem__(self, index):
        if index == self.broken:
            raise OSError("disk")
        return index


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_batch_that_was_an_error_was_not_yielded(num_workers):
    dataset = Breaking()
    loader = DataLoader(dataset, 4, num_workers=num_workers)
    batches = iter(loader)
    assert [next(batches).tolist() for _ in range(2)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    with pytest.raises(OSError, match="disk"):
        next(batches)
    state = loader.state_dict()
    assert next(batches).tolist() == [12, 13, 14, 15], "who goes on goes on behind it"
    behind = loader.state_dict()
    dataset.broken = None
    for start, expected in ((state, [8, 9, 10, 11]), (behind, [16, 17, 18, 19])):
        again = DataLoader(dataset, 4)
        again.load_state_dict(start)
        assert next(iter(again)).tolist() == expected


class Passing(IterableDataset):
    """A stream that knows how far it is and how often it was read."""

    def __init__(self):
        self.place = self.passes = 0

    def __iter__(self):
        while self.place < 12:
            self.place += 1
            yield self.place - 1 + 100 * self.passes
        self.place, self.passes = 0, self.passes + 1

    def state_dict(self):
        return {"place": self.place, "passes": self.passes}

    def load_state_dict(self, state):
        self.place, self.passes = state["place"], state["passes"]


@pytest.mark.parametrize(("num_workers", "persistent"), [(0, False), (1, False), (1, True)])
@pytest.mark.parametrize("every", [1, 5])
def test_a_stream_in_the_same_loader_and_behind_its_end(num_workers, persistent, every):
    def make():
        return DataLoader(
            Passing(), 2, num_workers=num_workers, persistent_workers=persistent, snapshot_every_n_steps=every
        )

    loader = make()
    start = loader.state_dict()
    batches = iter(loader)
    begun = loader.state_dict()
    for _ in range(2):
        next(batches)
    middle = loader.state_dict()
    for state, first in ((middle, [4, 5]), (start, [0, 1]), (begun, [0, 1])):
        loader.load_state_dict(json.loads(json.dumps(state)))
        assert next(iter(loader)).tolist() == first
    loader = make()
    list(loader)
    end = loader.state_dict()
    expected = [batch.tolist() for batch in loader]
    assert expected[0] == ([100, 101] if persistent or not num_workers else [0, 1])
    again = make()
    again.load_state_dict(json.loads(json.dumps(end)))
    assert [batch.tolist() for batch in again] == expected


class Mode(Dataset):
    mode = 0

    def __len__(self):
        return 24

    def __getitem__(self, index):
        return index + self.mode

    def state_dict(self):
        return {"mode": self.mode}

    def load_state_dict(self, state):
        self.mode = state["mode"]


@pytest.mark.parametrize("persistent", [False, True])
def test_a_datasets_state_reaches_workers_that_live(persistent):
    other = Mode()
    other.mode = 1000
    state = DataLoader(other, 4, num_workers=2).state_dict()
    loader = DataLoader(Mode(), 4, num_workers=2, persistent_workers=persistent)
    list(loader)
    loader.load_state_dict(state)
    assert next(iter(loader)).tolist() == [1000, 1001, 1002, 1003]


def test_a_state_that_nobody_asked_for_is_no_error():
    class Shy(IterableDataset):
        def __iter__(self):
            yield from range(4)

        def state_dict(self, number):
            return {}

        def load_state_dict(self, state):
            pass

    class ShySampler(SequentialSampler):
        def state_dict(self):
            raise AttributeError("not begun")

        def load_state_dict(self, state):
            pass

    with pytest.warns(RuntimeWarning, match=r"state_dict\(\) raised"):
        assert [batch.tolist() for batch in DataLoader(Shy(), 2)] == [[0, 1], [2, 3]]
    with pytest.warns(RuntimeWarning, match="no state of ShySampler is kept"):
        assert len(list(DataLoader(range(4), 2, sampler=ShySampler(range(4))))) == 2


def test_numbers_of_numpy_are_numbers():
    loader = DataLoader(NUMBERS, 4, shuffle=True, seed=np.int64(2**40 + 3))
    loader.set_epoch(np.int64(3))
    state = json.loads(json.dumps(loader.state_dict()))
    again = DataLoader(NUMBERS, 4, shuffle=True, seed=2**40 + 3)
    again.load_state_dict(state)
    assert [bits(batch) for batch in again] == [bits(batch) for batch in loader]


def test_another_epoch_drops_what_was_under_way():
    loader = DataLoader(NUMBERS, 4, shuffle=True, seed=1)
    next(iter(loader))
    loader.set_epoch(7)
    assert (loader.state_dict()["epoch"], loader.state_dict()["batch"]) == (7, 0)
    loader.load_state_dict(loader.state_dict())
    loader.set_epoch(4)
    assert (loader.state_dict()["epoch"], loader.state_dict()["batch"]) == (4, 0)


def test_a_state_without_a_seed_leaves_the_loaders():
    state = DataLoader(Drawing(8), 4).state_dict()
    loader = DataLoader(Drawing(8), 4, seed=5, reseed="sample")
    loader.load_state_dict(state)
    assert [bits(each) for each in loader] == [
        bits(each) for each in DataLoader(Drawing(8), 4, seed=5, reseed="sample")
    ]


def test_a_pass_from_a_position_goes_on_there():
    sampler = ShuffledSampler(24, 1)
    loader = DataLoader(NUMBERS, 2, sampler=sampler)
    sampler.seek(8)
    batches = iter(loader)
    first = [next(batches).tolist() for _ in range(2)]
    again = DataLoader(NUMBERS, 2, sampler=ShuffledSampler(24, 1))
    again.load_state_dict(json.loads(json.dumps(loader.state_dict())))
    rest = [batch.tolist() for batch in again]
    assert [index for batch in first + rest for index in batch] == ShuffledSampler(24, 1).take(8, 24).tolist()


def test_what_was_yielded_ahead_takes_little_room():
    loader = DataLoader(Drawing(8), 4)
    next(iter(loader))
    loader._progress.ahead.update({*range(3, 5000), 6000})
    state = loader.state_dict()
    assert state["ahead"] == [[3, 5000], [6000, 6001]]
    again = DataLoader(Drawing(8), 4)
    again.load_state_dict(json.loads(json.dumps(state)))
    assert again._saved.progress.ahead == {*range(3, 5000), 6000}
