"""The kernel's PNG against the twin: the same picture to the bit, or declined."""

import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagebytes import SIGNATURE, chunk, encode, picture, png
from mutations import case, mend_check_sums
from PIL import Image

from feedline.codecs.png import by_opencv, decode, read_header
from feedline.errors import DecodeError

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel

SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PALETTE = chunk(b"PLTE", bytes(range(30)))
ROWS = b"\0\1\2\3\4\5\6"
XMP = b"XML:com.adobe.xmp\0\0\0\0\0"
EXIF = struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, 0x0112, 3, 1, 6, 0, 0)


def by_kernel(data):
    """The picture, or None where it declined."""
    try:
        pixels, *shape = _kernel.decode_png(data)
    except _kernel.Declined:
        return None
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def outcome(decoder, data):
    """The picture as something to compare, or that there was an error."""
    try:
        image = decoder(data)
    except (DecodeError, struct.error, IndexError, cv2.error):
        return "broken"
    return image.shape, image.dtype.name, image.tobytes()


def assert_taken(data):
    found, expected = by_kernel(data), by_opencv(data)
    assert found is not None
    assert np.array_equal(found, expected)
    assert np.array_equal(decode(data), expected)
    header = read_header(data)
    assert _kernel.png_header(data) == (header.width, header.height, header.channels, header.bits)


def assert_same(data):
    """Whether the kernel takes it; then, what the twin makes of it."""
    image = by_kernel(data)
    if image is not None:
        assert outcome(by_opencv, data) == (image.shape, "uint8", image.tobytes())
    return image is not None


def filtered(rows, filters, samples):
    """The rows of bytes as PNG stores them, each by its filter: ISO/IEC 15948, 9.2, byte by byte."""
    lines, above = [], bytes(len(rows[0]))
    for row, form in zip(rows, filters, strict=True):
        line = bytearray([form])
        for place, value in enumerate(row):
            left, corner = (row[place - samples], above[place - samples]) if place >= samples else (0, 0)
            line.append((value - guess(form, left, above[place], corner)) % 256)
        lines.append(bytes(line))
        above = row
    return b"".join(lines)


def guess(form, left, above, corner):
    if form == 4:
        return min((left, above, corner), key=lambda value: abs(left + above - corner - value))
    return (0, left, above, (left + above) // 2)[form]


def with_parts(data, *lengths):
    """The same packed data in chunks of these lengths, and the rest in a last one."""
    start, end = data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    packed = data[start + 8 : end - 4]
    cuts = [0, *np.cumsum(lengths).tolist(), len(packed)]
    return data[:start] + b"".join(chunk(b"IDAT", packed[a:b]) for a, b in pairwise(cuts)) + data[end:]


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (28, 28), (40, 24), (257, 65)])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_pillows_files_are_taken(mode, size, level):
    assert_taken(encode(picture(mode, *size), "PNG", compress_level=level))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("level", [0, 3, 9])
def test_opencvs_files_are_taken(channels, level):
    image = np.random.default_rng(level).integers(0, 256, (33, 17, channels), np.uint8)
    assert_taken(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, level])[1].tobytes())


def test_palettes_become_colours():
    assert_taken(encode(picture().quantize(200), "PNG"))
    assert_taken(png(2, 2, 8, 3, b"\0\0\1\0\2\x09", PALETTE))


@pytest.mark.parametrize("colour", SAMPLES)
@pytest.mark.parametrize("form", range(5))
def test_each_filter_in_the_first_row_and_below(colour, form):
    samples = SAMPLES[colour]
    rows = [row.tobytes() for row in np.random.default_rng(form).integers(0, 10, (3, 7 * samples), np.uint8)]
    stored = filtered(rows, [form] * 3, samples)
    data = png(7, 3, 8, colour, stored, *([PALETTE] if colour == 3 else []))
    assert_taken(data)
    if colour != 3:
        assert by_kernel(data).tobytes() == b"".join(rows)


