"""codecs/png_mend.py: what is there of a PNG that ends early."""

import numpy as np
import pytest
from imagebytes import chunk, encode, picture, png

from feedline.codecs import decode
from feedline.codecs.png_mend import mend
from feedline.errors import DecodeError

NOISE = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)


def stored(image):
    """Rows without a filter."""
    return b"".join(b"\0" + row.tobytes() for row in image)


WHOLE = png(50, 60, 8, 2, stored(NOISE))
SPLIT = WHOLE.index(b"IDAT") - 4


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_the_rows_before_the_cut_are_there_and_the_rest_is_0(share):
    image = decode(WHOLE[: int(len(WHOLE) * share)], truncated="accept")
    there = int(60 * share) - 4
    assert np.array_equal(image[:there], NOISE[:there])
    assert image.shape == NOISE.shape
    assert share > 0.9 or not image[there + 8 :].any()


def test_a_file_that_lacks_only_its_end_is_whole():
    for lost in (1, 12):
        assert np.array_equal(decode(WHOLE[:-lost], truncated="accept"), NOISE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_all_kinds_are_mended(mode):
    image = {"1": picture("L").convert("1"), "P": picture().quantize(20)}.get(mode) or picture(mode)
    data = encode(image, "PNG")
    cut = decode(data[: len(data) - 20], "unchanged", truncated="accept")
    whole = decode(data, "unchanged")
    assert cut.shape == whole.shape
    assert np.array_equal(cut[:4], whole[:4])


def test_an_interlaced_file_is_mended():
    """The passes of 2 x 2 pixels have 1, 1 and 2 pixels: the last is lost."""
    data = png(2, 2, 8, 0, b"\0\x0a\0\x14\0\x1e\x28")
    header = chunk(b"IHDR", b"\0\0\0\2\0\0\0\2\x08\0\0\0\1")
    interlaced = data[:8] + header + data[8 + len(header) :]
    cut = interlaced[: interlaced.index(b"IEND") - 4]
    assert decode(cut, "L", truncated="accept")[:, :, 0].tolist() == [[10, 20], [30, 40]]


def test_it_takes_no_more_memory_than_its_size_asks_for():
    """A stream that inflates to 100 times what the header needs."""
    bomb = png(50, 60, 8, 2, bytes(100 * 60 * 151))[:-12]
    assert len(mend(bomb)) < 60 * 151 + 200
    assert not decode(bomb, truncated="accept").any()


@pytest.mark.parametrize("size", [8, 20, SPLIT])
def test_a_file_without_pixels_is_truncated(size):
    with pytest.raises(DecodeError) as caught:
        decode(WHOLE[:size], truncated="accept")
    assert caught.value.kind == "truncated"
