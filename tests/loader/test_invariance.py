"""Batches are the same, bit for bit, whoever makes them, through deaths of workers and through resuming."""

import json
import os
import random
import signal
from dataclasses import dataclass, field
from typing import Any

import pytest
from foreign import as_it_is
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pure import Drawing, bits, noisy, pictures
from torch.utils.data import Subset

import feedline
from feedline import DataLoader
from feedline.samplers import SequentialSampler, ShuffledSampler, StratifiedSampler, WeightedSampler

pytestmark = [
    pytest.mark.filterwarnings("ignore:DataLoader worker:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:a sample cannot be made:RuntimeWarning"),
]


@dataclass(frozen=True)
class Data:
    """What a run's batches may depend on."""

    own: bool = True
    count: int = 13
    part: str | None = None
    broken: frozenset = frozenset()
    on_error: str = "raise"
    order: str = "shuffle"
    batch_size: int | None = 4
    drop_last: bool = False
    collate_fn: Any = None
    seed: int = 0
    epochs: int = 2

    def dataset(self):
        whole = pictures(self.count, self.broken) if self.own else Drawing(self.count, self.broken)
        indices = list(range(self.count - 1, -1, -2))
        if self.part == "feedline" and self.own:
            return feedline.subsets.subset(whole, indices)
        return Subset(whole, indices) if self.part else whole

    def sampler(self, length):
        return {
            "sequential": lambda: SequentialSampler(length),
            "shuffled": lambda: ShuffledSampler(length, seed=self.seed + 1),
            "weighted": lambda: WeightedSampler([1.0 + number % 3 for number in range(length)], 2 * length, seed=3),
            "stratified": lambda: StratifiedSampler([number % 2 for number in range(length)], seed=4),
        }[self.order]()


@dataclass(frozen=True)
class Leg:
    """How a part of a run is made: by whom, how far, and which of its batches a worker's death comes before."""

    num_workers: int = 0
    worker_type: str = "auto"
    method: str = "fork"
    persistent: bool = False
    prefetch: int = 2
    steps: int = 1000
    same_loader: bool = False
    kills: frozenset = field(default_factory=frozenset)


def make(data, leg):
    dataset = data.dataset()
    workers: dict = {}
    if leg.num_workers:
        workers = {"prefetch_factor": leg.prefetch, "persistent_workers": leg.persistent}
        processes = not data.own or leg.worker_type == "process"
        workers |= {"multiprocessing_context": leg.method} if processes else {}
        workers |= {"worker_type": "process" if processes else leg.worker_type}
    order = {"shuffle": True} if data.order == "shuffle" else {"sampler": data.sampler(len(dataset))}
    return DataLoader(
        dataset,
        data.batch_size,
        drop_last=data.drop_last and data.batch_size is not None,
        collate_fn=data.collate_fn,
        num_workers=leg.num_workers,
        seed=data.seed,
        reseed="worker" if data.own else "sample",
        on_error=data.on_error,
        **order,
        **workers,
    )


def some(loader, leg, epochs, rng):
    """The next batches of all epochs, so many at most."""
    found: list = []
    while loader.state_dict()["epoch"] < epochs:
        batches = iter(loader)
        for batch in batches:
            found.append(bits(batch))
            if len(found) == leg.steps:
                return found
            if len(found) in leg.kills and batches._workers:
                os.kill(rng.choice(batches._workers).pid, signal.SIGKILL)
    return found


def run(data, legs):
    """The batches of all epochs, made in so many legs; each but the first goes on from the state of the one before."""
    rng, found, loader, state = random.Random(0), [], None, None
    for leg in legs:
        loader = loader if leg.same_loader and loader is not None else make(data, leg)
        if state is not None:
            loader.load_state_dict(json.loads(json.dumps(state)))
        found += some(loader, leg, data.epochs, rng)
        state = loader.state_dict()
    return found


@st.composite
def datas(draw):
    count = draw(st.integers(1, 24))
    on_error = draw(st.sampled_from(["raise", "skip", "substitute"]))
    size = draw(st.sampled_from([4, 1, 3, 7, None]))
    broken = draw(st.sets(st.integers(0, count - 1), max_size=count // 5)) if on_error != "raise" else ()
    own = draw(st.booleans())
    return Data(
        own=own,
        count=count,
        part=draw(st.sampled_from([None, "torch", "feedline"])),
        broken=frozenset(broken),
        on_error=on_error,
        order=draw(st.sampled_from(["shuffle", "sequential", "shuffled", "weighted", "stratified"])),
        batch_size=size,
        drop_last=draw(st.booleans()),
        collate_fn=draw(st.sampled_from([None, as_it_is, noisy])) if size is not None and not own else None,
        seed=draw(st.integers(0, 2**64 - 1)),
    )


@st.composite
def legs(draw, methods=("fork",)):
    return Leg(
        num_workers=draw(st.integers(0, 3)),
        worker_type=draw(st.sampled_from(["auto", "process"])),
        method=draw(st.sampled_from(methods)),
        persistent=draw(st.booleans()),
        prefetch=draw(st.integers(1, 3)),
        steps=draw(st.integers(1, 12)),
        same_loader=draw(st.booleans()),
        kills=draw(st.frozensets(st.integers(1, 12), max_size=2)),
    )


def last(leg):
    return Leg(**{**vars(leg), "steps": 1000})


def holds(data, parts):
    assert run(data, [*parts[:-1], last(parts[-1])]) == run(data, [Leg()])


checks = settings(derandomize=True, suppress_health_check=list(HealthCheck), deadline=None, print_blob=False)


@settings(checks, max_examples=25)
@given(datas(), st.lists(legs(), min_size=1, max_size=3))
def test_batches_are_the_same_whoever_makes_them(data, parts):
    holds(data, parts)


CASES = int(os.environ.get("FEEDLINE_CASES", "2000"))


@pytest.mark.slow
def test_batches_are_the_same_in_thousands_of_cases():
    """Other cases than the quick test's, one in fifty of them with processes that do not begin by fork."""

    @settings(checks, max_examples=CASES, derandomize=False, database=None)
    @given(datas(), st.lists(legs(("fork",) * 100 + ("forkserver", "spawn")), min_size=1, max_size=3))
    def check(data, parts):
        count[0] += 1
        holds(data, parts)

    count = [0]
    check()
    print(f"{count[0]} cases")


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("own", [True, False])
def test_batches_are_the_same_however_processes_begin(own, method):
    data = Data(own=own, broken=frozenset({3}), on_error="substitute")
    one = Leg(num_workers=1, worker_type="process", method=method, kills=frozenset({1}), steps=3)
    holds(data, [one, Leg(num_workers=1, worker_type="auto")])


@pytest.mark.parametrize("num_workers", [0, 2])
def test_the_callers_random_state_is_left_alone(num_workers):
    loader = make(Data(own=False), Leg(num_workers=num_workers))
    iter(loader)  # whose beginning may draw
    random.seed(5)
    before = random.getstate()
    list(loader)
    assert random.getstate() == before


def test_threads_cannot_be_reseeded():
    with pytest.raises(ValueError, match=r"reseed='sample' does not go with threads.*worker_type='process'"):
        DataLoader(Drawing(4), num_workers=1, worker_type="thread", reseed="sample")
