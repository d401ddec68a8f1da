"""The C kernel's shuffle beside that of samplers/permutation.py, to the number."""

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.samplers.permutation import round_keys, walk

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel


def permuted(positions, n, keys):
    out = np.empty(len(positions), np.int64)
    _kernel.permute(np.array(positions, np.int64), n, np.array(keys, np.uint64), out)
    return out


@given(n=st.integers(1, 2**63 - 1) | st.integers(1, 300), seed=st.integers(0, 2**64 - 1), data=st.data())
def test_an_order_is_the_twins(n, seed, data):
    positions = data.draw(st.lists(st.integers(0, n - 1), max_size=20))
    keys = round_keys(seed, 3)
    expected = walk(np.array(positions, np.uint64), n, keys)
    assert permuted(positions, n, keys).tolist() == expected.tolist()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 1023, 1024, 1025, 4097])
def test_every_number_comes_once(n):
    assert np.sort(permuted(range(n), n, round_keys(1, 2))).tolist() == list(range(n))


@pytest.mark.parametrize("position", [-1, 5, 2**62, -(2**63)])
def test_a_position_that_is_none_is_an_error(position):
    with pytest.raises(ValueError, match=f"positions have to be from 0 to 4, found {position}"):
        permuted([0, 1, position], 5, round_keys(1, 2))


@pytest.mark.parametrize("n", [0, -1, -(2**63)])
def test_an_order_of_nothing_is_an_error(n):
    with pytest.raises(ValueError, match=f"n has to be at least 1, found {n}"):
        permuted([], n, round_keys(1, 2))


@pytest.mark.parametrize("count", [0, 1, 3, 66])
def test_keys_come_in_pairs(count):
    with pytest.raises(ValueError, match=f"keys have to be an even number up to 64, found {count}"):
        permuted([0], 5, [7] * count)


def test_arrays_of_other_sizes_or_types_are_errors():
    right = np.zeros(2, np.int64), 5, np.ones(8, np.uint64), np.zeros(2, np.int64)
    _kernel.permute(*right)
    for place, other, why in [
        (0, np.zeros(2, np.int32), "positions has to have 1 dimensions"),
        (0, np.zeros((2, 1), np.int64), "positions has to have 1 dimensions"),
        (2, np.ones(8, np.int64), "keys has to have 1 dimensions"),
        (3, np.zeros(3, np.int64), "out has to have 2 numbers"),
        (3, np.zeros(4, np.int64)[::2], "out has to be a writable array in one piece"),
    ]:
        with pytest.raises(ValueError, match=why):
            _kernel.permute(*right[:place], other, *right[place + 1 :])
