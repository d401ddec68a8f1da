"""samplers/sequential.py."""

from contracts.sampler import SamplerContract

from feedline.samplers import SequentialSampler


class TestSequentialContract(SamplerContract):
    shuffles = False

    @staticmethod
    def make(seed=0):
        sampler = SequentialSampler(37)
        sampler.seed = seed
        return sampler

    @staticmethod
    def other():
        return SequentialSampler(38)


def test_it_counts_through_what_has_a_length():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert list(SequentialSampler([])) == []
