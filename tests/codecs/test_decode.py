"""codecs/decode.py: whole files to upright images, against Pillow."""

import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imagebytes import difference, encode, picture, pillow
from PIL import Image

from feedline.codecs import MAX_PIXELS, decode, probe
from feedline.codecs.shape import resize
from feedline.errors import DecodeError
from feedline.types import Header

JPEG = encode(picture(), "JPEG", 6)
PNG = encode(picture("RGBA"), "PNG", 6)
OTHERS = [encode(picture(), form) for form in ("WEBP", "TIFF", "BMP", "GIF")]
KINDS = {"unreadable", "empty", "truncated", "wrong type", "corrupt", "unsupported", "too large"}


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
    data = encode(Image.fromarray(wide), "PNG")
    assert decode(data, mode, dtype=np.uint8)[0, :, 0].tolist() == [0, 255, 0, 1]


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("RGBA", 4), ("unchanged", 1)])
def test_16_bits_stay_16_where_nobody_asks_for_8(mode, channels):
    wide = np.random.default_rng(0).integers(0, 65536, (9, 11), np.uint16)
    image = decode(encode(Image.fromarray(wide), "PNG"), mode)
    assert (image.dtype, image.shape) == (np.uint16, (9, 11, channels))
    assert np.array_equal(image[:, :, 0], wide)


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
        (encode(picture("L"), "PPM"), "unsupported", "pgm is recognised but not read; jpeg, png"),
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


@pytest.mark.parametrize("mode", ["", "rgb", "CMYK", None])
def test_an_unknown_mode_is_a_value_error(mode):
    with pytest.raises(ValueError, match="mode must be one of RGB, L, RGBA, unchanged, not"):
        decode(PNG, mode)


def test_probe_reads_the_header_alone():
    assert probe(JPEG[: JPEG.index(b"\xff\xda")]) == Header("jpeg", 40, 24, 3, 8, 6)
    assert probe(PNG[:-12]) == Header("png", 40, 24, 4, 8, 6)


@pytest.mark.parametrize(
    ("data", "kind"), [(b"", "empty"), (b"words", "wrong type"), (b"P5 1 1", "unsupported"), (b"BM", "truncated")]
)
def test_probe_refuses_what_decode_refuses(data, kind):
    with pytest.raises(DecodeError) as caught:
        probe(data)
    assert caught.value.kind == kind


ORIENTED = [(form, orientation) for form in ("JPEG", "PNG", "WEBP", "TIFF") for orientation in range(1, 9)]


@pytest.mark.parametrize(("form", "orientation"), ORIENTED)
@pytest.mark.parametrize("region", [(3, 1, 15, 20), (0, 0, 24, 24), (23, 23, 1, 1), (10, 4, 14, 2)])
def test_a_region_is_that_part_of_the_whole(form, orientation, region):
    data = encode(picture(), form, orientation)
    top, left, height, width = region
    for mode in ("RGB", "L", "RGBA"):
        part = decode(data, mode, region=region)
        assert part.flags.c_contiguous
        assert np.array_equal(part, decode(data, mode)[top : top + height, left : left + width])


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_region_beyond_the_upright_image_is_an_error(form):
    data = encode(picture(), form, 6)  # 40 rows of 24 pixels, upright
    assert decode(data, region=(0, 0, 40, 24)).shape == (40, 24, 3)
    for region in ((0, 0, 24, 40), (39, 0, 2, 1), (-1, 0, 2, 2)):
        with pytest.raises(ValueError, match="the upright image 40 rows of 24 pixels"):
            decode(data, region=region)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(7, 9), (60, 12), (100, 100)])
def test_another_size_is_a_resized_whole(orientation, size):
    data = encode(picture(), "PNG", orientation)
    assert np.array_equal(decode(data, size=size), resize(decode(data), size))
    assert np.array_equal(decode(data, region=(1, 2, 20, 21), size=size), resize(decode(data)[1:21, 2:23], size))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "unchanged"])
@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_a_jpeg_in_another_size_is_much_like_a_resized_whole(mode, orientation):
    data = encode(picture(width=400, height=240), "JPEG", orientation, quality=95)
    whole = decode(data, mode)
    for size in ((30, 31), (100, 99), (239, 120), whole.shape[:2]):
        mean, largest = difference(decode(data, mode, size=size), resize(whole, size))
        assert mean <= 1
        assert largest <= 12
    part = decode(data, mode, region=(10, 20, 100, 80), size=(10, 8))
    assert np.array_equal(part, resize(whole[10:110, 20:100], (10, 8)))


def test_a_path_is_as_good_as_bytes(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(JPEG)
    assert np.array_equal(decode(path), decode(JPEG))
    assert np.array_equal(decode(str(path)), decode(memoryview(JPEG)))
    assert np.array_equal(decode(bytearray(JPEG)), decode(JPEG))
    assert probe(path) == probe(str(path)) == probe(bytearray(JPEG))
    path.write_bytes(JPEG[:100])
    for read in (decode, probe):
        with pytest.raises(DecodeError, match=f"cannot decode {path}: truncated") as caught:
            read(path)
        assert (caught.value.path, caught.value.index) == (str(path), None)


def test_max_bytes_is_the_largest_array():
    data = encode(picture("L"), "PNG")
    assert decode(data, "L", max_bytes=960).nbytes == 960
    assert decode(data, max_bytes=2880).nbytes == 2880
    for mode, dtype, size in (("L", None, 960), ("RGB", None, 2880), ("RGBA", "float32", 15360)):
        with pytest.raises(DecodeError, match=f"take {size} bytes decoded, more than max_bytes={size - 1}") as caught:
            decode(data, mode, dtype=dtype, max_bytes=size - 1)
        assert caught.value.kind == "too large"


def test_alpha_is_composed_on_the_asked_background():
    data = encode(picture("RGBA"), "PNG")
    red = Image.new("RGBA", (40, 24), (200, 10, 30))
    expected = np.asarray(Image.alpha_composite(red, picture("RGBA")).convert("RGB"))
    assert difference(decode(data, background=(200, 10, 30)), expected)[1] <= 1
    assert np.array_equal(decode(data, "RGBA", background=0), np.asarray(picture("RGBA")))


@pytest.mark.parametrize(("form", "name"), [("JPEG", "jpeg"), ("PNG", "png"), ("BMP", "bmp")])
def test_formats_of_one_page_have_no_second(form, name):
    with pytest.raises(ValueError, match=f"page must be 0 for a {name}"):
        decode(encode(picture(), form), page=1)


def test_parameters_are_checked_before_anything_is_read():
    with pytest.raises(ValueError, match="size must be"):
        decode("/nowhere", size=(0, 1))


def test_threads_get_what_one_gets_and_pillows_limit_is_left_alone():
    before = Image.MAX_IMAGE_PIXELS
    forms = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"]
    files = [encode(picture(width=90, height=70, seed=seed), form) for form in forms for seed in range(5)]
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            together = list(pool.map(decode, files))
            assert all(map(np.array_equal, alone, together))
    assert before == Image.MAX_IMAGE_PIXELS


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from([JPEG, PNG, *OTHERS])))
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
