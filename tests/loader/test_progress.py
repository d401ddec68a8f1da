"""How far a pass has come: states of iterable-style datasets, and the counting itself."""

import itertools
import json

import pytest
import torch
from foreign import Stream
from pure import Counter, Stepping
from torch.utils.data import IterableDataset, get_worker_info

from feedline import DataLoader
from feedline.loader.progress import Again, Progress, Snapshot, saved_streams, streams_of
from feedline.loader.progress import Stream as Share


def make(kind, num_workers, every=1, **options):
    options = {"batch_size": 2, "num_workers": num_workers, "snapshot_every_n_steps": every} | options
    return DataLoader(kind(23), **options)


def lists(batches):
    return [torch.as_tensor(batch).tolist() for batch in batches]


KINDS = (Counter, Stepping, Stream)
OPTIONS = ({}, {"drop_last": True}, {"batch_size": None})
EVERY = (1, 3)


def cases():
    """Every kind with all options, each once without workers and once with one or two of them; the rest are slow."""
    numbers = itertools.product(range(len(KINDS)), range(3), range(len(EVERY)), range(len(OPTIONS)))
    for kind, num_workers, every, options in numbers:
        daily = num_workers in (0, 1 + (kind + every + options) % 2)
        name = f"{KINDS[kind].__name__}-{num_workers}-{EVERY[every]}-options{options}"
        values = KINDS[kind], num_workers, EVERY[every], OPTIONS[options]
        yield pytest.param(*values, id=name, marks=[] if daily else pytest.mark.slow)


@pytest.mark.parametrize(("kind", "num_workers", "every", "options"), list(cases()))
def test_a_stream_goes_on(kind, num_workers, every, options):
    """Also one without a state, which is read over."""
    whole = lists(make(kind, num_workers, **options))
    loader = make(kind, num_workers, every, **options)
    batches, states = iter(loader), []
    for taken in range(len(whole) + 1):
        assert not taken or torch.as_tensor(next(batches)).tolist() == whole[taken - 1]
        states.append(json.loads(json.dumps(loader.state_dict())))
    for taken in (0, 1, 5, len(whole) - 1, len(whole)):
        again = make(kind, num_workers, every, **options)
        again.load_state_dict(states[taken])
        assert lists(again) == whole[taken:], taken
        assert lists(again) == whole, taken


@pytest.mark.parametrize("kind", [Counter, Stepping])
@pytest.mark.parametrize("persistent", [False, True])
def test_a_stream_goes_on_in_the_same_loader(kind, persistent):
    loader = make(kind, 2, persistent_workers=persistent)
    whole = lists(loader)
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    state = loader.state_dict()
    list(batches)
    for _ in range(2):
        loader.load_state_dict(state)
        assert lists(loader) == whole[3:]
    assert lists(loader) == whole


def test_what_has_a_state_is_not_read_over(tmp_path):
    batches = iter(first := DataLoader(Counter(20), 2))
    for _ in range(5):
        next(batches)
    again = DataLoader(Counter(20, tmp_path), 2)
    again.load_state_dict(first.state_dict())
    assert len(list(again)) == 5
    assert sorted(map(int, (tmp_path / "read").read_text().split())) == list(range(10, 20))


class Uneven(IterableDataset):
    """The first worker has little to do, or nothing."""

    def __init__(self, first):
        self.first = first

    def __iter__(self):
        return iter(range(self.first if get_worker_info().id == 0 else 200))


@pytest.mark.parametrize("first", [0, 2])
def test_a_share_that_ended_early_leaves_no_trace_in_the_size(first):
    loader = DataLoader(Uneven(first), 1, num_workers=2)
    whole = lists(loader)
    batches = iter(loader)
    for _ in range(150):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    assert len(json.dumps(state)) < 600
    again = DataLoader(Uneven(first), 1, num_workers=2)
    again.load_state_dict(state)
    assert lists(again) == whole[150:]


def test_without_order_a_stream_goes_on_with_each_share():
    loader = make(Counter, 2, in_order=False)
    batches = iter(loader)
    found = [next(batches).tolist() for _ in range(5)]
    again = make(Counter, 2, in_order=False)
    again.load_state_dict(loader.state_dict())
    assert sorted(number for batch in found + lists(again) for number in batch) == list(range(23))


def test_progress_counts_without_a_gap():
    progress = Progress(0)
    for number in (0, 2, 3):
        progress.took(number, Snapshot(number + 1, number), 0, None)
    assert (progress.taken, progress.ahead, progress.sampler) == (1, {2, 3}, Snapshot(1, 0))
    progress.took(1, Snapshot(2, 1), 0, None)
    assert (progress.taken, progress.ahead, progress.sampler) == (4, set(), Snapshot(4, 3))


def test_progress_goes_on_behind_a_gap_that_was_saved():
    progress = Progress(0, 1, {2}, Snapshot(1, "a"))
    progress.took(1, Snapshot(1, "a"), 0, None)
    assert (progress.taken, progress.ahead, progress.sampler) == (3, set(), Snapshot(1, "a"))


def test_shares_are_plain_data():
    shares = [Share(), Share(5, Snapshot(3, {"place": 6}), True)]
    assert streams_of(json.loads(json.dumps(saved_streams(shares)))) == shares
    assert [share.again() for share in shares] == [Again(), Again(2, {"place": 6}, True)]


def test_a_stream_of_a_shorter_length_than_was_read_is_at_its_end():
    loader = DataLoader(Stream(10), 2)
    batches = iter(loader)
    for _ in range(5):
        next(batches)
    again = DataLoader(Stream(4), 2)
    again.load_state_dict(loader.state_dict())
    assert list(again) == []
    assert torch.equal(next(iter(again)), torch.tensor([0, 1]))
