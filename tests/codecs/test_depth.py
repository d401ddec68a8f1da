"""codecs/depth.py: every value where that is cheap."""

import numpy as np
import pytest

from feedline.codecs.depth import to_dtype, to_uint8
from feedline.errors import DecodeError

WORDS = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
BYTES = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
DTYPES = [np.dtype(name) for name in ("uint8", "uint16", "float32")]


def test_16_bits_become_8_by_rounding_over_257():
    assert np.array_equal(to_uint8(WORDS), np.rint(WORDS / 257).astype(np.uint8))
    assert np.array_equal(to_dtype(WORDS, np.dtype("uint8")), to_uint8(WORDS))


def test_what_is_asked_for_and_what_nobody_asks_for_stays():
    assert to_uint8(BYTES) is BYTES
    for image in (BYTES, WORDS, BYTES.astype(np.int32), BYTES.astype(np.float64)):
        assert to_dtype(image, None) is image
        assert to_dtype(image, image.dtype) is image


@pytest.mark.parametrize("there", DTYPES)
def test_there_and_back_is_the_same(there):
    for image in (BYTES, WORDS) if there.itemsize > 1 else (BYTES,):
        if there.kind == "u" and image.dtype.itemsize > there.itemsize:
            continue
        assert np.array_equal(to_dtype(to_dtype(image, there), image.dtype), image)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stored", DTYPES)
def test_black_stays_black_and_white_white(stored, dtype):
    tops = {"uint8": 255, "uint16": 65535, "float32": 1.0}
    image = np.array([[[0, tops[stored.name]]]], stored)
    assert to_dtype(image, dtype).ravel().tolist() == [0, tops[dtype.name]]
    assert to_dtype(image, dtype).dtype == dtype


@pytest.mark.parametrize("value", [-0.001, 1.001, 255.0, np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_floats_beyond_0_to_1_do_not_become_whole(value, dtype):
    image = np.array([[[0.5], [value]]], np.float32)
    with pytest.raises(DecodeError, match="its floats run from") as caught:
        to_dtype(image, np.dtype(dtype))
    assert caught.value.kind == "unsupported"
    assert np.array_equal(to_dtype(image.astype(np.float64), np.dtype("float32")), image, equal_nan=True)


@pytest.mark.parametrize("stored", ["int8", "int16", "uint32", "int32", "int64"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_other_whole_numbers_stay_what_they_are(stored, dtype):
    with pytest.raises(DecodeError, match=f"{stored} has no one way to {dtype}") as caught:
        to_dtype(np.zeros((1, 1, 1), stored), dtype)
    assert caught.value.kind == "unsupported"
