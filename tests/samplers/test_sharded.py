"""samplers/sharded.py: global batches that do not know how many ranks there are."""

import json

import numpy as np
import pytest
import torch
import torch.distributed as dist
from contracts.sampler import Numbers, SamplerContract
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from feedline.samplers import (
    SequentialSampler,
    ShardedSampler,
    ShuffledSampler,
    StratifiedSampler,
    WeightedSampler,
)

INNER = {
    "sequential": SequentialSampler,
    "shuffled": lambda n: ShuffledSampler(n, seed=3),
    "stratified": lambda n: StratifiedSampler(np.arange(n) ** 2 % 7, seed=3),
    "weighted": lambda n: WeightedSampler(1 + np.arange(n), n, seed=3),
    "weighted once": lambda n: WeightedSampler(1 + np.arange(n), n, replacement=False, seed=3),
}


class TestShardedContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return ShardedSampler(ShuffledSampler(101, seed), 12, rank=1, num_replicas=3)

    @staticmethod
    def other():
        return ShardedSampler(ShuffledSampler(101), 9, rank=1, num_replicas=3)


class TestShardedStratifiedContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return ShardedSampler(StratifiedSampler([0, 1, 1] * 40, seed), 8, rank=0, num_replicas=4, drop_last=True)

    @staticmethod
    def other():
        return ShardedSampler(StratifiedSampler([0, 0, 1] * 40), 8, rank=0, num_replicas=4, drop_last=True)


def shards(inner, size, world, drop_last=False):
    return [ShardedSampler(inner(), size, rank, world, drop_last) for rank in range(world)]


def batches(samplers, start=0):
    """Global batches, put together from the passes of all ranks."""
    parts = []
    for sampler in samplers:
        sampler.seek(start * sampler.batch_size)
        parts.append(np.array(list(sampler), dtype=np.int64).reshape(-1, sampler.batch_size))
    assert len({len(part) for part in parts}) == 1
    return np.concatenate(parts, axis=1).tolist()


