"""codecs/webp.py: files that Pillow writes."""

import struct

import numpy as np
import pytest
from imagebytes import difference, encode, picture, pillow

from feedline.codecs import decode, probe
from feedline.errors import DecodeError
from feedline.types import Header

FRAMES = [picture(seed=seed) for seed in range(3)]
MOVING = encode(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:], lossless=True)
STILL = encode(picture(), "WEBP")
EXTENDED = encode(picture(), "WEBP", 6)
XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("RGBA", 4)])
@pytest.mark.parametrize("lossless", [False, True])
def test_pixels_are_pillows(mode, channels, lossless):
    data = encode(picture(mode), "WEBP", lossless=lossless)
    assert probe(data) == Header("webp", 40, 24, channels, 8)
    assert np.array_equal(decode(data, "unchanged"), pillow(data))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_are_turned_upright(orientation):
    data = encode(picture(), "WEBP", orientation)
    assert probe(data).orientation == orientation
    assert difference(decode(data), pillow(data)) == (0, 0)


def test_xmp_says_the_orientation_where_exif_does_not():
    assert probe(encode(picture(), "WEBP", xmp=XMP)).orientation == 8
    assert probe(encode(picture(), "WEBP", 6, xmp=XMP)).orientation == 6


def test_frames_are_the_first_or_the_asked_one():
    assert np.array_equal(decode(MOVING), np.asarray(FRAMES[0]))
    for page, image in enumerate(FRAMES):
        assert np.array_equal(decode(MOVING, page=page), np.asarray(image))
    with pytest.raises(ValueError, match="page must be below 3, the number of its frames, not 3"):
        decode(MOVING, page=3)
    for still in (STILL, EXTENDED):
        with pytest.raises(ValueError, match="page must be below 1"):
            decode(still, page=1)


@pytest.mark.parametrize("data", [STILL, EXTENDED, MOVING], ids=["still", "extended", "moving"])
@pytest.mark.parametrize("truncated", ["raise", "accept"])
def test_a_file_that_ends_early_is_truncated(data, truncated):
    for size in (13, 20, 29, len(data) // 2, len(data) - 2):
        with pytest.raises(DecodeError, match=f"{size}") as caught:
            decode(data[:size], truncated=truncated)
        assert caught.value.kind == "truncated"


@pytest.mark.parametrize("data", [STILL, MOVING], ids=["still", "moving"])
def test_a_file_whose_length_was_mended_is_corrupt(data):
    half = data[: len(data) // 2]
    with pytest.raises(DecodeError) as caught:
        decode(half[:4] + struct.pack("<I", len(half) - 8) + half[8:])
    assert caught.value.kind == "corrupt"


def test_bytes_behind_the_end_do_no_harm():
    assert np.array_equal(decode(STILL + b"appended"), decode(STILL))


def test_a_first_chunk_of_another_name_is_corrupt():
    with pytest.raises(DecodeError, match="begins with a chunk b'VP9 '") as caught:
        probe(STILL.replace(b"VP8 ", b"VP9 "))
    assert caught.value.kind == "corrupt"


def test_a_canvas_that_is_too_large_is_refused():
    at = EXTENDED.index(b"VP8X") + 12
    with pytest.raises(DecodeError) as caught:
        decode(EXTENDED[:at] + b"\xff" * 6 + EXTENDED[at + 6 :])
    assert caught.value.kind == "too large"
