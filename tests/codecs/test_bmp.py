"""codecs/bmp.py: files that Pillow writes, and headers byte by byte."""

import struct

import numpy as np
import pytest
from imagebytes import encode, picture, pillow

from feedline.codecs import decode, probe
from feedline.errors import DecodeError
from feedline.types import Header

GOOD = encode(picture(), "BMP")
IMAGES = {
    "1": (picture("L").convert("1"), 1, 1),
    "L": (picture("L"), 1, 8),
    "P": (picture().quantize(50), 3, 8),
    "RGB": (picture(), 3, 8),
    "32 bits": (picture("RGBA"), 3, 8),  # without masks the fourth byte means nothing
}


def change(at, form, value):
    number = struct.pack(form, value)
    return GOOD[:at] + number + GOOD[at + len(number) :]


@pytest.mark.parametrize("mode", IMAGES)
def test_pixels_are_pillows(mode):
    image, channels, bits = IMAGES[mode]
    data = encode(image, "BMP")
    assert probe(data) == Header("bmp", 40, 24, channels, bits)
    assert np.array_equal(decode(data, "unchanged"), pillow(data, {"1": "L", "P": "RGB"}.get(mode)))


def test_rows_may_run_downward():
    (height,) = struct.unpack_from("<i", GOOD, 22)
    data = change(22, "<i", -height)
    assert probe(data).height == 24
    assert np.array_equal(decode(data), decode(GOOD)[::-1])


def test_the_header_of_os2():
    pixels = bytes([1, 2, 3, 4, 5, 6, 0, 0])
    data = b"BM" + struct.pack("<IHHI", 34, 0, 0, 26) + struct.pack("<IHHHH", 12, 2, 1, 1, 24) + pixels
    assert probe(data) == Header("bmp", 2, 1, 3, 8)
    assert decode(data).tolist() == [[[3, 2, 1], [6, 5, 4]]]
    with pytest.raises(DecodeError, match="1 bytes are missing"):
        decode(data[:-1])


@pytest.mark.parametrize("size", [2, 20, 30, 53])
def test_a_file_that_ends_within_its_header_is_truncated(size):
    with pytest.raises(DecodeError, match=f"{size} bytes end within its header") as caught:
        probe(GOOD[:size])
    assert caught.value.kind == "truncated"


def test_a_file_that_ends_early_is_truncated_and_its_rows_can_be_had():
    cut = GOOD[: len(GOOD) - 10 * 120]
    with pytest.raises(DecodeError, match="1200 bytes are missing") as caught:
        decode(cut)
    assert caught.value.kind == "truncated"
    image = decode(cut, truncated="accept")
    assert np.array_equal(image[10:], decode(GOOD)[10:])
    assert not image[:10].any()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (change(18, "<i", 0), "says 0 x 24 pixels"),
        (change(18, "<i", -5), "says -5 x 24 pixels"),
        (change(22, "<i", 0), "says 40 x 0 pixels"),
        (change(14, "<I", 13), "13 bytes long"),
        (change(28, "<H", 5), "corrupt BMP"),
    ],
)
def test_a_header_that_makes_no_sense_is_corrupt(data, words):
    with pytest.raises(DecodeError, match=words) as caught:
        decode(data)
    assert caught.value.kind == "corrupt"


def test_pixels_that_would_begin_beyond_the_end_are_not_made_up():
    with pytest.raises(DecodeError) as caught:
        decode(change(10, "<I", 2**32 - 1), truncated="accept")
    assert caught.value.kind == "truncated"


def test_a_header_that_claims_too_much_is_refused():
    with pytest.raises(DecodeError) as caught:
        decode(change(18, "<i", 2**30), truncated="accept")
    assert caught.value.kind == "too large"
