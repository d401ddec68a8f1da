"""codecs/jpeg.py: markers byte by byte, pixels against Pillow."""

import io
import struct

import pytest
from imagebytes import difference, encode, picture, pillow
from PIL import Image

from feedline.codecs import jpeg
from feedline.codecs.how import How
from feedline.errors import DecodeError
from feedline.types import Header

GOOD = encode(picture(), "JPEG", quality=90)
FRAME = GOOD.index(b"\xff\xc0")
SCAN = GOOD.index(b"\xff\xda")


def insert(data, extra, at=2):
    return data[:at] + extra + data[at:]


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("CMYK", 4)])
@pytest.mark.parametrize("progressive", [False, True])
def test_the_header_says_what_is_stored(mode, channels, progressive):
    data = encode(picture(mode), "JPEG", progressive=progressive)
    assert jpeg.read_header(data) == Header("jpeg", 40, 24, channels, 8, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_has_the_orientation_and_the_stored_size(orientation):
    header = jpeg.read_header(encode(picture(), "JPEG", orientation))
    assert (header.width, header.height, header.orientation) == (40, 24, orientation)


@pytest.mark.parametrize(
    "extra",
    [
        b"\xff" * 5,
        b"stray",
        b"\xff\x01",
        b"\xff\xd0",
        b"\xff\0",
        b"\xff\xfe\0\x02",
        b"\xff\xfe\0\0",
        b"\xff\xe1\0\x06http",
    ],
    ids=["fill", "stray", "TEM", "RST", "zero", "empty comment", "length zero", "other APP1"],
)
def test_what_stands_between_the_markers_is_passed_over(extra):
    assert jpeg.read_header(insert(GOOD, extra)) == jpeg.read_header(GOOD)


def test_a_comment_that_looks_like_a_frame_is_none():
    fake = b"\xff\xc0\0\x11\x08\0\x01\0\x01\x03"
    data = insert(GOOD, b"\xff\xfe" + struct.pack(">H", len(fake) + 2) + fake)
    assert jpeg.read_header(data) == jpeg.read_header(GOOD)


@pytest.mark.parametrize("size", [3, 20, FRAME, FRAME + 2, FRAME + 9])
def test_a_file_that_ends_before_its_frame_is_truncated(size):
    with pytest.raises(DecodeError, match=f"no frame header in {size} bytes") as caught:
        jpeg.read_header(GOOD[:size])
    assert caught.value.kind == "truncated"


def test_an_end_before_the_frame_is_an_end():
    with pytest.raises(DecodeError, match="no frame header"):
        jpeg.read_header(insert(GOOD, b"\xff\xd9\0\0"))


@pytest.mark.parametrize("at", [5, 7], ids=["height", "width"])
def test_a_size_of_zero_is_corrupt(at):
    with pytest.raises(DecodeError, match="its header says") as caught:
        jpeg.read_header(GOOD[: FRAME + at] + b"\0\0" + GOOD[FRAME + at + 2 :])
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}], ids=str)
def test_pixels_are_pillows(mode, options):
    data = encode(picture(mode), "JPEG", **options)
    mean, _ = difference(jpeg.decode(data), pillow(data))
    assert mean <= 2


def test_cmyk_gives_three_channels():
    data = encode(picture("CMYK"), "JPEG")
    mean, _ = difference(jpeg.decode(data), pillow(data, "RGB"))
    assert mean <= 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_grey_is_one_channel_of_luma(mode):
    data = encode(picture(mode), "JPEG")
    mean, _ = difference(jpeg.decode(data, How(grey=True)), pillow(data, "L"))
    assert mean <= 2


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("reduce", [2, 4, 8])
@pytest.mark.parametrize("grey", [False, True])
def test_a_reduced_picture_has_its_sides_rounded_up(mode, reduce, grey):
    data = encode(picture(mode, width=45, height=33), "JPEG", 6)
    whole, small = jpeg.decode(data, How(grey=grey)), jpeg.decode(data, How(grey=grey, reduce=reduce))
    assert small.shape == (-(-33 // reduce), -(-45 // reduce), whole.shape[2])
    rows, columns = 33 // reduce * reduce, 45 // reduce * reduce
    blocks = whole[:rows, :columns].reshape(rows // reduce, reduce, columns // reduce, reduce, -1)
    mean, _ = difference(small[: rows // reduce, : columns // reduce], blocks.mean(axis=(1, 3)).round())
    assert mean <= 4


def test_what_is_there_of_a_file_that_ends_early():
    data = encode(picture(width=320, height=240), "JPEG", quality=95)
    whole, part = jpeg.decode(data), jpeg.decode(data[: len(data) // 2], How(partial=True))
    assert part.shape == whole.shape
    assert difference(part[:90], whole[:90]) == (0, 0)
    assert (part[-8:] == part[-1, -1]).all()


def test_xmp_says_the_orientation_where_exif_does_not():
    for body in (b'<a tiff:Orientation="8"/>', b"<tiff:Orientation>8</tiff:Orientation>"):
        text = b"http://ns.adobe.com/xap/1.0/\0" + body
        segment = b"\xff\xe1" + struct.pack(">H", len(text) + 2) + text
        assert jpeg.read_header(insert(GOOD, segment)).orientation == 8
        assert jpeg.read_header(insert(encode(picture(), "JPEG", 6), segment)).orientation == 6


def test_a_doubled_beginning_is_passed_over():
    assert difference(jpeg.decode(b"\xff\xd8" + GOOD), jpeg.decode(GOOD)) == (0, 0)


def test_the_first_picture_of_an_mpo():
    data = encode(picture(), "MPO", save_all=True, append_images=[picture(seed=1)])
    assert jpeg.read_header(data).format == "jpeg"
    assert difference(jpeg.decode(data), pillow(data))[0] <= 2


def test_pixels_are_left_as_stored():
    turned = encode(picture(), "JPEG", 6, quality=90)
    assert difference(jpeg.decode(turned), jpeg.decode(GOOD)) == (0, 0)


@pytest.mark.parametrize("size", [SCAN, SCAN + 20, len(GOOD) // 2 + SCAN // 2, len(GOOD) - 1])
def test_a_file_without_its_end_is_truncated(size):
    with pytest.raises(DecodeError, match=f"no end-of-image marker in {size} bytes") as caught:
        jpeg.decode(GOOD[:size])
    assert caught.value.kind == "truncated"


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_file():
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    thumbnail = encode(picture(width=8, height=8), "JPEG")
    block = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0") + thumbnail
    stream.write(insert(GOOD, b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block))
    data = stream.getvalue()
    assert jpeg.read_header(data) == Header("jpeg", 40, 24, 3, 8, 6)
    with pytest.raises(DecodeError, match="no end-of-image marker"):
        jpeg.decode(data[:-2])


def test_bytes_behind_the_end_do_no_harm():
    assert difference(jpeg.decode(GOOD + b"appended"), jpeg.decode(GOOD)) == (0, 0)


@pytest.mark.parametrize(
    ("at", "byte"), [(FRAME + 4, b"\x0c"), (FRAME + 9, b"\x02")], ids=["12 bits", "two components of three"]
)
def test_what_the_decoder_refuses_is_corrupt(at, byte):
    with pytest.raises(DecodeError, match="cannot be decoded") as caught:
        jpeg.decode(GOOD[:at] + byte + GOOD[at + 1 :])
    assert caught.value.kind == "corrupt"
