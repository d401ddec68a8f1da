"""codecs/gif.py: files that Pillow writes, and blocks byte by byte."""

import io
import struct

import numpy as np
import pytest
from imagebytes import encode, picture
from PIL import GifImagePlugin, Image

from feedline.codecs import decode, probe
from feedline.codecs.gif import read_header
from feedline.errors import DecodeError
from feedline.types import Header

FRAMES = [picture(seed=seed).quantize(60) for seed in range(3)]
MOVING = encode(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:], disposal=2)
STILL = encode(FRAMES[0], "GIF")


def frame(width=1, height=1, left=0, top=0):
    """One frame of black pixels, by hand: 2 bit codes, clear, 0 and end."""
    return b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02\x02\x44\x01\0"


def gif(*blocks, width=1, height=1):
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + b"".join(blocks) + b";"


@pytest.mark.parametrize(
    "image", [picture("L"), FRAMES[0], picture("L").convert("1")], ids=["grey", "palette", "1 bit"]
)
@pytest.mark.parametrize("interlace", [0, 1])
def test_pixels_are_pillows_and_always_colours(image, interlace):
    data = encode(image, "GIF", interlace=interlace)
    assert probe(data) == Header("gif", 40, 24, 3, 8)
    assert np.array_equal(decode(data, "unchanged"), np.asarray(image.convert("RGB")))


def test_transparent_pixels():
    data = encode(FRAMES[0], "GIF", transparency=7)
    expected = np.asarray(FRAMES[0].convert("RGB"))
    clear = np.asarray(FRAMES[0]) == 7
    image = decode(data, "unchanged")
    assert probe(data).channels == image.shape[2] == 4
    assert clear.any()
    assert np.array_equal(image[:, :, 3], np.where(clear, 0, 255))
    assert np.array_equal(image[~clear][:, :3], expected[~clear])
    assert (decode(data, background=(1, 2, 3))[clear] == (1, 2, 3)).all()


def test_frames_are_the_first_or_the_asked_one():
    assert np.array_equal(decode(MOVING), np.asarray(FRAMES[0].convert("RGB")))
    for page, image in enumerate(FRAMES):
        assert np.array_equal(decode(MOVING, page=page), np.asarray(image.convert("RGB")))
    with pytest.raises(ValueError, match="page must be below 3, the number of its frames, not 3"):
        decode(MOVING, page=3)


@pytest.mark.parametrize("size", [3, 6, 12])
def test_a_file_that_ends_within_its_header_is_none(size):
    with pytest.raises(DecodeError) as caught:
        decode(STILL[:size])
    assert caught.value.kind == ("wrong type" if size < 6 else "truncated")


@pytest.mark.parametrize("truncated", ["raise", "accept"])
def test_a_file_that_ends_within_its_frame_is_truncated(truncated):
    for size in (len(STILL) // 2, len(STILL) - 10):
        with pytest.raises(DecodeError) as caught:
            decode(STILL[:size], truncated=truncated)
        assert caught.value.kind == "truncated"


def test_whole_frames_of_a_file_that_ends_early_can_be_had():
    cut = MOVING[: len(MOVING) - 100]
    with pytest.raises(DecodeError, match="have no end") as caught:
        decode(cut)
    assert caught.value.kind == "truncated"
    assert np.array_equal(decode(cut, truncated="accept"), np.asarray(FRAMES[0].convert("RGB")))


def test_codes_that_end_early_are_truncated():
    data = gif(frame(4, 4), width=4, height=4)
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.kind == "truncated"


def test_a_frame_beyond_the_canvas_grows_it():
    data = gif(frame(1, 1, 3, 2))
    assert read_header(data) == Header("gif", 4, 3, 3, 8)
    assert decode(data).shape == (3, 4, 3)
    assert np.array_equal(decode(data), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_a_frame_of_65535_squared_is_too_large_before_it_is_decoded():
    with pytest.raises(DecodeError, match="65535 x 65535 pixels are more than max_pixels") as caught:
        decode(gif(frame(65535, 65535)))
    assert caught.value.kind == "too large"


def test_no_frame_and_no_size():
    with pytest.raises(DecodeError, match="no frame") as caught:
        decode(gif())
    assert caught.value.kind == "truncated"
    with pytest.raises(DecodeError, match="says 0 x 0 pixels") as caught:
        decode(gif(frame(0, 0), width=0, height=0))
    assert caught.value.kind == "corrupt"


def test_how_pillow_loads_palettes_is_left_as_it_is():
    before = GifImagePlugin.LOADING_STRATEGY
    decode(MOVING, page=1)
    assert before is GifImagePlugin.LOADING_STRATEGY
