"""samplers/shuffled.py."""

import json
import pickle
import tracemalloc

import numpy as np
import pytest
from contracts.sampler import SamplerContract

from feedline.samplers import Permutation, ShuffledSampler


class TestSmallContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return ShuffledSampler(61, seed)

    @staticmethod
    def other():
        return ShuffledSampler(62)


@pytest.mark.parametrize("length", [0, 1, 2, 61, 4096, 4097, 10_000])
def test_every_sample_comes_once(length):
    assert sorted(ShuffledSampler(length, seed=1)) == list(range(length))


def test_the_order_is_the_permutations():
    sampler = ShuffledSampler(10_000, seed=5)
    sampler.set_epoch(2)
    assert sampler.take(17, 900).tolist() == Permutation(10_000, 5, 2)(np.arange(17, 900)).tolist()


def test_resuming_in_the_middle_of_a_billion_needs_next_to_no_memory():
    text = json.dumps({**ShuffledSampler(10**9, seed=3).state_dict(), "epoch": 4})
    tracemalloc.start()
    try:
        sampler = ShuffledSampler(10**9)
        sampler.load_state_dict(json.loads(text))
        sampler.seek(640_000_000)
        indices = iter(sampler)
        first = [next(indices) for _ in range(64)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
    assert len(set(first)) == 64
    assert sampler.take(640_000_000, 640_000_064).tolist() == first
    assert len(pickle.dumps(sampler)) < 1000
