"""rng.py: the published vectors, and that nothing but the key counts."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedline.rng import EPOCH_OPERATION, Key, epoch_seed, many_words, philox4x32

FULL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_philox_gives_the_vectors_that_its_authors_published(counter, key, words):
    assert philox4x32(counter, key) == words


def test_words_of_the_zero_key_are_the_published_ones():
    assert Key().words(0, 4) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def test_uniform_is_the_words_over_two_to_the_32():
    key = Key(1, 2, 3)
    assert key.uniform(7, 9) == [word / 2**32 for word in key.words(7, 9)]


def test_uniform_fills_zero_to_one_evenly():
    numbers = [number for index in range(2000) for number in Key(5, 0, index).uniform(0, 4)]
    assert min(numbers) >= 0
    assert max(numbers) < 1
    assert statistics.mean(numbers) == pytest.approx(0.5, abs=0.02)
    assert statistics.pvariance(numbers) == pytest.approx(1 / 12, abs=0.005)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8])
def test_count_is_the_length_and_a_longer_answer_begins_with_the_shorter(count):
    words = Key(1, 2, 3).words(4, count)
    assert len(words) == count
    assert Key(1, 2, 3).words(4, 100)[:count] == words


@pytest.mark.parametrize("block", [0, 1, 7])
def test_a_block_begins_at_four_times_its_number(block):
    key = Key(9, 8, 7)
    assert key.words(3, 6, block) == key.words(3, 100)[4 * block : 4 * block + 6]
    assert key.uniform(3, 6, block) == key.uniform(3, 100)[4 * block : 4 * block + 6]


def test_every_part_of_the_key_changes_every_number():
    keys = [Key(), Key(seed=1), Key(epoch=1), Key(index=1), Key(seed=2**32), Key(index=2**32)]
    answers = [tuple(key.words(0, 8)) for key in keys] + [tuple(Key().words(1, 8)), tuple(Key().words(0, 8, 2))]
    assert len({word for words in answers for word in words}) == 8 * len(answers)


def test_neighbouring_keys_are_not_correlated():
    numbers = [Key(0, 0, index).uniform(0, 1)[0] for index in range(4000)]
    assert abs(statistics.correlation(numbers[:-1], numbers[1:])) < 0.06


def test_an_answer_does_not_depend_on_what_was_asked_before():
    first = Key(1, 1, 1).words(0, 5)
    Key(1, 1, 2).words(0, 50)
    assert Key(1, 1, 1).words(0, 5) == first


def test_epoch_seed_is_63_bits_wide_and_its_own_for_each_epoch_and_seed():
    seeds = {epoch_seed(seed, epoch) for seed in range(20) for epoch in range(20)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert max(seeds) >= 2**62 > min(seeds)


def test_epoch_seed_is_made_of_the_epochs_own_operation():
    high, low = Key(3, 4).words(EPOCH_OPERATION, 2)
    assert epoch_seed(3, 4) == (high * 2**32 + low) // 2


@settings(max_examples=50)
@given(
    seed=st.integers(-(2**70), 2**70),
    epoch=st.integers(0, 2**32 - 1),
    operation=st.integers(0, 2**16 - 1),
    block=st.integers(0, 2**16 - 1),
    indices=st.lists(st.integers(0, 2**63 - 1), max_size=8),
)
def test_many_words_are_the_words_of_each_index(seed, epoch, operation, block, indices):
    words = many_words(seed, epoch, np.array(indices, dtype=np.int64), operation, block)
    assert words.T.tolist() == [Key(seed, epoch, index).words(operation, 4, block) for index in indices]


def test_many_words_take_many_seeds():
    seeds, indices = np.array([[0], [2**64 - 1]], dtype=np.uint64), np.array([[0, 1, 2**40]])
    words = many_words(seeds, 3, indices, 7)
    assert words.shape == (4, 2, 3)
    for row, seed in enumerate(seeds.ravel().tolist()):
        assert (words[:, row] == many_words(seed, 3, indices[0], 7)).all()