@given(
    st.sampled_from([0, 2, 4, 6]),
    st.integers(1, 12),
    st.lists(st.integers(0, 4), min_size=1, max_size=9),
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 12), max_size=3),
    st.booleans(),
)
def test_any_picture_with_any_filters_in_any_number_of_chunks(colour, width, filters, seed, lengths, wide):
    low, high = (0, 256) if wide else (100, 140)
    numbers = np.random.default_rng(seed).integers(low, high, (len(filters), width * SAMPLES[colour]), np.uint8)
    rows = [row.tobytes() for row in numbers]
    data = with_parts(png(width, len(filters), 8, colour, filtered(rows, filters, SAMPLES[colour])), *lengths)
    assert_taken(data)
    assert by_kernel(data).tobytes() == b"".join(rows)


def test_packed_data_in_parts_some_of_them_empty():
    data = encode(picture("L"), "PNG")
    for lengths in [(0,), (1,), (2, 0, 0, 5), (0, 0), (1, 1, 1, 1), (7, 100)]:
        assert_taken(with_parts(data, *lengths))
    start = data.index(b"IEND") - 4
    assert_taken(data[:start] + chunk(b"IDAT") + data[start:])


def test_what_lies_behind_the_end_is_no_matter():
    data = encode(picture(), "PNG")
    assert_taken(data + b"anything")
    assert_taken(data + data)


def test_descriptions_are_passed_over():
    text, time = chunk(b"tEXt", b"Comment\0mine"), chunk(b"tIME", bytes([7, 230, 1, 2, 3, 4, 5]))
    gamma = chunk(b"gAMA", struct.pack(">I", 45455))
    assert_taken(png(2, 1, 8, 2, ROWS, gamma, text, time, chunk(b"bKGD", bytes(6)), chunk(b"sBIT", b"\5\5\5")))
    data = png(2, 1, 8, 2, ROWS)
    end = len(data) - 12
    assert_taken(data[:end] + text + time + data[end:])


DECLINED = {
    "16 bits": encode(Image.fromarray(np.arange(6, dtype=np.uint16).reshape(2, 3)), "PNG"),
    "1 bit": encode(picture("L").convert("1"), "PNG"),
    "a palette of 4 bits": encode(picture().quantize(9), "PNG", bits=4),
    "a transparent colour": encode(picture(), "PNG", transparency=(1, 2, 3)),
    "a transparent grey": encode(picture("L"), "PNG", transparency=3),
    "a palette with transparency": encode(picture().quantize(8), "PNG", transparency=bytes([0, 100])),
    "EXIF": png(2, 1, 8, 2, ROWS, chunk(b"eXIf", EXIF)),
    "XMP": png(2, 1, 8, 2, ROWS, chunk(b"iTXt", XMP + b'<a tiff:Orientation="6"/>')),
    "animated": png(2, 1, 8, 2, ROWS, chunk(b"acTL", struct.pack(">II", 1, 0))),
    "a chunk that nobody knows": png(2, 1, 8, 2, ROWS, chunk(b"abCd", b"12")),
    "a critical chunk that nobody knows": png(2, 1, 8, 2, ROWS, chunk(b"ABCD", b"12")),
    "colours of no palette": png(2, 1, 8, 2, ROWS, PALETTE),
    "no palette": png(2, 1, 8, 3, b"\0\0\1"),
    "a palette of 4 bytes": png(2, 1, 8, 3, b"\0\0\1", chunk(b"PLTE", bytes(4))),
    "a number beyond the palette": png(2, 1, 8, 3, b"\0\0\x0a", PALETTE),
    "two headers": png(2, 1, 8, 2, ROWS, chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0))),
    "a filter that does not exist": png(2, 1, 8, 2, b"\5" + ROWS[1:]),
    "too many rows": png(2, 1, 8, 2, ROWS * 2),
    "too few rows": png(2, 2, 8, 2, ROWS),
    "a byte too few": png(2, 1, 8, 2, ROWS[:-1]),
    "no pixels": SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)) + chunk(b"IEND"),
    "no width": png(0, 1, 8, 2, b"\0"),
    "a side beyond libpng's": png(1_000_001, 1, 8, 0, bytes(1_000_002)),
    "more pixels than are decoded": png(20_000, 20_000, 8, 0, b"\0"),
    "a claim of much from little": png(16_000, 16_000, 8, 0, b"\0"),
    "colour type 1": png(2, 1, 8, 1, b"\0\1\2"),
    "colour type 7": png(2, 1, 8, 7, bytes(9)),
    "an end with something in it": png(2, 1, 8, 2, ROWS)[:-12] + chunk(b"IEND", b"x"),
    "text between the pixels": with_parts(png(2, 1, 8, 2, ROWS), 4).replace(
        chunk(b"IEND"), chunk(b"tEXt", b"a\0b") + chunk(b"IDAT") + chunk(b"IEND")
    ),
    "nothing": b"",
    "the signature alone": SIGNATURE,
    "a JPEG": encode(picture(), "JPEG"),
}


