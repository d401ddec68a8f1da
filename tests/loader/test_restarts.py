"""Workers that die are replaced: no batch is lost, doubled or changed."""

import gc
import hashlib
import os
import random
import signal
import time

import numpy as np
import pytest
import torch
from foreign import Squares
from pure import Counter, Crashing, Drawing, Stepping, bits
from torch.utils.data import Dataset, IterableDataset, Sampler, get_worker_info

from feedline import DataLoader

pytestmark = [
    pytest.mark.filterwarnings("ignore:DataLoader worker:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:a sample cannot be made:RuntimeWarning"),
]


class Slow(Drawing):
    """Takes a while, and its batches are large enough to lie in shared memory."""

    def __getitem__(self, index):
        time.sleep(0.001)
        return super().__getitem__(index), bytes(100), index * 2


class Killer:
    """Kills one of an iterator's workers whenever it is due, a random time after the one before."""

    def __init__(self, least=0.05, most=0.3, seed=0):
        self._rng = random.Random(seed)
        self._span = least, most
        self._due = time.monotonic()
        self.count = 0

    def look(self, batches):
        if time.monotonic() >= self._due and batches._workers:
            victim = self._rng.choice(batches._workers)
            if victim.is_alive():
                os.kill(victim.pid, signal.SIGKILL)
                self.count += 1
            self._due = time.monotonic() + self._rng.uniform(*self._span)