@settings(max_examples=80)
@given(data=st.data(), kind=st.sampled_from(sorted(INNER)), drop_last=st.booleans())
def test_a_pass_cut_on_some_ranks_goes_on_with_the_same_global_batches_on_others(data, kind, drop_last):
    before, after = data.draw(st.sampled_from([1, 2, 3, 4])), data.draw(st.sampled_from([1, 2, 3, 4]))
    size = 12 * data.draw(st.integers(1, 3))
    length = data.draw(st.integers(1, 200))

    def inner():
        return INNER[kind](length)

    first = shards(inner, size, before, drop_last)
    for sampler in first:
        sampler.set_epoch(5)
    whole = batches(first)
    cut = data.draw(st.integers(0, len(whole)))
    state = json.loads(json.dumps(first[-1].state_dict()))
    second = shards(inner, size, after, drop_last)
    for sampler in second:
        sampler.seed = 99
        sampler.load_state_dict(state)
    assert batches(second, cut) == whole[cut:]
    assert len(whole) == (length // size if drop_last else -(-length // size))
    order = first[0].sampler.take(0, length).tolist()
    everything = [index for batch in whole for index in batch]
    assert everything == (order * (1 + size))[: len(everything)]


def test_the_tail_is_left_out_or_filled_from_the_beginning():
    def inner():
        return SequentialSampler(10)

    assert batches(shards(inner, 4, 2, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert batches(shards(inner, 4, 2)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1]]
    assert batches(shards(lambda: SequentialSampler(3), 8, 4)) == [[0, 1, 2, 0, 1, 2, 0, 1]]
    assert [list(sampler) for sampler in shards(lambda: SequentialSampler(0), 4, 2)] == [[], []]
    assert [len(sampler) for sampler in shards(inner, 4, 4)] == [3] * 4


def test_every_rank_takes_one_piece_of_each_global_batch():
    first, second = shards(lambda: SequentialSampler(8), 4, 2)
    assert (list(first), list(second)) == ([0, 1, 4, 5], [2, 3, 6, 7])
    assert first.batch_size == 2


def test_a_loader_with_the_batch_size_yields_the_pieces():
    sampler = ShardedSampler(ShuffledSampler(20), 6, rank=1, num_replicas=2)
    loader = DataLoader(Numbers(), batch_size=sampler.batch_size, sampler=sampler)
    order = ShuffledSampler(20).take(0, 20).tolist()
    assert [batch.tolist() for batch in loader] == [order[3:6], order[9:12], order[15:18], order[1:4]]


def test_seed_and_epoch_are_the_inner_samplers():
    inner = ShuffledSampler(50, seed=4)
    inner.set_epoch(3)
    sampler = ShardedSampler(inner, 10, rank=0, num_replicas=1)
    assert (sampler.seed, sampler.epoch) == (4, 3)
    sampler.set_epoch(6)
    sampler.seed = 7
    assert (inner.seed, inner.epoch) == (7, 6)


def test_shards_of_a_billion_are_read_a_little_at_a_time():
    sampler = ShardedSampler(ShuffledSampler(10**9, seed=1), 1024, rank=1000, num_replicas=1024)
    assert len(sampler) == -(-(10**9) // 1024)
    expected = [int(sampler.sampler.take(g * 1024 + 1000, g * 1024 + 1001)[0]) for g in range(500_000, 500_005)]
    assert sampler.take(500_000, 500_005).tolist() == expected


def test_the_state_knows_neither_rank_nor_world_size():
    states = [shards(lambda: ShuffledSampler(50), 12, world)[-1].state_dict() for world in (1, 2, 4)]
    assert states[0] == states[1] == states[2]
    assert states[0]["global_batch_size"] == 12


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (ShardedSampler(ShuffledSampler(50), 24, 0, 1), "global_batch_size is 12, the state's is 24"),
        (ShardedSampler(ShuffledSampler(50), 12, 0, 1, drop_last=True), "drop_last is False, the state's is True"),
        (ShardedSampler(SequentialSampler(50), 12, 0, 1), "inner.sampler is 'ShuffledSampler', the state's is 'Seq"),
        (ShardedSampler(ShuffledSampler(51), 12, 0, 1), "length is 50, the state's is 51"),
        (ShuffledSampler(50), "sampler is 'ShardedSampler', the state's is 'ShuffledSampler'"),
    ],
)
def test_what_differs_is_named(other, words):
    with pytest.raises(ValueError, match=words):
        ShardedSampler(ShuffledSampler(50), 12, 0, 1).load_state_dict(other.state_dict())


@pytest.mark.parametrize(
    ("size", "rank", "world", "words"),
    [
        (10, 0, 4, "global_batch_size must be a positive multiple of num_replicas, 4, not 10: the nearest is 8"),
        (0, 0, 4, "not 0: the nearest is 4"),
        (-4, 0, 4, "not -4: the nearest is 4"),
        (4, 4, 4, r"Invalid rank 4, rank should be in the interval \[0, 3\]"),
        (4, -1, 4, "Invalid rank -1"),
        (4, 0, 0, "num_replicas must be at least 1, not 0"),
    ],
)
def test_what_does_not_divide_is_refused(size, rank, world, words):
    with pytest.raises(ValueError, match=words):
        ShardedSampler(ShuffledSampler(50), size, rank, world)


def test_the_inner_sampler_must_be_one_whose_positions_can_be_asked_for():
    with pytest.raises(TypeError, match=r"must be a KeyedSampler.*RandomSampler"):
        ShardedSampler(torch.utils.data.RandomSampler(range(5)), 4, 0, 1)


@pytest.mark.parametrize("given", [{}, {"rank": 0}, {"num_replicas": 2}])
def test_without_a_process_group_rank_and_world_size_must_be_given(given):
    with pytest.raises(RuntimeError, match=r"read from torch\.distributed, which is not initialised: give both"):
        ShardedSampler(ShuffledSampler(50), 4, **given)


def test_rank_and_world_size_come_from_the_process_group():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        sampler = ShardedSampler(ShuffledSampler(50), 4)
        assert (sampler.rank, sampler.num_replicas) == (0, 1)
        assert ShardedSampler(ShuffledSampler(50), 4, rank=2, num_replicas=4).batch_size == 1
    finally:
        dist.destroy_process_group()
