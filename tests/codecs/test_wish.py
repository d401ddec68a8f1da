"""codecs/wish.py: every parameter's rule."""

import numpy as np
import pytest

from feedline.codecs.wish import Wish, wish

GOOD = {
    "mode": "RGB",
    "dtype": None,
    "region": None,
    "size": None,
    "background": 255,
    "page": 0,
    "truncated": "raise",
}


def test_a_wish_is_what_was_asked_for():
    asked = wish("L", "uint8", [np.int64(1), 2, 3, 4], (5, 6), np.array([7, 8, 9]).tolist(), 2, "accept")
    assert asked == Wish("L", np.dtype("uint8"), (1, 2, 3, 4), (5, 6), (7, 8, 9), 2, True, False)
    assert wish(**GOOD) == Wish("RGB", None, None, None, 255, 0, False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mode", "CMYK", "mode must be one of RGB, L, RGBA, unchanged, not 'CMYK'"),
        ("dtype", "int32", "dtype must be one of uint8, uint16, float32, not 'int32'"),
        ("dtype", np.float64, "dtype must be one of"),
        ("region", (1, 2, 3), "region must be"),
        ("region", (1, 2, 0, 4), "region must be"),
        ("region", (1, 2, 3, 4.0), "region must be"),
        ("size", (1,), "size must be"),
        ("size", (1, 0), "size must be"),
        ("size", (1.5, 2), "size must be"),
        ("background", 256, "background must be"),
        ("background", -1, "background must be"),
        ("background", (1, 2), "background must be"),
        ("background", (1, 2, 300), "background must be"),
        ("page", -1, "page must be"),
        ("page", 0.5, "page must be"),
        ("page", True, "page must be"),
        ("truncated", "maybe", "truncated must be"),
    ],
)
def test_what_breaks_a_rule_is_a_value_error(name, value, words):
    with pytest.raises(ValueError, match=words):
        wish(**{**GOOD, name: value})
