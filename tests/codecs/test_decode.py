"""codecs/decode.py: whole files to upright images, against Pillow."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imagebytes import difference, encode, picture, pillow
from PIL import Image

from feedline.codecs import MAX_PIXELS, decode, probe
from feedline.errors import DecodeError
from feedline.types import Header

EDGES = Path(__file__).parents[1] / "data" / "edge_small"
JPEG = encode(picture(), "JPEG", 6)
PNG = encode(picture("RGBA"), "PNG", 6)
KINDS = {"unreadable", "empty", "truncated", "wrong type", "corrupt", "unsupported", "too large"}

UNLIKE_PILLOW = {  # file: largest difference, None for a file that is refused; and why
    "made__cut.png": (None, "its end is missing: Pillow is content with the pixels that it finds"),
    "libpng__pngsuite__basn2c16.png": (1, "Pillow drops the low byte of 16 bits, feedline rounds"),
    "libpng__testpngs__gray-alpha-16-1.8.png": (1, "Pillow drops the low byte of 16 bits, feedline rounds"),
    "pillow__apng__mode_16bit.png": (1, "Pillow drops the low byte of 16 bits, feedline rounds"),
    "pillow__xmp_tags_orientation_exiftool.png": (0, "Pillow takes the orientation from XMP, feedline from EXIF alone"),
}


def reference(path):
    """What Pillow makes of the file, in 8 bits; None where it makes nothing of it."""
    try:
        with Image.open(path) as image:
            image.load()
            mode = image.mode
            if mode == "P":
                mode = "RGBA" if "transparency" in image.info else "RGB"
            if path.name == "pillow__xmp_tags_orientation_exiftool.png":
                return np.asarray(image)
        if mode == "I;16":
            return np.rint(pillow(path.read_bytes()) / 257).astype(np.uint8)
        return pillow(path.read_bytes(), {"1": "L", "CMYK": "RGB"}.get(mode, mode))
    except (OSError, SyntaxError):
        return None


@pytest.mark.parametrize("path", sorted(p for p in EDGES.iterdir() if p.suffix != ".md"), ids=lambda path: path.name)
def test_awkward_files_are_read_as_pillow_reads_them(path):
    limit, _ = UNLIKE_PILLOW.get(path.name, (0, ""))
    expected = reference(path)
    if expected is None or limit is None:
        with pytest.raises(DecodeError):
            decode(path.read_bytes(), "unchanged")
        return
    data = path.read_bytes()
    mode = "RGB" if expected.shape[2] == 3 else "unchanged"
    image = decode(data, mode)
    if expected.shape[2] == 4 and image.shape[2] == 2:  # Pillow spreads grey with alpha of 16 bits over RGBA
        image = image[:, :, [0, 0, 0, 1]]
    if expected.shape[2] == 1 and image.shape[2] == 2:  # Pillow leaves a transparent grey to the reader
        image = image[:, :, :1]
    mean, largest = difference(image, expected)
    if probe(data).format == "jpeg":
        assert mean <= 2
    else:
        assert largest <= limit


@pytest.mark.parametrize("path", sorted(EDGES.glob("*.png")), ids=lambda path: path.name)
def test_probe_says_how_many_channels_decode_gives(path):
    data = path.read_bytes()
    try:
        image = decode(data, "unchanged")
    except DecodeError:
        return
    assert probe(data).channels == image.shape[2]


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_are_turned_upright(form, mode, orientation):
    data = encode(picture(mode), form, orientation)
    image = decode(data, mode)
    assert image.flags.c_contiguous
    mean, largest = difference(image, pillow(data))
    assert mean <= (2 if form == "JPEG" else 0)
    assert form == "JPEG" or largest == 0


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("stored", ["L", "RGB"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_modes_are_pillows(form, stored, mode):
    data = encode(picture(stored), form)
    mean, largest = difference(decode(data, mode), pillow(data, mode))
    assert mean <= (2 if form == "JPEG" else 1)
    assert form == "JPEG" or largest <= 1


@pytest.mark.parametrize(("stored", "channels"), [("L", 1), ("LA", 2), ("RGB", 3), ("RGBA", 4)])
def test_unchanged_keeps_the_channels(stored, channels):
    image = decode(encode(picture(stored), "PNG", 5), "unchanged")
    assert image.shape == (40, 24, channels)
    assert image.dtype == np.uint8


@pytest.mark.parametrize("stored", ["LA", "RGBA"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_alpha_is_composed_on_white(stored, mode):
    data = encode(picture(stored), "PNG", 8)
    with_alpha = Image.fromarray(pillow(data, "RGBA"))
    white = Image.new("RGBA", with_alpha.size, "white")
    expected = np.asarray(Image.alpha_composite(white, with_alpha).convert(mode)).reshape(40, 24, -1)
    assert difference(decode(data, mode), expected)[1] <= 1


def test_rgb_is_the_default():
    assert np.array_equal(decode(encode(picture("L"), "PNG")), np.asarray(picture("L").convert("RGB")))


@pytest.mark.parametrize("mode", ["RGB", "L", "unchanged"])
def test_16_bits_become_8_with_black_and_white_kept(mode):
    wide = np.array([[0, 65535, 128, 129]], np.uint16)
    assert decode(encode(Image.fromarray(wide), "PNG"), mode)[0, :, 0].tolist() == [0, 255, 0, 1]


def test_cmyk_has_three_channels_in_every_mode_but_grey():
    data = encode(picture("CMYK"), "JPEG")
    assert decode(data, "unchanged").shape == (24, 40, 3)
    assert decode(data, "RGB").shape == (24, 40, 3)
    assert decode(data, "L").shape == (24, 40, 1)


def test_an_answer_can_be_written_to_and_is_nobody_elses():
    data = encode(picture(), "PNG")
    first = decode(data)
    first[:] = 0
    assert np.array_equal(decode(data), np.asarray(picture()))


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", "empty", "the file is empty"),
        (b"some words, no image", "wrong type", "it begins with b'some wor'"),
        (encode(picture("L"), "GIF"), "unsupported", "gif is recognised but not read"),
        (JPEG[: len(JPEG) // 2], "truncated", "truncated JPEG"),
        (PNG[: len(PNG) // 2], "truncated", "truncated PNG"),
        (PNG.replace(b"IDAT", b"iDAT"), "corrupt", "corrupt PNG"),
    ],
)
def test_what_is_broken_says_how(data, kind, words):
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.kind == kind
    assert words in caught.value.cause


@pytest.mark.parametrize("data", [JPEG, PNG], ids=["JPEG", "PNG"])
def test_max_pixels_is_the_largest_that_is_read(data):
    assert decode(data, max_pixels=960).shape == (40, 24, 3)
    with pytest.raises(DecodeError, match="40 x 24 pixels are more than max_pixels=959") as caught:
        decode(data, max_pixels=959)
    assert caught.value.kind == "too large"


def test_a_header_that_claims_too_much_is_refused_before_it_is_decoded():
    bomb = PNG[:16] + struct.pack(">II", 2**14 + 1, MAX_PIXELS // 2**14) + PNG[24:]
    with pytest.raises(DecodeError) as caught:
        decode(bomb)
    assert caught.value.kind == "too large"


def test_two_frame_headers_that_differ_are_corrupt():
    """A second frame within the scan's data: which of the two counts is the decoder's choice, not ours to guess."""
    frame = JPEG.index(b"\xff\xc0")
    length = struct.unpack_from(">H", JPEG, frame + 2)[0] + 2
    other = JPEG[frame : frame + 5] + struct.pack(">HH", 12, 20) + JPEG[frame + 9 : frame + length]
    with pytest.raises(DecodeError) as caught:
        decode(JPEG[:frame] + other + JPEG[frame:])
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("mode", ["", "rgb", "RGBA", None])
def test_an_unknown_mode_is_a_value_error(mode):
    with pytest.raises(ValueError, match="mode must be one of RGB, L, unchanged, not"):
        decode(PNG, mode)


def test_probe_reads_the_header_alone():
    assert probe(JPEG[: JPEG.index(b"\xff\xda")]) == Header("jpeg", 40, 24, 3, 8, 6)
    assert probe(PNG[:-12]) == Header("png", 40, 24, 4, 8, 6)


@pytest.mark.parametrize(("data", "kind"), [(b"", "empty"), (b"words", "wrong type"), (b"BM", "unsupported")])
def test_probe_refuses_what_decode_refuses(data, kind):
    with pytest.raises(DecodeError) as caught:
        probe(data)
    assert caught.value.kind == kind


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from([JPEG, PNG])))
    for _ in range(draw(st.integers(0, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    start, end = draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))
    cut = draw(st.sampled_from(["nothing", "tail", "middle"]))
    return bytes({"nothing": data, "tail": data[:end], "middle": data[:start] + data[max(start, end) :]}[cut])


@settings(max_examples=200, deadline=None)
@given(damaged(), st.sampled_from(["RGB", "L", "unchanged"]))
def test_damage_gives_an_image_or_a_decode_error(data, mode):
    try:
        image = decode(data, mode, max_pixels=2**20)
    except DecodeError as error:
        refused = error
    else:
        refused = None
    if refused:
        assert refused.kind in KINDS
        assert refused.cause
    else:
        assert image.ndim == 3
        assert image.dtype == np.uint8
        assert image.shape[2] in {"RGB": {3}, "L": {1}, "unchanged": {1, 2, 3, 4}}[mode]
