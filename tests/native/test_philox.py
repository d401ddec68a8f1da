"""The C kernel's random words beside those of rng.py, to the bit."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.rng import plain_words

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel

numbers = st.integers(-(2**70), 2**70) | st.integers(0, 1000)


keys = st.tuples(numbers, numbers, numbers, st.integers(0, 65535), st.integers(0, 13), st.integers(0, 2**31 - 9))


@given(keys)
def test_words_are_the_twins(key):
    assert _kernel.words(*key) == plain_words(*key)


@pytest.mark.parametrize("key", [(-1, 4, 0), (65536, 4, 0), (0, -1, 0), (0, 4, -1), (0, 4, 2**31 - 1), (0, 2**62, 0)])
def test_operations_and_blocks_out_of_range_are_errors(key):
    with pytest.raises(ValueError, match=r"has to be 0 to 65535 and blocks below 2\*\*31"):
        _kernel.words(0, 0, 0, *key)
