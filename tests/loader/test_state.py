"""The state of a loader of a map-style dataset: taken anywhere and loaded anywhere, in torch's order."""

import io
import json
import tracemalloc

import pytest
import torch
from foreign import Squares
from orders import COUNT, ORDERS, OURS, seeded
from pure import Drawing, Reading, bits, pictures
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import SequentialSampler

from feedline import DataLoader
from feedline.samplers import ShuffledSampler

EPOCHS = 3


def make(order, num_workers=0, persistent=False, dataset=None):
    options = {"num_workers": num_workers, "persistent_workers": persistent}
    return DataLoader(Squares(COUNT) if dataset is None else dataset, **options, **{**ORDERS, **OURS}[order]())


def labels(batches):
    return [torch.as_tensor(batch[1]).tolist() for batch in batches]


def through_json(state):
    return json.loads(json.dumps(state))


def torchs(order, num_workers, persistent):
    options = {"num_workers": num_workers, "persistent_workers": persistent}
    loader = TorchDataLoader(Squares(COUNT), **options, **ORDERS[order]())
    return [labels(loader) for _ in range(EPOCHS)]


def taken_of(loader, places):
    """States of the second pass, {how many batches were taken: state}, ``None`` is before it; and its batches."""
    list(loader)
    states = {None: loader.state_dict()}
    batches, found = iter(loader), []
    for taken in range(max(place or 0 for place in places) + 1):
        found += labels([next(batches)]) if taken else []
        states[taken] = loader.state_dict()
    return {place: through_json(states[place]) for place in places}, found


def gone_on_with(loader, state, passes):
    loader.load_state_dict(state)
    assert through_json(loader.state_dict()) == state
    return [labels(loader) for _ in range(passes)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("num_workers", "persistent"), [(0, False), (2, False), (2, True)])
def test_it_goes_on_in_torchs_order(order, num_workers, persistent):
    """With ``None`` the state is taken between two passes, with 0 before the first batch."""
    whole = torchs(order, num_workers, persistent)
    states, _ = taken_of(make(order, num_workers, persistent), (None, 0, 3))
    for taken, state in states.items():
        left = [whole[1][taken or 0 :], *whole[2:]]
        assert gone_on_with(make(order, num_workers, persistent), state, len(left)) == left, taken


@pytest.mark.parametrize("order", [*ORDERS, *OURS])
def test_it_goes_on_in_the_same_loader(order):
    whole = [labels(each) for each in [make(order)] * EPOCHS]
    for taken in (None, 0, 1, 2, len(whole[1])):
        loader = make(order)
        list(loader)
        batches = iter(loader) if taken is not None else None
        for _ in range(taken or 0):
            next(batches)
        state = through_json(loader.state_dict())
        if batches is not None:
            next(batches, None)  # what is made behind the state does not matter
        assert gone_on_with(loader, state, 2) == [whole[1][taken or 0 :], *whole[2:]], taken


@pytest.mark.parametrize("order", [*ORDERS, *OURS])
@pytest.mark.parametrize(("first", "then"), [((0,), (2,)), ((2, True), (1,))])
def test_other_workers_go_on(order, first, then):
    """Torch's order with workers is another than without: what is left of the pass is that of the first loader."""
    length = len(make(order))
    states, whole = taken_of(make(order, *first), (2, length))
    assert len(whole) == length
    for taken, state in states.items():
        assert gone_on_with(make(order, *then), state, 1) == [whole[taken:]], taken


def test_torchs_global_generator_is_the_callers():
    torch.manual_seed(5)
    whole = [labels(each) for each in [TorchDataLoader(Squares(COUNT), 4, shuffle=True)] * EPOCHS]
    torch.manual_seed(5)
    loader = DataLoader(Squares(COUNT), 4, shuffle=True)
    batches = iter(loader)
    found = labels([next(batches), next(batches)])
    state, theirs = loader.state_dict(), torch.get_rng_state()
    torch.manual_seed(9)
    again = DataLoader(Squares(COUNT), 4, shuffle=True)
    again.load_state_dict(state)
    torch.set_rng_state(theirs)
    assert [found + labels(again), *(labels(again) for _ in range(2))] == whole


def test_the_states_of_several_loaders_are_their_own():
    loaders = [make(order) for order in ("shuffle", "seed", "placed")]
    whole = [labels(make(order)) for order in ("shuffle", "seed", "placed")]
    passes = [iter(loader) for loader in loaders]
    for number, batches in enumerate(passes):
        for _ in range(number + 1):
            next(batches)
    states = [loader.state_dict() for loader in loaders]
    for number, order in enumerate(("shuffle", "seed", "placed")):
        again = make(order)
        again.load_state_dict(states[number])
        assert labels(again) == whole[number][number + 1 :]


