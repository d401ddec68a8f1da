"""Against each compared with each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.prepare.nearby import Nearby, _by_table, distances, leaders


def crowded(count, bits, seed):
    """Hashes that lie around a few, a few bits away."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, max(count // 8, 1), dtype=np.uint64)
    hashes = centres[rng.integers(0, len(centres), count)]
    for _ in range(bits):
        hashes ^= np.uint64(1) << rng.integers(0, 64, count, dtype=np.uint64)
    return hashes


def one_by_one(hashes, near):
    kept, of, apart = [], [], []
    for place, value in enumerate(hashes.tolist()):
        found = [((value ^ int(hashes[other])).bit_count(), other) for other in kept]
        distance, leader = min(found, default=(65, place))
        stays = distance > near
        kept += [place] if stays else []
        of.append(place if stays else leader)
        apart.append(0 if stays else distance)
    return of, apart


@given(count=st.integers(0, 150), bits=st.integers(0, 6), seed=st.integers(0, 99), near=st.integers(0, 64))
def test_the_rule_followed_one_by_one(count, bits, seed, near):
    hashes = crowded(count, bits, seed)
    of, apart = leaders(hashes, near)
    assert (of.tolist(), apart.tolist()) == one_by_one(hashes, near)


@pytest.mark.parametrize("near", [0, 3, 5, 8])
def test_many_blocks_and_bands_find_all_pairs(near):
    hashes = crowded(5000, 1, 1)
    found = {
        (one, other, apart)
        for start in range(0, 5000, 1000)
        for piece in Nearby(hashes, near).pairs(start, start + 1000)
        for one, other, apart in zip(*(part.tolist() for part in piece), strict=True)
    }
    expected = set()
    for one in range(5000):
        apart = distances(hashes[one], hashes[:one])
        expected |= {(one, int(other), int(apart[other])) for other in np.flatnonzero(apart <= near)}
    assert found == expected
    assert len(found) > 100


def test_the_rule_across_blocks_and_tables():
    hashes = crowded(20_000, 2, 2)
    of, _ = leaders(hashes, 4)
    kept = np.flatnonzero(of == np.arange(len(of)))
    assert 2000 < len(kept) < 8000
    assert (distances(hashes, hashes[of]) <= 4).all()
    for place in kept[::10].tolist():
        others = kept[kept < place]
        assert not len(others) or distances(hashes[place], hashes[others]).min() > 4


def test_bits_are_counted_with_an_older_numpy_too():
    words = crowded(1000, 3, 0)
    assert _by_table(words).tolist() == [word.bit_count() for word in words.tolist()]