def digest(loader, epochs, killer=None):
    found = hashlib.sha256()
    for _ in range(epochs):
        batches = iter(loader)
        for batch in batches:
            found.update(repr(bits(batch)).encode())
            if killer is not None:
                killer.look(batches)
    return found.hexdigest()


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("epochs", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_the_digest_of_epochs_with_random_kills_is_that_of_quiet_ones(epochs, persistent):
    options = {"batch_size": 8, "shuffle": True, "seed": 1, "reseed": "sample"}
    fork = {"num_workers": 3, "multiprocessing_context": "fork", "persistent_workers": persistent}
    killer = Killer()
    found = digest(DataLoader(Slow(400), **options, **fork), epochs, killer)
    print(f"{killer.count} workers were killed in {epochs} epochs")
    assert killer.count >= epochs
    assert found == digest(DataLoader(Slow(400), **options), epochs)


@pytest.mark.parametrize("on_error", ["raise", "skip", "substitute"])
@pytest.mark.parametrize("batch_size", [3, None])
def test_a_sample_that_crashes_is_found(on_error, batch_size, capfd):
    loader = DataLoader(Crashing(12, 7), batch_size, num_workers=2, on_error=on_error, restarts=1)
    batches, found, errors = iter(loader), [], []
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            break
        except RuntimeError as error:
            errors.append(str(error))
        else:
            found += batch[1].tolist() if batch_size else [batch[1]]
    if on_error == "raise":
        assert len(errors) == 1
        assert "DataLoader worker (pid" in errors[0]
        assert "SIGSEGV" in errors[0]
        assert "index 7" in errors[0]
        assert found == [index for index in range(12) if index // (batch_size or 1) != 7 // (batch_size or 1)]
        return
    assert errors == []
    assert [(entry.index, entry.epoch) for entry in loader.ledger] == [(7, 0)]
    assert "SIGSEGV" in loader.ledger[0].error
    assert len(found) == (11 if on_error == "skip" else 12)
    assert [index for place, index in enumerate(found) if on_error == "skip" or place != 7] == [
        index for index in range(12) if index != 7
    ]


@pytest.mark.parametrize("kind", [Counter, Stepping])
@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("persistent", [False, True])
def test_a_stream_with_a_state_goes_on(kind, every, persistent):
    options = {"num_workers": 2, "snapshot_every_n_steps": every, "persistent_workers": persistent}
    whole = [batch.tolist() for batch in DataLoader(kind(60), 2, **options)]
    loader = DataLoader(kind(60), 2, **options, restarts=5)
    for _ in range(2):
        batches, found = iter(loader), []
        for batch in batches:
            found.append(batch.tolist())
            if len(found) in (10, 15, 22):  # a stream whose iterator alone has a state must have given one
                os.kill(batches._workers[len(found) % 2].pid, signal.SIGKILL)
        assert found == whole


class Uneven(IterableDataset):
    """The first worker has nothing to do; the second waits for what nobody can ask for again."""

    def __init__(self, counts):
        self.counts = counts

    def __iter__(self):
        return iter(range(self.counts[get_worker_info().id]))


def died(batches, worker):
    """Kills it; the pool hears of it when it is next asked."""
    process = batches._workers[worker]
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


@pytest.mark.parametrize("first", [0, 1])
def test_a_worker_whose_share_has_ended_may_die(first):
    batches = iter(DataLoader(Uneven((first, 20)), 1, num_workers=2))
    found = [next(batches).item() for _ in range(8)]
    died(batches, 0)
    found += [batch.item() for batch in batches]
    assert sorted(found) == sorted([*range(first), *range(20)])


class Halting(IterableDataset):
    """The first worker waits, the second does not; nobody can make their samples again."""

    def __init__(self, go):
        self.go = go

    def __iter__(self):
        while get_worker_info().id == 0 and not self.go.exists():
            time.sleep(0.01)
        yield from range(6)


def test_an_idle_worker_that_was_in_the_middle_of_a_stream_without_a_state_is_an_error(tmp_path):
    loader = DataLoader(Halting(tmp_path / "go"), 1, num_workers=2, timeout=1)
    batches = iter(loader)
    with pytest.raises(RuntimeError, match="timed out"):  # the second worker's batches are all there then
        next(batches)
    died(batches, 1)
    (tmp_path / "go").touch()
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        list(batches)


def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def maps():
    with open("/proc/self/maps") as lines:
        return sum("memfd:feedline" in line for line in lines)


class Large(Squares):
    def __init__(self, count):
        super().__init__(count, size=50_000)


@pytest.mark.parametrize("epochs", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_descriptors_and_memory_do_not_grow_with_deaths(epochs):
    loader = DataLoader(Large(80), 2, num_workers=2, persistent_workers=True, multiprocessing_context="fork")
    killer = Killer(least=0.02, most=0.06)
    counts = []
    for _ in range(epochs):
        batches = iter(loader)
        for number, batch in enumerate(batches):
            assert batch[1].tolist() == [2 * number, 2 * number + 1]
            assert (batch[0][:, 0] == batch[1]).all()
            killer.look(batches)
        del batch
        time.sleep(0.05)
        counts.append((descriptors(), maps()))
    assert killer.count > epochs
    assert max(count for count, _ in counts) <= counts[0][0] + 1  # a worker may be starting
    assert max(count for _, count in counts) <= 2 * 2 * 4


def test_deaths_are_counted_for_a_chunk_alone():
    """More deaths than ``restarts``, of as many chunks, are no error."""
    loader = DataLoader(Squares(60), 2, num_workers=2, restarts=1)
    batches, found = iter(loader), []
    for batch in batches:
        found += batch[1].tolist()
        if len(found) % 12 == 0 and len(found) < 50:
            died(batches, 0)
    assert found == list(range(60))


quiet = pytest.mark.filterwarnings(
    "ignore:a sample cannot be made:RuntimeWarning", "ignore:DataLoader worker:RuntimeWarning"
)


class Killing(Dataset):
    """Some samples kill, one raises; any index will do that is a number."""

    def __init__(self, count, killers, broken=()):
        self.count, self.killers, self.broken = count, killers, broken

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if int(index) in self.killers:
            os.kill(os.getpid(), signal.SIGKILL)
        if int(index) in self.broken:
            raise ValueError(index)
        return int(index)


@quiet
def test_a_substitute_that_kills_is_not_taken_again():
    """Among 40 samples 18 kill: many a substitute does too."""
    killers = {index for index in range(40) if index % 20 in (3, 5, 6, 8, 10, 11, 14, 16, 17)}
    loader = DataLoader(Killing(40, killers, {0}), 8, num_workers=2, on_error="substitute", seed=1, restarts=0)
    batches = [batch.tolist() for batch in loader]
    assert [len(batch) for batch in batches] == [8] * 5
    assert killers.isdisjoint(index for batch in batches for index in batch)
    assert {entry.index for entry in loader.ledger} == killers | {0}


@quiet
def test_a_broken_sample_whose_substitute_kills():
    dataset = Killing(40, set(range(8, 40)), {3})
    loader = DataLoader(dataset, 8, num_workers=1, on_error="substitute", seed=1, restarts=0, sampler=range(8))
    assert [len(batch) for batch in loader] == [8]
    batch = next(iter(DataLoader(dataset, 8, sampler=Given(range(8)), num_workers=1, on_error="substitute", seed=1)))
    assert set(batch.tolist()) == set(range(8)) - {3}


class Given(Sampler):
    def __init__(self, indices):
        self.indices = indices

    def __iter__(self):
        return iter(self.indices)

    def __len__(self):
        return len(self.indices)


@quiet
@pytest.mark.parametrize(
    "indices", [torch.arange(12), [np.int64(index) for index in range(12)]], ids=["tensor", "numpy"]
)
def test_an_index_of_any_type_is_told_apart(indices):
    loader = DataLoader(Killing(12, {5}), 4, sampler=Given(indices), num_workers=1, on_error="skip", restarts=1)
    assert [batch.tolist() for batch in loader] == [[0, 1, 2, 3], [4, 6, 7], [8, 9, 10, 11]]
    assert [int(entry.index) for entry in loader.ledger] == [5]
    assert loader.stats[0].restarts > 2