@pytest.mark.parametrize("kind", DECLINED)
def test_what_the_twin_shall_look_at_is_declined(kind):
    data = DECLINED[kind]
    with pytest.raises(_kernel.Declined, match=r"^PNG: "):
        _kernel.decode_png(data)
    assert outcome(decode, data) == outcome(by_opencv, data)


def test_an_interlaced_file_is_declined_and_decoded_by_the_twin():
    header = chunk(b"IHDR", b"\0\0\0\2\0\0\0\2\x08\0\0\0\1")
    data = SIGNATURE + header + png(2, 2, 8, 0, b"\0\x0a\0\x14\0\x1e\x28")[8 + len(header) :]
    assert by_kernel(data) is None
    assert decode(data).tolist() == [[[10], [20]], [[30], [40]]]


def packed_by(rows, window):
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(rows) + packer.flush()


def test_data_that_reaches_back_further_than_it_says_is_left_to_the_twin():
    row = b"\0" + np.random.default_rng(0).integers(0, 256, 999, np.uint8).tobytes()
    data = png(999, 4, 8, 0, row * 4)
    packed = bytearray(zlib.compress(row * 4))
    packed[0] = 0x18  # a window of 512 bytes: less than a row
    packed[1] += 31 - (packed[0] * 256 + packed[1]) % 31
    start, end = data.index(b"IDAT") - 4, data.index(b"IEND") - 4
    lying = data[:start] + chunk(b"IDAT", bytes(packed)) + data[end:]
    assert by_kernel(lying) is None
    assert outcome(decode, lying) == outcome(by_opencv, lying)
    small = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 31, 16, 8, 0, 0, 0, 0))
    assert_taken(small + chunk(b"IDAT", packed_by(bytes(512), 9)) + chunk(b"IEND"))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_file_that_ends_anywhere(mode):
    data = encode(picture(mode, 6, 5), "PNG")
    for length in range(len(data)):
        assert by_kernel(data[:length]) is None
    assert_taken(data)


@pytest.mark.parametrize("mended", [False, True])
@pytest.mark.parametrize("colour", [0, 2, 3])
def test_any_byte_changed(colour, mended):
    rows = [bytes(range(row, row + 5 * SAMPLES[colour])) for row in range(4)]
    extra = [PALETTE] if colour == 3 else [chunk(b"tEXt", b"Comment\0mine")]
    data = png(5, 4, 8, colour, filtered(rows, [1, 2, 4, 3], SAMPLES[colour]), *extra)
    taken = 0
    for place in range(len(data)):
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[place] ^= change
            if mended:
                mend_check_sums(damaged)
            taken += assert_same(bytes(damaged))
    assert taken > 0 if mended else taken == 0


def test_damaged_files_have_the_twins_outcome():
    taken = [assert_same(case("png", "kernel", number)) for number in range(1500)]
    assert 20 < sum(taken) < 1400


def test_threads_do_not_meet():
    files = [encode(picture("RGB", 20 + seed, 9, seed), "PNG") for seed in range(12)]
    expected = [by_opencv(data) for data in files]
    with ThreadPoolExecutor(4) as threads:
        for found in (threads.map(by_kernel, files * 20), threads.map(by_kernel, files * 20)):
            assert all(np.array_equal(image, expected[place % 12]) for place, image in enumerate(found))


def test_only_bytes_are_read_for_nobody_can_change_them():
    with pytest.raises(TypeError, match=r"^data must be bytes, not bytearray$"):
        _kernel.decode_png(bytearray(encode(picture(), "PNG")))
    with pytest.raises(TypeError, match=r"^data must be bytes, not memoryview$"):
        _kernel.png_header(memoryview(b""))


def test_what_comes_out_can_be_written_to_and_stays():
    data = encode(picture(), "PNG")
    image = decode(data)
    kept = image.copy()
    decode(encode(picture(seed=1), "PNG"))
    assert np.array_equal(image, kept)
    image[:] = 0
    assert np.array_equal(decode(data), kept)
