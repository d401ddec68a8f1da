"""sources/sizes.py on arrays; on files it is tested where pairs are opened."""

import numpy as np
import pytest

from feedline.sources import ArraySource
from feedline.sources.match import matched
from feedline.sources.sizes import differing_sizes, odd_widths


@pytest.fixture
def opened(tmp_path):
    def make(height, width):
        np.savez(tmp_path / f"{width}.npz", images=np.zeros((2, height, width), np.uint8), labels=[0, 1])
        return ArraySource(tmp_path / f"{width}.npz")

    return make


def test_arrays_tell_their_size_themselves(opened):
    a, b = opened(4, 6), opened(4, 7)
    match = matched(a, b, lambda _, index: str(index))
    found = differing_sizes(a, b, match, lambda _: pytest.fail("nothing is encoded"))
    assert [(each.path, each.index, each.kind) for each in found] == [
        (a.path(index), index, "differing sizes") for index in range(2)
    ]
    assert "6x4 pixels" in found[0].cause
    assert "7x4" in found[0].cause
    assert differing_sizes(a, a, match, lambda _: pytest.fail("nothing is encoded")) == []


def test_odd_widths(opened):
    odd, even = opened(4, 7), opened(7, 4)
    assert [found.index for found in odd_widths(odd, lambda _: (0, 0))] == [0, 1]
    assert list(odd_widths(even, lambda _: (0, 0))) == []
