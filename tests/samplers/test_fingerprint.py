"""samplers/fingerprint.py."""

import numpy as np

from feedline.samplers.fingerprint import fingerprint

NUMBERS = np.arange(10, dtype=np.int64)


def test_it_is_that_of_the_numbers_in_any_layout():
    assert fingerprint(NUMBERS) == fingerprint(NUMBERS.astype(">i8"))
    assert fingerprint(NUMBERS[::2]) == fingerprint(NUMBERS[::2].copy())
    assert len(fingerprint(NUMBERS)) == 32


def test_every_number_and_its_place_count():
    others = [NUMBERS[::-1], NUMBERS[1:], NUMBERS + 2**40, NUMBERS.astype(np.float64)]
    assert len({fingerprint(array) for array in [NUMBERS, *others]}) == 5
