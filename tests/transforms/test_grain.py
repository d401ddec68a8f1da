import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.rng import Key
from feedline.transforms.grain import bits, quantiles


def philox4x64(counter, key):
    """One block of the paper's function, in Python's integers."""
    full = 2**64 - 1
    one, two, three, four = counter
    first, second = key
    for _ in range(10):
        left, right = 0xD2E7470EE14C6C93 * one, 0xCA5A826395121157 * three
        one, two, three, four = right >> 64 ^ two ^ first, right & full, left >> 64 ^ four ^ second, left & full
        first, second = (first + 0x9E3779B97F4A7C15) & full, (second + 0xBB67AE8584CAA73B) & full
    return one, two, three, four


def test_bits_are_a_pure_function_of_the_key():
    stream = 0x666565646C696E65
    words = [word for block in (1, 2) for word in philox4x64((block, 3, 2, 4), (1, stream))]
    halves = [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
    assert bits(Key(1, 2, 3), 4, 16, 32).tolist() == halves
    assert bits(Key(1, 2, 3), 4, 5, 32).tolist() == halves[:5]
    assert bits(Key(1, 2, 3), 4, 3, 16).tolist() == [halves[0] & 0xFFFF, halves[0] >> 16, halves[1] & 0xFFFF]


def test_no_global_generator_is_drawn_from():
    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    bits(Key(7), 0, 100, 16)
    assert np.random.random() == expected


@pytest.mark.parametrize("other", [Key(1, 0, 0), Key(0, 1, 0), Key(0, 0, 1), Key(-1, 0, 0), Key(2**63, 0, 2**40)])
def test_every_part_of_the_key_counts(other):
    assert not np.array_equal(bits(other, 0, 8, 32), bits(Key(), 0, 8, 32))
    assert not np.array_equal(bits(other, 0, 8, 32), bits(other, 1, 8, 32))


@given(count=st.integers(0, 70), size=st.sampled_from([8, 16, 32]))
def test_as_many_as_asked_for_of_their_size(count, size):
    drawn = bits(Key(4), 2, count, size)
    assert drawn.shape == (count,)
    assert drawn.dtype.itemsize * 8 == size


@pytest.mark.parametrize("size", [8, 16, 32])
def test_every_level_is_as_likely(size):
    drawn = bits(Key(9), 1, 64_000, size)
    counts = np.bincount(drawn >> (size - 6), minlength=64)
    assert counts.min() > 0.85 * 1000
    assert counts.max() < 1.15 * 1000
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.02


def test_quantiles_are_standard_normal():
    table = quantiles()
    assert table.shape == (65536,)
    assert table.mean() == 0
    assert abs(table.std() - 1) < 1e-6
    assert (np.diff(table) > 0).all()
    assert abs((np.abs(table) < 1).mean() - 0.6827) < 1e-3
    assert abs((np.abs(table) < 2).mean() - 0.9545) < 1e-3
    assert 4 < table[-1] < 4.4
    np.testing.assert_array_equal(table * 2**20, np.rint(table * 2**20))
