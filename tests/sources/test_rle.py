"""sources/rle.py against values known from COCO's own code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.errors import DataError
from feedline.sources.rle import Rle, check_counts, unpack_counts


def pack(counts):
    """COCO's rleToString, written anew."""
    text = ""
    for place, count in enumerate(counts):
        number = count - (counts[place - 2] if place > 2 else 0)
        while True:
            chunk, number = number & 0x1F, number >> 5
            more = number != -1 if chunk & 0x10 else number != 0
            text += chr((chunk | 0x20 if more else chunk) + 48)
            if not more:
                break
    return text


@pytest.mark.parametrize(
    ("text", "counts"), [("231", [2, 3, 1]), ("2311N", [2, 3, 1, 4, -1]), ("`1", [48]), ("0_1", [0, 47]), ("", [])]
)
def test_strings_worked_out_by_hand(text, counts):
    assert unpack_counts(text) == counts
    assert unpack_counts(text.encode()) == counts


@given(st.lists(st.integers(0, 2**28), max_size=20))
def test_what_was_packed_is_unpacked(counts):
    assert unpack_counts(pack(counts)) == counts


def test_the_runs_go_down_the_columns():
    """The example in COCO's maskApi.h: [0 0 1 1 1 0 1] is [2 3 1 1]."""
    assert Rle(7, 1, np.array([2, 3, 1, 1], np.uint32)).mask()[:, 0].astype(int).tolist() == [0, 0, 1, 1, 1, 0, 1]
    mask = Rle(2, 3, np.array([1, 2, 3], np.uint32))
    assert mask.mask().tolist() == [[False, True, False], [True, False, False]]
    assert mask.area == 2


def test_a_mask_that_begins_inside():
    assert Rle(2, 2, np.array([0, 4], np.uint32)).mask().all()


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        ([1, 2], "add up"),
        ([5, -1], "add up"),
        ("9`", "within a number"),
        ("\x01", "not of this code"),
        ("ü", "cannot be read"),
        ("o" * 40, "not of this code"),
        ([[1]], "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_damaged_counts(counts, word):
    with pytest.raises(DataError, match=word):
        check_counts(counts, 2, 2)


def test_a_mask_beyond_every_reason():
    with pytest.raises(DataError, match="at most"):
        check_counts([10**12], 10**6, 10**6)
