"""samplers/base.py, by the smallest sampler that one can write."""

import itertools

import numpy as np
import pytest
from contracts.sampler import SamplerContract
from torch.utils.data import BatchSampler

from feedline.samplers import KeyedSampler, SequentialSampler, ShuffledSampler


class Rotated(KeyedSampler):
    """Begins at (seed + 2 * epoch) and goes around; notes which windows were read."""

    def __init__(self, length, seed=0):
        super().__init__(seed)
        self.length = length
        self.sizes = []

    def __len__(self):
        return self.length

    def at(self, positions):
        self.sizes.append(len(positions))
        return (positions + (self.seed + 2 * self.epoch) % self.length) % self.length


class TestSmallestContract(SamplerContract):
    @staticmethod
    def make(seed=0):
        return Rotated(101, seed)

    @staticmethod
    def other():
        return Rotated(102)


def test_the_first_index_reads_few_positions_and_the_rest_go_in_blocks():
    sampler = Rotated(10_000)
    assert next(iter(sampler)) == 0
    assert sampler.sizes == [256]
    sampler.sizes.clear()
    assert list(itertools.islice(sampler, 5000)) == list(range(5000))
    assert sampler.sizes == [256, 4096, 4096]


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 10_000])
@pytest.mark.parametrize("size", [1, 4, 5000])
@pytest.mark.parametrize("drop_last", [True, False])
def test_batches_are_those_that_torch_makes(length, size, drop_last):
    sampler = ShuffledSampler(length, seed=4)
    found = list(sampler.batches(size, drop_last))
    assert [batch.tolist() for batch in found] == list(BatchSampler(sampler, size, drop_last))
    assert all(batch.dtype == np.int64 for batch in found)


def test_the_first_batch_reads_no_more_than_itself_and_the_rest_go_in_blocks():
    sampler = Rotated(20_000)
    batches = sampler.batches(1000)
    assert next(batches).tolist() == list(range(1000))
    assert sampler.sizes == [1000]
    assert [len(batch) for batch in batches] == [1000] * 19
    assert sampler.sizes == [1000, 4000, 4000, 4000, 4000, 3000]


def test_batches_begin_where_seek_said_and_keep_their_epoch():
    sampler = ShuffledSampler(10_000, seed=4)
    sampler.seek(300)
    dropped, batches = sampler.batches(7), sampler.batches(7)
    del dropped
    expected = sampler.take(300, 10_000).tolist()
    first = next(batches)
    sampler.set_epoch(9)
    assert np.concatenate([first, *batches]).tolist() == expected
    assert next(sampler.batches(7)).tolist() == sampler.take(0, 7).tolist()


def test_length_and_at_must_be_there():
    with pytest.raises(TypeError, match="abstract"):
        KeyedSampler()


@pytest.mark.parametrize("kind", [SequentialSampler, ShuffledSampler])
def test_the_number_of_samples_is_a_number_or_a_length(kind):
    assert len(kind(7)) == len(kind(np.int64(7))) == len(kind([0] * 7)) == len(kind(np.zeros((7, 2)))) == 7
    with pytest.raises(ValueError, match="the number of samples must be at least 0, not -1"):
        kind(-1)
    with pytest.raises(TypeError):
        kind(2.5)


def test_a_seed_is_an_integer_modulo_two_to_the_64():
    assert ShuffledSampler(3, seed=-1).seed == 2**64 - 1
    with pytest.raises(TypeError):
        ShuffledSampler(3, seed=0.5)
