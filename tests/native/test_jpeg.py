"""The kernel's JPEG: a region is what is cut out of all that OpenCV decodes, to the bit; damage is left to the twin."""

import os
import struct
import threading

import cv2
import numpy as np
import pytest
from codedjpeg import KINDS, UNIT, coded, grainy
from imagebytes import encode
from mutations import case
from PIL import Image

from feedline.codecs import decode, jpeg
from feedline.codecs.how import How
from feedline.codecs.lazy import LazyBytes
from feedline.codecs.shape import turn
from feedline.errors import DecodeError
from feedline.native import counting

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("the twin is asked for", allow_module_level=True)

from feedline.native import _kernel

LOOKS_AROUND = ("4:2:0", "4:4:0")
"""Where colours are interpolated between rows."""
SEGMENT_OF_XMP = b"http://ns.adobe.com/xap/1.0/\0"


def part(data, channels, region, reduce=1, orientation=1):
    pixels = _kernel.decode_jpeg(data, channels, *region, reduce, False, orientation)
    return np.frombuffer(pixels, np.uint8).reshape(*region[2:], channels)


def whole(data, channels, reduce=1):
    image = jpeg.decode(data, How(grey=channels == 1, reduce=reduce))
    return image if image.shape[2] == channels else np.repeat(image, channels, 2)


def cut(image, region):
    top, left, height, width = region
    return image[top : top + height, left : left + width]


def regions(height, width, rng, count):
    """All, the corners as single pixels, and others at random: every third of few pixels."""
    yield 0, 0, height, width
    yield from ((top, left, 1, 1) for top in {0, height - 1} for left in {0, width - 1})
    for number in range(count):
        top, left = int(rng.integers(height)), int(rng.integers(width))
        most = (3, 3) if number % 3 == 0 else (height, width)
        tall, wide = (int(rng.integers(1, side + 1)) for side in most)
        yield top, left, min(tall, height - top), min(wide, width - left)


def assert_parts_of_the_whole(data, rng, reduce=1, count=8):
    for channels in (1, 3):
        image = whole(data, channels, reduce)
        for region in regions(*image.shape[:2], rng, count):
            assert np.array_equal(part(data, channels, region, reduce), cut(image, region)), (channels, region)


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_every_small_size(kind, progressive):
    rng = np.random.default_rng(KINDS.index(kind))
    for side in range(1, 71):
        other = int(rng.integers(1, 71))
        for height, width in ((side, other), (other, side)):
            data = coded(height, width, kind, progressive, restart=side % 3, seed=side)
            assert_parts_of_the_whole(data, rng, count=3)


@pytest.mark.parametrize("reduce", [1, 2, 4, 8])
@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_larger_ones_at_every_scale(kind, progressive, reduce):
    rng = np.random.default_rng(reduce)
    for height, width, restart in ((301, 211, 0), (97, 403, 5)):
        data = coded(height, width, kind, progressive, restart, quality=95)
        assert_parts_of_the_whole(data, rng, reduce, count=20)


@pytest.mark.parametrize("options", [{"subsampling": 2, "optimize": True}, {"keep_rgb": True}], ids=["pillow", "rgb"])
def test_a_part_of_what_others_wrote(options):
    data = encode(Image.fromarray(grainy(120, 150)), "JPEG", **options)
    assert_parts_of_the_whole(data, np.random.default_rng(0), count=30)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [1, 3])
def test_a_part_of_the_upright_picture(orientation, channels):
    rng = np.random.default_rng(orientation)
    for reduce in (1, 2):
        for height, width in ((131, 75), (33, 100), (1, 5), (4, 1)):
            data = coded(height, width)
            upright = turn(whole(data, channels, reduce), orientation)
            for region in regions(*upright.shape[:2], rng, 9):
                assert np.array_equal(part(data, channels, region, reduce, orientation), cut(upright, region))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "unchanged"])
