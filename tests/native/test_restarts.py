"""JPEGs with restart markers: the same picture in every pixel, and regions that cost the tiles that they touch."""

import os
import runpy
import struct

import cv2
import numpy as np
import pytest
from codedjpeg import KINDS, UNIT, coded, grainy
from imagebytes import encode
from PIL import Image, ImageCms

from feedline.codecs import jpeg
from feedline.codecs.how import How
from feedline.codecs.shape import turn
from feedline.native import choice, counting, restarts
from feedline.native.chunk import Program, run
from feedline.rng import Key
from feedline.transforms import CenterCrop, Compose, RandomHorizontalFlip, RandomResizedCrop, Resize
from feedline.transforms.program import program

if os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("the twin is asked for", allow_module_level=True)

from feedline.native import _kernel

DESCRIBED = {*range(0xE0, 0xF0), 0xFE}


def whole(data, channels=3, reduce=1):
    image = jpeg.decode(data, How(grey=channels == 1, reduce=reduce))
    return image if image.shape[2] == channels else np.repeat(image, channels, 2)


def segments(data):
    """(marker, body) of what stands before the first scan, and where that begins."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, at


def described(data):
    return [segment for segment in segments(data)[0] if segment[0] in DESCRIBED]


def put_in(data, marker, body):
    """As the last segment before the scan."""
    at = segments(data)[1]
    return data[:at] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[at:]


def smallest_divisor(units, every):
    return min((each for each in range(every, units) if units % each == 0), default=units)


def assert_laid_out(made, height, width, kind, every):
    """One baseline scan in intervals of one size, whose codes lie where the offsets say."""
    tall, wide = UNIT[kind]
    rows, units = -(-height // tall), -(-width // wide)
    assert made.interval == smallest_divisor(units, every)
    assert len(made.offsets) == rows * units // made.interval + 1
    found, scan = segments(made.data)
    assert [marker for marker, _ in found if marker in (0xC0, 0xC1, 0xC2)] == [0xC0]
    assert (0xDD, struct.pack(">H", made.interval)) in found
    assert made.offsets[0] == scan + 2 + struct.unpack_from(">H", made.data, scan + 2)[0]
    ends = [made.data[end - 2 : end] for end in made.offsets[1:]]
    assert ends == [bytes((0xFF, 0xD0 + each % 8)) for each in range(len(ends) - 1)] + [b"\xff\xd9"]
    codes = made.data[made.offsets[0] : made.offsets[-1]].replace(b"\xff\0", b"")
    assert codes.count(b"\xff") == len(ends)


def regions(height, width, rng, count):
    """The corners as single pixels, and others at random: every third of few pixels."""
    yield from ((top, left, 1, 1) for top in {0, height - 1} for left in {0, width - 1})
    for number in range(count):
        top, left = int(rng.integers(height)), int(rng.integers(width))
        most = (3, 3) if number % 3 == 0 else (height // 2 + 1, width // 2 + 1)
        tall, wide = (int(rng.integers(1, side + 1)) for side in most)
        yield top, left, min(tall, height - top), min(wide, width - left)


def cut(image, region):
    top, left, height, width = region
    return image[top : top + height, left : left + width]


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_stays(kind, progressive):
    sizes = [(1, 1), (7, 70), (33, 47), (64, 64), (130, 9), (201, 211)]
    for number, (height, width) in enumerate(sizes):
        data = coded(height, width, kind, progressive, restart=number % 3, seed=number)
        every = (1, 2, 4, 1000)[number % 4]
        made = restarts.rewritten(data, every)
        assert_laid_out(made, height, width, kind, every)
        for channels, reduce in ((3, 1), (1, 1), (3, 2), (3, 4), (1, 8)):
            assert np.array_equal(whole(made.data, channels, reduce), whole(data, channels, reduce))


@pytest.mark.parametrize("reduce", [1, 2, 4, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_a_region_by_tiles_is_cut_out_of_the_whole(kind, reduce):
    rng = np.random.default_rng(reduce)
    for height, width, every in ((209, 256, 4), (47, 161, 1), (35, 9, 1), (9, 70, 2)):
        data = coded(height, width, kind, progressive=every == 1, quality=95, seed=width)
        made = restarts.rewritten(data, every)
        for channels in (1, 3):
            image = whole(data, channels, reduce)
            for region in regions(*image.shape[:2], rng, 15):
                with counting() as counts:
                    found = restarts.decoded(made.data, made.offsets, channels, region, reduce)
                assert np.array_equal(found, cut(image, region)), (channels, region)
                assert counts.mcus_read <= len(made.offsets[1:]) * made.interval


@pytest.mark.parametrize("kind", KINDS)
def test_the_codes_of_the_tiles_alone_are_read_that_a_region_needs(kind):
    (tall, wide), rows, tiles = UNIT[kind], 9, 6
    made = restarts.rewritten(coded(rows * tall, tiles * 2 * wide, kind), 2)
    beside, around = int(wide > 8), int(tall > 8)  # colours are interpolated there
    for top in (0, 1, 4 * tall - 1, 4 * tall, 5 * tall + 3):
        for left in (0, 2 * wide - 1, 2 * wide, 4 * wide + 3):
            for height, width in ((1, 8), (tall, 2 * wide), (2 * tall + 1, 4 * wide + 1)):
                with counting() as counts:
                    restarts.decoded(made.data, made.offsets, 3, (top, left, height, width))
                first = max(left - beside, 0) // (2 * wide)
                last = min((left + width + beside - 1) // (2 * wide) + 1, tiles)
                below = around and (top + height - 1) % tall == tall - 1  # the last colours need those below
                read = (top + height - 1) // tall + 1 + below - max(top - around, 0) // tall
                assert counts.mcus_read == read * (last - first) * 2


def test_the_units_read_fall_as_the_region_shrinks():
    made = restarts.rewritten(coded(512, 512))
    read = []
    for side in (512, 384, 256, 128, 64, 16):
        start = (512 - side) // 2
        with counting() as counts:
            restarts.decoded(made.data, made.offsets, 3, (start, start, side, side))
        read.append(counts.mcus_read)
    assert read == sorted(set(read), reverse=True)
    assert read[0] == 32 * 32
    assert read[-1] <= 3 * 4 * 2
    with counting() as counts:
        restarts.decoded(made.data, made.offsets[:-1], 3, (248, 248, 16, 16))
    assert counts.mcus_read == counts.mcu_rows_read * 32 >= 16 * 32, "without offsets all before it is read"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_region_of_the_upright_picture(orientation):
    data = encode(Image.fromarray(grainy(75, 131)), "JPEG", orientation, subsampling=2)
    made = restarts.rewritten(data, 1)
    assert _kernel.jpeg_header(made.data) == _kernel.jpeg_header(data)
    for reduce in (1, 2):
        upright = turn(whole(data, 3, reduce), orientation)
        for region in regions(*upright.shape[:2], np.random.default_rng(orientation), 12):
            found = restarts.decoded(made.data, made.offsets, 3, region, reduce, orientation)
            assert np.array_equal(found, cut(upright, region))


def test_what_is_said_about_a_picture_stays_in_order_and_once():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(grainy(40, 56))
    data = encode(image, "JPEG", 6, dpi=(300, 200), icc_profile=profile, comment=b"of the sea", progressive=True)
    data = put_in(put_in(put_in(data, 0xE2, b"x" * 65533), 0xFE, b""), 0xED, b"Photoshop 3.0\0")
    made = restarts.rewritten(data)
    assert len(described(data)) >= 7
    assert described(made.data) == described(data)
    rgb = encode(image, "JPEG", keep_rgb=True)
    again = restarts.rewritten(rgb)
    assert [marker for marker, _ in described(again.data)] == [marker for marker, _ in described(rgb)]
    assert 0xEE in [marker for marker, _ in described(rgb)], "Adobe's says that it is RGB"
    assert np.array_equal(whole(again.data), whole(rgb))
    found = restarts.decoded(again.data, again.offsets, 3, (20, 30, 9, 9))
    assert np.array_equal(found, cut(whole(rgb), (20, 30, 9, 9)))


def test_what_was_written_again_is_written_again_as_it_is():
    made = restarts.rewritten(coded(100, 200, progressive=True), 2)
    again = restarts.rewritten(made.data, 2)
    assert again.data == made.data
    assert np.array_equal(again.offsets, made.offsets)


def test_bytes_behind_the_picture_stay():
    data = coded(40, 50)
    made, plain = restarts.rewritten(data + b"\0more\xff\xd0"), restarts.rewritten(data)
    assert made.data == plain.data + b"\0more\xff\xd0"
    assert np.array_equal(made.offsets, plain.offsets)
    found = restarts.decoded(made.data, made.offsets, 3, (30, 40, 5, 5))
    assert np.array_equal(found, cut(whole(data), (30, 40, 5, 5)))


def scans(height, width, factors):
    """A JPEG of a scan for each colour, of any factors of sampling."""
    most = [max(each[axis] for each in factors) for axis in (0, 1)]
    image, greys = grainy(height, width), []
    for colour, (across, down) in enumerate(factors):
        size = -(-width * across // most[0]), -(-height * down // most[1])
        part = cv2.resize(image[:, :, colour], size)
        greys.append(cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    found, scan = segments(greys[0])
    data = b"\xff\xd8"
    for marker, body in found:
        if marker == 0xC0:
            parts = [(number + 1, across << 4 | down, 0) for number, (across, down) in enumerate(factors)]
            body = struct.pack(">BHHB", 8, height, width, 3) + b"".join(map(bytes, parts))
        data += struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    for number, grey in enumerate(greys):
        data += b"\xff\xda\0\x08\1" + bytes((number + 1, 0, 0, 63, 0)) + grey[scan + 10 : -2]
    return data + b"\xff\xd9"


def test_scans_of_one_colour_each_become_one():
    data = scans(52, 77, [(1, 1)] * 3)
    made = restarts.rewritten(data, 2)
    assert (data.count(b"\xff\xda"), made.data.count(b"\xff\xda")) == (3, 1)
    assert_laid_out(made, 52, 77, "4:4:4", 2)
    assert np.array_equal(whole(made.data), whole(data))


FACTORS = [
    [(2, 2), (1, 1), (1, 1)],
    [(1, 1), (2, 2), (1, 1)],
    [(2, 1), (1, 2), (1, 1)],
    [(2, 2), (2, 1), (1, 2)],
    [(3, 1), (1, 1), (1, 1)],
    [(4, 2), (1, 1), (1, 1)],
    [(1, 4), (1, 1), (1, 2)],
    [(2, 1), (2, 1), (2, 1)],
]


@pytest.mark.parametrize("factors", FACTORS, ids=str)
def test_samplings_that_few_write(factors):
    rng, decoded = np.random.default_rng(0), 0
    for height, width, every in ((97, 150, 1), (40, 192, 3)):
        data = scans(height, width, factors)
        made = restarts.rewritten(data, every)
        for reduce in (1, 2, 4, 8):
            image = whole(data, 3, reduce)
            assert np.array_equal(whole(made.data, 3, reduce), image)
            for region in regions(*image.shape[:2], rng, 12):
                found = restarts.decoded(made.data, made.offsets, 3, region, reduce)
                if found is None:  # reduced in two ways
                    assert restarts.decoded(made.data, made.offsets[:0], 3, region, reduce) is None
                    continue
                assert np.array_equal(found, cut(image, region)), (reduce, region)
                decoded += 1
    assert decoded > 20


def patched(data, at, *new):
    """With other bytes behind the marker of the frame."""
    at += next(place for place in (data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) if place >= 0)
    return data[:at] + bytes(new) + data[at + len(new) :]


def test_a_sampling_of_grey_alone_means_nothing():
    data = patched(coded(70, 90, "grey"), 11, 0x22)
    made = restarts.rewritten(data, 3)
    assert_laid_out(made, 70, 90, "grey", 3)
    for reduce in (1, 2, 4, 8):
        assert np.array_equal(whole(made.data, 1, reduce), whole(data, 1, reduce))
    kept = patched(made.data, 11, 0x22)  # a writer that keeps it is decoded as a whole
    assert np.array_equal(restarts.decoded(kept, made.offsets, 1, (50, 60, 9, 9)), cut(whole(data, 1), (50, 60, 9, 9)))


def first_scans(data, count):
    """The file up to the end of so many scans."""
    at = 0
    for _ in range(count + 1):
        at = data.index(b"\xff\xda", at + 2)
    early = data[:at]
    return (early[: early.rindex(b"\xff\xc4")] if b"\xff\xc4" in early[-60:] else early) + b"\xff\xd9"


def between_scans(data):
    at = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
    return data[:at] + b"\xff\xfe\0\x06late" + data[at:]


DATA = coded(60, 70)
KEPT = {
    "cmyk": (encode(Image.new("CMYK", (30, 20)), "JPEG"), "4 channels"),
    "12 bits": (patched(DATA, 4, 12), "12 bits"),
    "arithmetic": (patched(DATA, 1, 0xC9), "marker c9"),
    "lossless": (patched(DATA, 1, 0xC3), "marker c3"),
    "huge": (patched(DATA, 5, 0x40, 0, 0x20, 0), "more than are written again"),
    "an end that is missing": (DATA[:-2], "no end-of-image marker"),
    "cut, with an end": (DATA[:-300] + b"\xff\xd9", "premature end"),
    "stray bytes": (DATA[:-2] + b"stray" * 9 + DATA[-2:], "extraneous bytes"),
    "not all coefficients": (first_scans(coded(60, 70, progressive=True), 1), "without all of its coefficients"),
    "no tables": (DATA.replace(b"\xff\xdb", b"\xff\xfe"), "no quantisation table"),
    "between scans": (between_scans(coded(60, 70, progressive=True)), "between its scans"),
    "other pictures": (put_in(DATA, 0xE2, b"MPF\0II*\0" + bytes(9)), "other pictures"),
    "too large units": (patched(coded(60, 70, "4:4:4"), 10, 1, 0x22, 0, 2, 0x22, 1, 3, 0x22, 1), ""),
    "no picture": (b"GIF89a" + bytes(90), "no JPEG"),
    "nothing": (b"", "no JPEG"),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_as_it_is(name, capfd):
    data, why = KEPT[name]
    with pytest.raises(_kernel.Declined, match=f"(?i){why}"):
        _kernel.rewrite_jpeg(data, 4)
    assert restarts.rewritten(data) is None
    assert capfd.readouterr() == ("", ""), "libjpeg says nothing by itself"
    assert np.array_equal(whole(restarts.rewritten(DATA).data), whole(DATA))  # whose tables are its own again


def unfit(offsets, rng):
    """One number or more of another value, place or count."""
    offsets, place = offsets.copy(), int(rng.integers(len(offsets)))
    match int(rng.integers(8)):
        case 0:
            offsets[place] += rng.choice((-2, -1, 1, 2))
        case 1:
            offsets[place] = rng.choice((0, 2**31, 2**32 - 1, int(offsets[-1]) + 2))
        case 2:
            offsets = np.delete(offsets, place)
        case 3:
            offsets = np.insert(offsets, place, offsets[place])
        case 4:
            offsets = offsets[::-1].copy()
        case 5:
            offsets = np.concatenate([offsets[:1], offsets[8:], np.repeat(offsets[-1:], 7)])
        case 6:
            offsets = offsets[:place]
        case 7:
            offsets += 2
    return offsets


def test_offsets_that_do_not_fit_are_as_none():
    rng = np.random.default_rng(0)
    data = coded(100, 140)
    made, image = restarts.rewritten(data, 1), whole(data)
    region = (70, 20, 20, 30)
    with counting() as plain:
        assert np.array_equal(restarts.decoded(made.data, made.offsets[:0], 3, region), cut(image, region))
    for _ in range(400):
        with counting() as counts:
            found = restarts.decoded(made.data, unfit(made.offsets, rng), 3, region)
        assert np.array_equal(found, cut(image, region))
        assert counts.mcus_read == plain.mcus_read
    for other in (data, coded(100, 140, progressive=True), coded(100, 140, restart=4), coded(100, 141, restart=1)):
        found = restarts.decoded(other, made.offsets, 3, region)
        assert np.array_equal(found, cut(whole(other), region)), "of another file"


def test_a_window_that_is_not_inside():
    made = restarts.rewritten(coded(40, 40), 1)
    for region in ((0, 0, 41, 9), (0, 0, 9, 41), (40, 0, 1, 1), (30, 30, 9, 65535)):
        assert restarts.decoded(made.data, made.offsets, 3, region) is None


def test_numbers_that_none_may_be():
    with pytest.raises(ValueError, match="every must be at least 1"):
        restarts.rewritten(DATA, 0)
    for offsets in (bytes(7), memoryview(bytes(9))[1:]):
        with pytest.raises(ValueError, match="offsets of uint32"):
            _kernel.decode_jpeg(DATA, 3, 0, 0, 9, 9, 1, False, 1, offsets)


CHAINS = {
    "crops": [RandomResizedCrop(32), RandomHorizontalFlip()],
    "reduced": [Resize(40), CenterCrop(24)],
    "a part": [CenterCrop(30)],
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_sample_of_a_chunk_by_tiles(name):
    made = program(Compose(CHAINS[name]), 3)
    assert isinstance(made, Program)
    read = {"plain": 0, "tiles": 0}
    for index in range(20):
        data = encode(Image.fromarray(grainy(160, 256, index)), "JPEG", 1 + index % 8, subsampling=2, quality=95)
        file = restarts.rewritten(data)
        side = {"crops": 32, "reduced": 24, "a part": 30}[name]
        plain, tiles = np.zeros((1, side, side, 3), np.uint8), np.zeros((side, side, 3), np.uint8)
        with counting() as counts:
            assert run(made, Key(5), np.array([index]), [file.data], plain, False) == b"\0"
        read["plain"] += counts.mcus_read
        with counting() as counts:
            _kernel.run_tiles(file.data, file.offsets, made.steps, 5, index, made.fast, tiles)
        read["tiles"] += counts.mcus_read
        assert np.array_equal(tiles, plain[0])
    assert read["tiles"] < read["plain"] or name == "reduced", "the last needs nearly all"


def test_other_files_of_a_chunk_need_no_offsets():
    image = grainy(20, 30)
    out = np.zeros((20, 30, 3), np.uint8)
    _kernel.run_tiles(encode(Image.fromarray(image), "PNG"), b"", b"", 0, 0, False, out)
    assert np.array_equal(out, image)


def test_the_twin_says_that_it_writes_none(monkeypatch):
    monkeypatch.setattr(choice, "extension", None)
    made = runpy.run_path(restarts.__file__)  # the module anew, as where there is no kernel
    assert made["decoded"](DATA, np.zeros(0, np.uint32), 3, (0, 0, 9, 9)) is None
    with pytest.raises(ImportError, match=r"restart markers are written by feedline's C kernel, and its Python twin"):
        made["rewritten"](DATA)