def test_behind_the_last_batch_nothing_is_left_and_behind_the_end_all_of_the_next_epoch():
    loader = make("seed")
    batches = iter(loader)
    for _ in range(6):
        next(batches)
    last = loader.state_dict()
    assert next(batches, None) is None
    end = loader.state_dict()
    assert (last["epoch"], last["batch"], end["epoch"], end["batch"]) == (0, 6, 1, 0)
    again = make("seed")
    again.load_state_dict(last)
    assert labels(again) == []
    assert again.state_dict() == end
    again.load_state_dict(end)
    assert labels(again) == labels(loader)


def test_an_epoch_that_was_set_is_kept():
    loader = make("seed")
    list(loader)
    loader.set_epoch(7)
    assert loader.state_dict()["epoch"] == 7
    again, other = make("seed"), make("seed")
    again.load_state_dict(loader.state_dict())
    other.set_epoch(7)
    assert labels(again) == labels(other)


@pytest.mark.parametrize("taken", [0, 2])
def test_the_seed_of_none_is_kept(taken):
    dataset = pictures(12)
    loader = DataLoader(dataset, 3, generator=seeded())
    whole = [[bits(batch) for batch in each] for each in [loader] * 2]
    loader = DataLoader(dataset, 3, generator=seeded())
    batches = iter(loader)
    for _ in range(taken):
        next(batches)
    again = DataLoader(dataset, 3, generator=seeded(8))
    again.load_state_dict(through_json(loader.state_dict()))
    assert [[bits(batch) for batch in each] for each in [again] * 2] == [whole[0][taken:], whole[1]]


def test_without_order_the_batches_that_came_early_are_listed(tmp_path):
    wait = Waiting(12, 0, tmp_path / "go")
    loader = DataLoader(wait, 2, num_workers=2, in_order=False)
    batches = iter(loader)
    found = labels([next(batches), next(batches)])
    state = through_json(loader.state_dict())
    assert (state["batch"], len(state["ahead"])) == (0, 2)
    (tmp_path / "go").touch()
    del batches
    again = DataLoader(wait, 2, in_order=False)
    again.load_state_dict(state)
    left = labels(again)
    assert left[0] == [0, 1]
    assert sorted(label for batch in found + left for label in batch) == list(range(12))


class Waiting(Squares):
    """One sample is not made before a file is there."""

    def __init__(self, count, index, path):
        super().__init__(count)
        self.index, self.path = index, path

    def __getitem__(self, index):
        while index == self.index and not self.path.exists():
            pass
        return super().__getitem__(index)


class Stated(Squares):
    """A map-style dataset that has a state."""

    turn = 0

    def state_dict(self):
        return {"turn": self.turn}

    def load_state_dict(self, state):
        self.turn = state["turn"]


def test_a_datasets_own_state_is_kept():
    dataset = Stated(8)
    dataset.turn = 3
    state = through_json(DataLoader(dataset, 2).state_dict())
    again = DataLoader(Stated(8), 2)
    again.load_state_dict(state)
    assert again.dataset.turn == 3


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize("order", ["shuffle", "seed", "placed"])
def test_no_sample_is_read_that_is_not_yielded(order, num_workers, tmp_path):
    loader = make(order, dataset=Reading(COUNT, tmp_path / "first"))
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    again = make(order, num_workers, dataset=Reading(COUNT, tmp_path / "read"))
    again.load_state_dict(loader.state_dict())
    found = [index for batch in again for index in batch.tolist()]
    assert sorted(map(int, (tmp_path / "read").read_text().split())) == sorted(found)
    assert len(found) == COUNT - 12


@pytest.mark.parametrize("order", [*ORDERS, *OURS])
def test_a_state_is_small_and_plain(order):
    loader = make(order)
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    state = loader.state_dict()
    size = len(json.dumps(state))
    assert size < (8_000 if state["generators"] else 2_000)
    stream = io.BytesIO()
    torch.save(state, stream)
    stream.seek(0)
    assert torch.load(stream, weights_only=True) == through_json(state) == state


def test_a_shuffle_of_a_billion_goes_on_at_once():
    """At batch ten million: no time is asserted here, for the machine may be busy."""
    count, size, at = 10**9, 64, 10_000_000
    state = DataLoader(range(count), size, sampler=ShuffledSampler(count, 3)).state_dict()
    state |= {"batch": at, "begun": {"fresh": True, "twice": False, "base_seed": 1, "offset": 0}, "seed": 1}
    loader = DataLoader(range(count), size, sampler=ShuffledSampler(count, 3))
    tracemalloc.start()
    try:
        loader.load_state_dict(state)
        first = next(iter(loader))
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()
    assert first.tolist() == ShuffledSampler(count, 3).take(at * size, at * size + size).tolist()


def test_the_callers_sequential_sampler_is_torchs():
    loader = DataLoader(Drawing(9), 2, sampler=SequentialSampler(range(9)), reseed="sample", seed=1)
    batches = iter(loader)
    whole = [bits(batch) for batch in DataLoader(Drawing(9), 2, reseed="sample", seed=1)]
    assert bits(next(batches)) == whole[0]
    again = DataLoader(Drawing(9), 2, num_workers=2, reseed="sample", seed=1)
    again.load_state_dict(loader.state_dict())
    assert [bits(batch) for batch in again] == whole[1:]