@pytest.mark.parametrize("kind", ["4:2:0", "grey"])
def test_decode_takes_the_part_alone(mode, kind):
    image = grainy(160, 200)
    for orientation in (1, 4, 7):
        data = encode(Image.fromarray(image[:, :, 0] if kind == "grey" else image), "JPEG", orientation)
        upright = decode(data, mode)
        for region in regions(*upright.shape[:2], np.random.default_rng(0), 9):
            with counting() as counters:
                found = decode(data, mode, region=region)
            assert np.array_equal(found, cut(upright, region))
            assert found.flags.writeable
            assert found.flags.c_contiguous
            assert counters.mcu_rows_read >= 1, "the kernel did it"
        deep = decode(data, mode, dtype="uint16", region=(3, 5, 9, 8))
        assert np.array_equal(deep, cut(upright, (3, 5, 9, 8)).astype(np.uint16) * 257)
        found = decode(data, mode, region=(8, 8, 100, 100), size=(50, 40))
        cubes = cv2.resize(cut(upright, (8, 8, 100, 100)), (40, 50), interpolation=cv2.INTER_AREA)
        assert np.array_equal(found, cubes.reshape(found.shape))


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_is_read_and_made_than_a_region_needs(kind):
    tall, wide = UNIT[kind]
    data, rows, columns = coded(20 * tall, 20 * wide, kind), 20, 20
    around = kind in LOOKS_AROUND
    for top in range(0, 19 * tall, 3):
        for height in (1, 2, 7, tall + 1):
            region, bottom = (top, 5 * wide + 1, height, wide - 2), top + height
            with counting() as counters:
                decode(data, region=region)
            below = around and (bottom - 1) % tall >= tall - 2  # the last colours of a unit need those below it
            last = min((bottom - 1) // tall + 1 + below, rows)
            first = (top - (around and top > 0)) // tall
            assert counters.mcu_rows_read == last
            assert counters.mcus_decoded == last - first
            assert counters.pixels_decoded == height * wide
    with counting() as counters:
        decode(data, region=(0, 0, rows * tall, columns * wide - 1))
    assert (counters.mcus_decoded, counters.mcu_rows_read) == (rows * columns, rows)


def test_all_of_a_progressive_file_is_read_and_the_region_alone_made():
    data = coded(320, 320, progressive=True)
    with counting() as counters:
        decode(data, region=(70, 70, 30, 30))
    assert (counters.mcu_rows_read, counters.mcus_decoded) == (20, 9)


def test_a_fast_dct_is_a_little_off():
    data = coded(200, 200, quality=95)
    fast = np.frombuffer(_kernel.decode_jpeg(data, 3, 20, 20, 150, 150, 1, True), np.uint8).reshape(150, 150, 3)
    away = np.abs(fast.astype(int) - cut(whole(data, 3), (20, 20, 150, 150)))
    assert 0 < away.max() <= 16
    assert away.mean() < 1.5


def outcome(data, mode="RGB", region=None):
    """A picture, or why there is none."""
    try:
        return decode(data, mode, region=region)
    except DecodeError as error:
        return str(error)


def assert_same_outcome(data, region):
    found, all_of_it = outcome(data, region=region), outcome(data)
    if isinstance(all_of_it, str):
        assert found == all_of_it
    else:
        assert np.array_equal(found, cut(all_of_it, region))


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
def test_a_truncated_file_is_found_out_as_its_twin_finds_it(progressive, capfd):
    data = coded(60, 70, progressive=progressive, quality=60)
    for size in range(0, len(data), 7):
        assert_same_outcome(data[:size], (2, 3, 20, 30))
    for size in range(700, len(data), 31):  # with an end, as programs write that mend files
        assert_same_outcome(data[:size] + b"\xff\xd9", (2, 3, 58, 60))
    with pytest.raises(_kernel.Declined, match="no end-of-image marker near the end"):
        _kernel.decode_jpeg(data + bytes(5000), 3, 0, 0, 9, 9, 1, False)
    assert_same_outcome(data + bytes(5000), (2, 3, 20, 30))
    capfd.readouterr()
    with pytest.raises(_kernel.Declined):
        _kernel.decode_jpeg(data[:900] + b"\xff\xd9", 3, 0, 0, 60, 70, 1, False)
    assert capfd.readouterr() == ("", ""), "libjpeg says nothing by itself"


def test_damaged_files_are_declined_or_decoded_as_the_twin_does(tmp_path):
    same = 0
    for number in range(1200):
        data = case("jpeg", "kernel", number)
        header = walked(data, tmp_path)
        if header is None or header.width * header.height > 2**20:
            continue
        channels, turned = 3 if number % 2 else 1, header.orientation >= 5
        rows, columns = (header.width, header.height) if turned else (header.height, header.width)
        top, left = number % rows, 7 * number % columns
        for region in ((0, 0, rows, columns), (top, left, (rows - top + 1) // 2, (columns - left + 1) // 2)):
            try:
                found = part(data, channels, region, 1, header.orientation)
            except _kernel.Declined:
                continue
            assert np.array_equal(found, cut(turn(whole(data, channels), header.orientation), region)), number
            same += 1
    assert same > 150


def walked(data, folder):
    """The header as the twin finds it; None where it finds none."""
    path = folder / "walked.jpg"
    path.write_bytes(data)
    try:
        with LazyBytes(str(path)) as lazy:
            return jpeg.read_header(lazy) if data.startswith(b"\xff\xd8\xff") else None
    except (DecodeError, struct.error, IndexError):
        return None


def assert_same_header(data, folder):
    """Whether the kernel reads it at all."""
    try:
        found = _kernel.jpeg_header(data)
    except _kernel.Declined:
        return False
    header = walked(data, folder)
    assert header is not None
    assert found == (header.width, header.height, header.channels, header.bits, header.orientation)
    return True


def test_headers_are_the_twins(tmp_path):
    assert sum(assert_same_header(case("jpeg", "header", number), tmp_path) for number in range(1000)) > 250
    data = coded(40, 50)
    for size in range(len(data)):
        if assert_same_header(data[:size], tmp_path):
            assert size > data.index(b"\xff\xda")


def app1(body):
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def exif(value, order="<", kind=3, count=1, start=8, before=0, entries=None):
    """A TIFF whose first directory says the orientation behind ``before`` other entries."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start) + bytes(max(start - 8, 0))
    other = struct.pack(order + "HHIHH", 0x010F, 3, 1, 6, 0) * before
    stated = struct.pack(order + "HHIHH", 0x0112, kind, count, value, 0)
    return b"Exif\0\0" + head + struct.pack(order + "H", before + 1 if entries is None else entries) + other + stated


STATED = {
    "zero": exif(0),
    "nine": exif(9),
    "large": exif(0xFFFF, ">"),
    "a long": exif(6, kind=4),
    "behind": exif(7, ">", before=3),
    "not counted": exif(6, before=2, entries=2),
    "counted too high": exif(5, entries=0xFFFF),
    "far": exif(8, start=500),
    "nowhere": exif(8)[:10] + b"\xff\xff\xff\x7f" + exif(8)[14:],
    "at the end": exif(8)[:10] + struct.pack("<I", 20) + exif(8)[14:],
    "cut": exif(8)[:-1],
    "short": exif(8)[:18],
    "in itself": exif(8)[:10] + bytes(4) + exif(8)[14:],
    "no order": exif(8).replace(b"II*", b"XX*"),
    "empty": b"Exif\0\0",
    "no exif": b"Exif\0",
    "extended": b"http://ns.adobe.com/xmp/extension/\0tiff:Orientation=8",
    "xmp without": SEGMENT_OF_XMP + b"<x:xmpmeta/>",
}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("value", range(1, 9))
def test_an_orientation_in_either_order_of_bytes(order, value, tmp_path):
    data = coded(20, 30)
    data = data[:2] + app1(exif(value, order, before=value % 3)) + data[2:]
    assert _kernel.jpeg_header(data) == (30, 20, 3, 8, value)
    assert assert_same_header(data, tmp_path)


@pytest.mark.parametrize("name", STATED)
def test_odd_orientations_are_the_twins(name, tmp_path):
    data = coded(20, 30)
    one = data[:2] + app1(STATED[name]) + data[2:]
    assert assert_same_header(one, tmp_path)
    assert assert_same_header(one[:2] + b"\xff\xff" + one[2:], tmp_path), "with fill bytes"
    for first, second in ((STATED[name], exif(3)), (exif(3), STATED[name])):
        assert assert_same_header(data[:2] + app1(first) + app1(second) + data[2:], tmp_path)


def test_an_orientation_in_xmp_is_the_twins_to_read():
    data, body = coded(20, 30), SEGMENT_OF_XMP + b'<a tiff:Orientation="8"/>'
    alone = data[:2] + app1(body) + data[2:]
    with pytest.raises(_kernel.Declined, match="XMP"):
        _kernel.jpeg_header(alone)
    assert jpeg.read_header(alone).orientation == 8
    both = data[:2] + app1(body) + app1(exif(6)) + data[2:]
    assert _kernel.jpeg_header(both)[-1] == 6
    assert np.array_equal(decode(alone, region=(5, 4, 9, 9)), decode(alone)[5:14, 4:13])


def patched(data, at, *new):
    """With other bytes behind the marker of the frame."""
    at += data.index(b"\xff\xc0")
    return data[:at] + bytes(new) + data[at + len(new) :]


def without(data, marker):
    """Without the segments of this marker."""
    while (at := data.find(bytes((0xFF, marker)), 0, data.index(b"\xff\xda"))) >= 0:
        data = data[:at] + data[at + 2 + struct.unpack_from(">H", data, at + 2)[0] :]
    return data


DECLINED = {
    "cmyk": (encode(Image.new("CMYK", (30, 20)), "JPEG"), "4 channels"),
    "12 bits": (patched(coded(20, 30), 4, 12), "12 bits"),
    "lossless": (patched(coded(20, 30), 1, 0xC3), "marker c3"),
    "arithmetic": (patched(coded(20, 30), 1, 0xC9), "marker c9"),
    "no height": (patched(coded(20, 30), 5, 0, 0), "30 x 0 pixels"),
    "huge": (patched(coded(20, 30), 5, 0x80, 0, 0x80, 0), "32768 x 32768 pixels"),
    "doubled beginning": (b"\xff\xd8" + coded(20, 30), "a segment of"),
    "stray bytes": (coded(20, 30)[:2] + b"\xff\xfe\0\2stray" + coded(20, 30)[2:], "stray"),
    "no tables": (without(coded(20, 30), 0xDB), "quantisation"),
    "no codes": (without(coded(20, 30), 0xC4), "[Hh]uffman"),
    "no frame": (without(coded(20, 30), 0xC0), "without a frame"),
    "no picture": (b"GIF89a" + bytes(90), "no JPEG"),
    "nothing": (b"", "no JPEG"),
}


@pytest.mark.parametrize("name", DECLINED)
def test_what_is_left_to_the_twin(name):
    data, why = DECLINED[name]
    good = coded(20, 30, seed=1)
    assert np.array_equal(part(good, 3, (0, 0, 20, 30)), whole(good, 3))  # whose tables must not be taken
    with pytest.raises(_kernel.Declined, match=why):
        _kernel.decode_jpeg(data, 3, 0, 0, 9, 9, 1, False)
    assert np.array_equal(part(good, 3, (0, 0, 20, 30)), whole(good, 3))


def test_samplings_that_are_reduced_in_two_ways_are_left_to_the_twin():
    data = patched(coded(64, 64, "4:4:4"), 11, 0x42)
    with pytest.raises(_kernel.Declined, match="two ways"):
        _kernel.decode_jpeg(data, 3, 0, 0, 9, 9, 2, False)


def test_progressive_files_without_all_coefficients_are_left_to_the_twin():
    data = coded(80, 80, progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    early = data[:second]
    early = early[: early.rindex(b"\xff\xc4")] if b"\xff\xc4" in early[-60:] else early
    with pytest.raises(_kernel.Declined, match="without all of its coefficients"):
        _kernel.decode_jpeg(early + b"\xff\xd9", 3, 0, 0, 9, 9, 1, False)
    assert_same_outcome(early + b"\xff\xd9", (9, 9, 50, 50))


def test_a_bomb_of_scans_is_left_to_the_twin():
    data = coded(64, 64, "grey", progressive=True)
    first = data.index(b"\xff\xda")
    scan = bytearray(data[first : data.index(b"\xff\xc4", first)])
    scan[9] = 0  # all bits of the mean of each block, again and again
    for count, why in ((500, "without all of its coefficients"), (501, "more than 500 scans")):
        many = data[:first] + bytes(scan) * count + b"\xff\xd9"
        with pytest.raises(_kernel.Declined, match=why):
            _kernel.decode_jpeg(many, 1, 0, 0, 9, 9, 1, False)


@pytest.mark.parametrize(
    "numbers",
    [
        (2, 0, 0, 9, 9, 1, False),
        (3, -1, 0, 9, 9, 1, False),
        (3, 0, 0, 0, 9, 1, False),
        (3, 0, 0, 9, 9, 3, False),
        (3, 0, 0, 9, 70000, 1, False),
        (3, 0, 0, 9, 9, 1, False, 9),
        (3, 0, 0, 9, 9, 1, False, 0),
    ],
    ids=str,
)
def test_numbers_that_none_may_be(numbers):
    with pytest.raises(ValueError, match="channels must be 1 or 3"):
        _kernel.decode_jpeg(coded(20, 30), *numbers)


def test_a_window_that_is_not_inside():
    for orientation in range(1, 9):
        for region in ((0, 0, 31, 9), (0, 0, 9, 31), (30, 30, 1, 1), (500, 500, 9, 9)):
            with pytest.raises(_kernel.Declined, match="not inside"):
                _kernel.decode_jpeg(coded(20, 20), 3, *region, 1, False, orientation)


def test_threads_decode_at_once_each_its_own():
    files = [coded(120, 150, kind, seed=seed) for seed, kind in enumerate(KINDS)]
    wrong = []

    def work(number):
        data, expected = files[number], whole(files[number], 3)
        for top in range(60):
            try:
                if not np.array_equal(part(data, 3, (top, top, 50, 60)), cut(expected, (top, top, 50, 60))):
                    wrong.append((number, top))
            except _kernel.Declined as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_files_are_read_whole(tmp_path):
    path = tmp_path / "ü.bin"
    for size in (1, 4095, 100_000, 17):
        content = np.random.default_rng(size).bytes(size)
        path.write_bytes(content)
        assert _kernel.read_file(str(path)) == _kernel.read_file(path) == content
    path.write_bytes(b"")
    with pytest.raises(_kernel.Declined, match="0 bytes"):
        _kernel.read_file(path)
    os.truncate(path, 2**30 + 1)
    with pytest.raises(_kernel.Declined, match="1073741825 bytes"):
        _kernel.read_file(path)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(OSError, match="No such file or directory"):
        _kernel.read_file(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(OSError, match="not a regular file"):
            _kernel.read_file(path)
    with pytest.raises(ValueError, match="null"):
        _kernel.read_file("a\0b")
