"""The order of a pass: drawn as torch draws it, and begun anywhere."""

import numpy as np
import pytest
import torch
from foreign import Squares, Stream
from orders import COUNT, ORDERS, OURS, Placed, seeded
from torch.utils.data import BatchSampler
from torch.utils.data import DataLoader as TorchDataLoader

from feedline import DataLoader
from feedline.loader.order import (
    Order,
    batch_size,
    begin,
    begin_again,
    generators,
    inner_sampler,
    own_generators,
    seekable,
    snapshot,
    stateful,
)
from feedline.loader.progress import Snapshot
from feedline.samplers import ShuffledSampler


def make(order, num_workers=0):
    return DataLoader(Squares(COUNT), num_workers=num_workers, **{**ORDERS, **OURS}[order]())


def flat(batches):
    return [batch if isinstance(batch, int) else list(batch) for batch in batches]


@pytest.mark.parametrize("order", [*ORDERS, *OURS])
@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("taken", [0, 1, 3])
def test_an_order_begins_again_anywhere(order, num_workers, taken):
    loader = make(order, num_workers)
    start = snapshot(loader)
    indices, begun = begin(loader, True, None)
    whole = flat(indices)
    assert begun.twice == (num_workers > 0)
    assert flat(begin_again(loader, begun, taken, start)) == whole[taken:]
    assert flat(begin_again(make(order), begun, taken, start)) == whole[taken:]


@pytest.mark.parametrize("num_workers", [0, 1])
@pytest.mark.parametrize("order", ["sequential", "shuffle", "eager, loader's"])
def test_a_base_seed_is_drawn_as_torch_draws_it(order, num_workers):
    options = {"num_workers": num_workers, **ORDERS[order]()}
    ours, theirs = make(order, num_workers), TorchDataLoader(Squares(COUNT), **options)
    torch.manual_seed(1)
    _, begun = begin(ours, True, None)
    torch.manual_seed(1)
    assert begun.base_seed == iter(theirs)._base_seed


def test_a_base_seed_that_is_known_is_not_drawn():
    loader = make("sequential")
    before = torch.get_rng_state()
    assert begin(loader, False, 5)[1].base_seed == 5
    assert torch.equal(torch.get_rng_state(), before)


def test_the_global_generator_is_put_back():
    loader = DataLoader(Squares(COUNT), 4, shuffle=True)
    indices, begun = begin(loader, True, None)
    whole = flat(indices)
    torch.manual_seed(77)
    before = torch.get_rng_state()
    assert flat(begin_again(loader, begun, 2, None)) == whole[2:]
    assert torch.equal(torch.get_rng_state(), before)


def test_what_an_order_is_drawn_from():
    assert generators(make("sequential")) == {}
    assert generators(make("seed")) == {}
    assert generators(make("placed")) == {}
    assert generators(DataLoader(Stream(3), generator=seeded())) == {}
    assert set(generators(make("shuffle"))) == {"loader"}
    assert set(generators(make("sampler's generator"))) == {"sampler"}
    assert set(generators(make("two generators"))) == {"loader", "sampler"}
    assert generators(DataLoader(Squares(3), shuffle=True)) == {"global": torch.default_generator}
    assert own_generators(DataLoader(Squares(3), shuffle=True)) == {}


def test_samplers_are_known():
    ours = ShuffledSampler(COUNT)
    for loader in (
        DataLoader(Squares(COUNT), 3, sampler=ours),
        DataLoader(Squares(COUNT), None, sampler=ours),
        DataLoader(Squares(COUNT), batch_sampler=BatchSampler(ours, 3, drop_last=True)),
    ):
        assert seekable(loader) is inner_sampler(loader) is ours
        assert stateful(loader) is snapshot(loader) is None
    own = DataLoader(Squares(COUNT), 3, sampler=Placed(COUNT))
    assert seekable(own) is None
    assert stateful(own) is own.sampler
    assert snapshot(own) == Snapshot(0, {"place": 0, "passes": 0})
    assert seekable(DataLoader(Squares(COUNT), batch_sampler=[[1]])) is None


def test_the_batch_size_is_the_batch_samplers():
    sampler = BatchSampler(ShuffledSampler(COUNT), 3, drop_last=True)
    assert batch_size(DataLoader(Squares(COUNT), batch_sampler=sampler)) == 3
    assert batch_size(DataLoader(Squares(COUNT), 5)) == 5
    assert batch_size(DataLoader(Squares(COUNT), None)) is None
    assert batch_size(DataLoader(Squares(COUNT), batch_sampler=[[1, 2]])) is None


def test_batches_are_numbered_and_those_yielded_before_left_out():
    order = Order(iter("abcdef"), number=10, done={11, 14})
    assert [(drawn.number, drawn.indices) for drawn in order] == [(10, "a"), (12, "c"), (13, "d"), (15, "f")]


@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_samplers_state_travels_with_its_batch(every):
    sampler = Placed(6)
    start = Snapshot(0, sampler.state_dict())
    drawn = list(Order(iter(sampler), sampler=sampler, snapshot=start, every=every))
    places = [(each.sampler.at, each.sampler.state["place"]) for each in drawn]
    assert places == [(n // every * every,) * 2 for n in range(1, 7)]


def test_a_sampler_of_ours_gives_arrays_where_they_are_taken():
    loader = DataLoader(Squares(COUNT), 4, sampler=ShuffledSampler(COUNT, 3))
    lists, arrays = list(begin(loader, True, 5)[0]), list(begin(loader, True, 5, True)[0])
    assert [batch.tolist() for batch in arrays] == lists
    assert {type(batch) for batch in arrays} == {np.ndarray}
    begun = begin(loader, True, 5)[1]
    assert [batch.tolist() for batch in begin_again(loader, begun, 2, None, True)] == lists[2:]


class Doubled(ShuffledSampler):
    def __iter__(self):
        for index in super().__iter__():
            yield from (index, index)


class Pairs(BatchSampler):
    def __iter__(self):
        yield from ([index, index] for index in self.sampler)


@pytest.mark.parametrize(
    "how",
    [
        {"sampler": Doubled(COUNT), "batch_size": 4},
        {"batch_sampler": Pairs(ShuffledSampler(COUNT), 2, False)},
        {"sampler": ShuffledSampler(COUNT), "batch_size": None},
        {"sampler": range(COUNT), "batch_size": 4},
    ],
)
def test_what_says_otherwise_what_its_batches_are_is_asked(how):
    loader = DataLoader(Squares(COUNT), **how)
    expected = list(loader._index_sampler)
    assert list(begin(loader, True, 5, True)[0]) == expected
