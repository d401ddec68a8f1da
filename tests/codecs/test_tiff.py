"""codecs/tiff.py: files that tifffile and Pillow write, pixel by pixel."""

import io
import itertools
import struct

import numpy as np
import pytest
import tifffile
from imagebytes import encode, picture, pillow
from PIL import Image

from feedline.codecs import decode, probe
from feedline.codecs.how import How
from feedline.codecs.tiff import decode as decode_tiff
from feedline.codecs.tiff import read_header
from feedline.errors import DecodeError
from feedline.types import Header

LAYOUTS = {
    "strips": {},
    "short strips": {"rowsperstrip": 5},
    "tiles": {"tile": (16, 16)},
    "packed": {"compression": "zlib", "predictor": True},
    "packed tiles": {"compression": "zlib", "tile": (16, 16)},
    "planes": {"planarconfig": "separate"},
    "planes of packed tiles": {"planarconfig": "separate", "compression": "zlib", "tile": (16, 16)},
    "BigTIFF": {"bigtiff": True},
}
KINDS = ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


def numbers(dtype, channels=1):
    shape = (37, 53, channels)
    random = np.random.default_rng(0)
    if np.dtype(dtype).kind == "f":
        return random.normal(0, 1e3, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def tiff(image, **options):
    """A TIFF of an HxWxC array by tifffile; keyword arguments are its."""
    channels = image.shape[2]
    if options.get("planarconfig") == "separate" and channels > 1:
        stored = np.ascontiguousarray(image.transpose(2, 0, 1))
    else:
        stored = image if channels > 1 else image[:, :, 0]
        options = {key: value for key, value in options.items() if key != "planarconfig"}
        options |= {"planarconfig": "contig"} if channels > 1 else {}
    if options.get("predictor") and image.dtype.kind == "f":
        options = {key: value for key, value in options.items() if key != "predictor"}
    options.setdefault("photometric", "rgb" if channels > 2 else "minisblack")
    if channels in (2, 4):
        options.setdefault("extrasamples", ["unassalpha"])
    stream = io.BytesIO()
    tifffile.imwrite(stream, stored, **options)
    return stream.getvalue()


def pages(*images):
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for image in images:
            writer.write(image, photometric="minisblack")
    return stream.getvalue()


def change(data, tag, value):
    """The little-endian file with another first value of a tag that has one short or long number."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, entry)[0] == tag:
            kind = struct.unpack_from("<H", data, entry + 2)[0]
            number = struct.pack("<H" if kind == 3 else "<I", value)
            return data[: entry + 8] + number + data[entry + 8 + len(number) :]
    raise KeyError(tag)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", KINDS)
def test_every_number_is_what_was_written(dtype, layout):
    for order, channels in itertools.product("<>", (1, 3, 4)):
        image = numbers(dtype, channels)
        data = tiff(image, byteorder=order, **LAYOUTS[layout])
        assert np.array_equal(decode_tiff(data), image)
        assert decode_tiff(data).dtype == image.dtype
        assert read_header(data) == Header("tiff", 53, 37, channels, 8 * image.itemsize)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_grey_with_alpha(layout):
    image = numbers("uint8", 2)
    assert np.array_equal(decode_tiff(tiff(image, **LAYOUTS[layout])), image)


@pytest.mark.parametrize(("dtype", "top"), [("uint8", 255), ("uint16", 65535), ("uint32", 2**32 - 1)])
def test_white_is_the_largest_number_also_where_the_file_says_0(dtype, top):
    image = numbers(dtype)
    assert np.array_equal(decode_tiff(tiff(image, photometric="miniswhite")), top - image)


ALL = ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LA"]
PACKED = [(mode, packing) for mode in ALL for packing in (None, "tiff_lzw", "packbits", "tiff_adobe_deflate")]


@pytest.mark.parametrize(("mode", "packing"), [*PACKED, ("1", "group3"), ("1", "group4")])
def test_pixels_are_pillows(mode, packing):
    image = {"1": picture("L").convert("1"), "P": picture().quantize(40), "YCbCr": picture().convert("YCbCr")}.get(mode)
    image = image or picture(mode)
    data = encode(image, "TIFF", compression=packing)
    plain = {"1": "L", "P": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}.get(mode, mode)
    assert np.array_equal(decode_tiff(data), pillow(data, plain))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_within(mode):
    data = encode(picture(mode), "TIFF", compression="jpeg")
    assert np.array_equal(decode_tiff(data), pillow(data, "RGB" if mode == "CMYK" else mode))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_all_orientations_are_turned_upright_once(orientation, dtype):
    values = numbers(dtype)
    data = tiff(values, extratags=[(274, 3, 1, orientation, True)])
    assert probe(data) == Header("tiff", 53, 37, 1, values.itemsize * 8, orientation)
    low = 8 * (values.itemsize - 1)
    expected = pillow(encode(Image.fromarray((values >> low).astype(np.uint8)[:, :, 0]), "PNG", orientation))
    assert np.array_equal(decode(data, "unchanged") >> low, expected)


@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_does_not_exist_is_upright(orientation):
    assert probe(tiff(numbers("uint8"), extratags=[(274, 3, 1, orientation, True)])).orientation == 1


def test_pages_are_the_first_or_the_asked_one():
    images = [numbers("uint8")[:10, : 10 + n, 0] + n for n in range(3)]
    data = pages(*images)
    assert np.array_equal(decode(data, "L")[:, :, 0], images[0])
    for page, image in enumerate(images):
        assert np.array_equal(decode(data, "L", page=page)[:, :, 0], image)
    with pytest.raises(ValueError, match="page must be below 3, the number of pages, not 3"):
        decode(data, page=3)


def test_limits_are_those_of_the_asked_page():
    data = pages(np.zeros((4, 4), np.uint8), np.zeros((40, 40), np.uint8))
    assert decode(data, max_pixels=16).shape == (4, 4, 3)
    with pytest.raises(DecodeError, match="40 x 40 pixels are more than max_pixels=16"):
        decode(data, page=1, max_pixels=16)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (change(tiff(numbers("uint8")), 259, 34712), "compression 34712"),
        (change(tiff(numbers("uint8")), 258, 12), "1 samples of 12 bits"),
        (change(tiff(numbers("uint8", 3)), 262, 8), "colours 8"),
        (tiff(numbers("uint16", 2)), "2 samples of 16 bits"),
        (tiff(numbers("int8")), "format 2"),
        (tiff(numbers("float32").astype(np.float16)), "1 samples of 16 bits, format 3"),
        (tiff(numbers("uint16", 4), extrasamples=["assocalpha"]), "4 samples of 16 bits"),
    ],
)
def test_what_is_not_read_is_unsupported(data, words):
    with pytest.raises(DecodeError, match=words) as caught:
        decode_tiff(data)
    assert caught.value.kind == "unsupported"


def test_a_large_one_is_read_without_pillows_warning():
    """Of 90 million pixels: Pillow warns, and here a warning is an error, of what it decodes itself."""
    image = np.zeros((9000, 10000, 1), np.uint8)
    image[::300, ::5] = 200
    assert np.array_equal(decode_tiff(tiff(image, compression="zlib", tile=(1008, 1008))), image)


def test_what_no_picture_depends_on_does_no_harm():
    """Tags whose values lie nowhere: Pillow would warn of them."""
    data = change(tiff(numbers("uint8"), description="words " * 20), 270, 2**31)
    assert np.array_equal(decode_tiff(data), numbers("uint8"))


@pytest.mark.parametrize("layout", ["strips", "short strips", "tiles", "packed"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("lost", [1, 100])
def test_a_file_that_ends_early_is_truncated(layout, dtype, lost):
    """tifffile writes the pixels last."""
    data = tiff(numbers(dtype, 3), **LAYOUTS[layout])
    end = max(at + size for at, size in places(data))
    for partial in (False, True):
        with pytest.raises(DecodeError, match="truncated TIFF: its pixels end at byte") as caught:
            decode_tiff(data[: end - lost], How(partial=partial))
        assert caught.value.kind == "truncated"


def places(data):
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return list(zip(file.pages[0].dataoffsets, file.pages[0].databytecounts, strict=True))


def test_a_count_of_bytes_that_is_too_small_is_made_good():
    """As some old programs wrote them: where a strip begins says enough."""
    data = tiff(numbers("uint8", 3), rowsperstrip=37)
    assert np.array_equal(decode_tiff(change(data, 279, 100)), numbers("uint8", 3))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_damaged_pixels_are_corrupt(dtype):
    data = tiff(numbers(dtype, 3), compression="zlib")
    at, size = places(data)[0]
    damaged = data[: at + size // 2] + bytes(20) + data[at + size // 2 + 20 :]
    with pytest.raises(DecodeError) as caught:
        decode_tiff(damaged)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize(
    ("tag", "value", "words"),
    [
        (256, 0, "says 0 x 37 pixels"),
        (257, 0, "says 53 x 0 pixels"),
        (257, 60000, "places of pixels"),
        (277, 1, "too few samples"),
    ],
)
def test_a_header_at_odds_with_itself_is_corrupt(tag, value, words):
    data = change(tiff(numbers("uint8", 3), rowsperstrip=5), tag, value)
    with pytest.raises(DecodeError, match=words) as caught:
        decode(data)
    assert caught.value.kind == "corrupt"


def test_numbers_become_8_bits_only_where_their_range_is_known():
    wide = numbers("uint16", 3)
    assert np.array_equal(decode(tiff(wide), dtype=np.uint8), np.rint(wide / 257))
    unit = np.random.default_rng(0).random((8, 9, 1), np.float32)
    assert np.array_equal(decode(tiff(unit), "L", dtype="uint8"), np.rint(unit * 255.0))
    for image, words in ((numbers("float32"), "floats run from"), (numbers("int32"), "int32 has no one way to uint8")):
        with pytest.raises(DecodeError, match=words) as caught:
            decode(tiff(image), "L", dtype="uint8")
        assert caught.value.kind == "unsupported"
