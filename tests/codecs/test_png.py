"""codecs/png.py: chunks byte by byte, pixels against Pillow."""

import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from imagebytes import SIGNATURE, chunk, difference, encode, picture, pillow, png
from PIL import Image

from feedline.codecs import decode
from feedline.codecs.png import decode as decode_png
from feedline.codecs.png import read_header
from feedline.errors import DecodeError
from feedline.types import Header

GOOD = encode(picture(), "PNG")
PALETTE = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))

KINDS = {
    "grey 1": (png(2, 1, 1, 0, b"\0\x40"), 1, 1, [[0], [255]]),
    "grey 2": (png(4, 1, 2, 0, b"\0\x1b"), 1, 2, [[0], [85], [170], [255]]),
    "grey 4": (png(2, 1, 4, 0, b"\0\x1f"), 1, 4, [[17], [255]]),
    "grey 8": (png(2, 1, 8, 0, b"\0\x05\x40"), 1, 8, [[5], [64]]),
    "grey 16": (png(2, 1, 16, 0, b"\0\x12\x34\xff\xff"), 1, 16, [[0x1234], [0xFFFF]]),
    "grey alpha 8": (png(2, 1, 8, 4, b"\0\1\2\3\4"), 2, 8, [[1, 2], [3, 4]]),
    "grey alpha 16": (png(1, 1, 16, 4, b"\0\x12\x34\x56\x78"), 2, 16, [[0x1234, 0x5678]]),
    "colour 8": (png(2, 1, 8, 2, b"\0\1\2\3\4\5\6"), 3, 8, [[1, 2, 3], [4, 5, 6]]),
    "colour 16": (png(1, 1, 16, 2, b"\0\1\2\3\4\5\6"), 3, 16, [[0x0102, 0x0304, 0x0506]]),
    "colour alpha 8": (png(1, 1, 8, 6, b"\0\1\2\3\4"), 4, 8, [[1, 2, 3, 4]]),
    "colour alpha 16": (png(1, 1, 16, 6, bytes(range(9))), 4, 16, [[0x0102, 0x0304, 0x0506, 0x0708]]),
    "palette 1": (png(2, 1, 1, 3, b"\0\x40", PALETTE), 3, 8, [[10, 20, 30], [40, 50, 60]]),
    "palette 8": (png(2, 1, 8, 3, b"\0\0\1", PALETTE), 3, 8, [[10, 20, 30], [40, 50, 60]]),
    "palette tRNS": (
        png(2, 1, 2, 3, b"\0\x10", PALETTE, chunk(b"tRNS", b"\x07")),
        4,
        8,
        [[10, 20, 30, 7], [40, 50, 60, 255]],
    ),
    "colour tRNS": (
        png(2, 1, 8, 2, b"\0\1\2\3\4\5\6", chunk(b"tRNS", b"\0\1\0\2\0\3")),
        4,
        8,
        [[1, 2, 3, 0], [4, 5, 6, 255]],
    ),
    "grey tRNS": (png(2, 1, 8, 0, b"\0\x05\x40", chunk(b"tRNS", b"\0\x05")), 2, 8, [[5, 0], [64, 255]]),
    "grey 1 tRNS": (png(2, 1, 1, 0, b"\0\x40", chunk(b"tRNS", b"\0\1")), 2, 1, [[0, 255], [255, 0]]),
    "alpha and a tRNS that has no business": (
        png(2, 1, 8, 4, b"\0\1\2\3\4", chunk(b"tRNS", b"\0\1")),
        2,
        8,
        [[1, 2], [3, 4]],
    ),
}
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


@EACH_KIND
def test_the_header_says_what_is_stored(kind):
    data, channels, bits, pixels = KINDS[kind]
    assert read_header(data) == Header("png", len(pixels), 1, channels, bits, 1)


@EACH_KIND
def test_pixels_are_as_stored(kind):
    data, _, bits, pixels = KINDS[kind]
    image = decode_png(data)
    assert image.tolist() == [pixels]
    assert image.dtype == (np.uint16 if bits == 16 else np.uint8)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("level", [0, 9])
def test_pixels_are_pillows(mode, level):
    image = picture("L").convert("1") if mode == "1" else picture(mode)
    data = encode(image, "PNG", compress_level=level)
    expected = pillow(data, "L") if mode == "1" else pillow(data)
    assert np.array_equal(decode_png(data), expected)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_pixels_are_pillows(bits):
    data = encode(picture().quantize(2**bits), "PNG", bits=bits)
    assert np.array_equal(decode_png(data), pillow(data, "RGB"))


def test_palette_with_transparency_is_pillows():
    data = encode(picture().quantize(8), "PNG", transparency=bytes([0, 100, 200]))
    assert np.array_equal(decode_png(data), pillow(data, "RGBA"))


def test_16_bit_grey_is_pillows():
    wide = np.random.default_rng(0).integers(0, 65536, (9, 11), np.uint16)
    data = encode(Image.fromarray(wide), "PNG")
    assert np.array_equal(decode_png(data)[:, :, 0], wide)


def test_an_interlaced_file_is_the_same_picture():
    # Adam7 of a 2 x 2 image: pass 1 holds (0, 0), pass 6 (1, 0), pass 7 the lower row
    data = png(2, 2, 8, 0, b"\0\x0a\0\x14\0\x1e\x28")
    header = chunk(b"IHDR", b"\0\0\0\2\0\0\0\2\x08\0\0\0\1")
    interlaced = data[:8] + header + data[8 + len(header) :]
    assert decode_png(interlaced).tolist() == [[[10], [20]], [[30], [40]]]
    assert np.array_equal(decode_png(interlaced), pillow(interlaced))


def animate(still, frame, width, height):
    """The still image as the default image, which is no frame, of an animation of twice the same raw rows."""
    control = struct.pack(">IIIIHHBB", width, height, 0, 0, 0, 1, 0, 0)
    pixels = zlib.compress(frame)
    frames = b"".join(
        chunk(b"fcTL", struct.pack(">I", number) + control) + chunk(b"fdAT", struct.pack(">I", number + 1) + pixels)
        for number in (0, 2)
    )
    start, end = still.index(b"IDAT") - 4, still.index(b"IEND") - 4
    return still[:start] + chunk(b"acTL", struct.pack(">II", 2, 0)) + still[start:end] + frames + still[end:]


@pytest.mark.parametrize("bits", [8, 16])
def test_an_animation_is_its_default_image(bits):
    still = png(1, 1, bits, 6, b"\0" + bytes(range(1, 1 + bits // 2)))
    animated = animate(still, b"\0" + bytes(range(101, 101 + bits // 2)), 1, 1)
    assert np.array_equal(pillow(animated), pillow(still))
    assert np.array_equal(decode_png(animated), decode_png(still))


def test_a_damaged_frame_does_no_harm_to_the_process(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (24, 121), np.uint8)
    noise[:, 0] = 0
    still = png(40, 24, 8, 2, noise.tobytes())
    noise[12, 0] = 9  # no such filter
    (tmp_path / "a.png").write_bytes(animate(still, noise.tobytes(), 40, 24))
    lines = (
        "import sys; from feedline.codecs import decode; [decode(open(sys.argv[1], 'rb').read()) for _ in range(50)]"
    )
    child = subprocess.run([sys.executable, "-c", lines, tmp_path / "a.png"], capture_output=True, timeout=120)
    assert child.returncode == 0, child.stderr[-500:]


def test_frames_of_an_animation_are_left_out():
    frames = [picture(seed=seed) for seed in range(3)]
    data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert np.array_equal(decode_png(data), np.asarray(frames[0]))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_has_the_orientation_and_pixels_stay_as_stored(orientation):
    data = encode(picture(), "PNG", orientation)
    assert read_header(data) == Header("png", 40, 24, 3, 8, orientation)
    assert np.array_equal(decode_png(data), np.asarray(picture()))


@pytest.mark.parametrize(("bits", "key"), [(1, b"\0\1"), (8, b"\0\x11"), (16, b"\x11\x11")], ids=["1", "8", "16"])
def test_a_transparent_grey_shows_white(bits, key):
    rows = {1: b"\0\x80", 8: b"\0\x11\0", 16: b"\0\x11\x11\0\0"}[bits]
    image = decode(png(2, 1, bits, 0, rows, chunk(b"tRNS", key)), "L", dtype=np.uint8)
    assert image[0, 0, 0] == 255
    assert image[0, 1, 0] == 0


@pytest.mark.parametrize("size", [8, 19, 20, 40, len(GOOD) // 2, len(GOOD) - 1])
def test_a_file_cut_within_a_chunk_is_truncated(size):
    with pytest.raises(DecodeError, match=f"{size} bytes") as caught:
        decode_png(GOOD[:size])
    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("size", [8, 20, 32])
def test_a_file_cut_within_its_header_has_none(size):
    with pytest.raises(DecodeError, match=f"no whole chunk in {size} bytes|{size} bytes end within its IHDR") as caught:
        read_header(GOOD[:size])
    assert caught.value.kind == "truncated"


def test_a_file_cut_between_chunks_is_truncated_but_has_a_header():
    cut = GOOD[:-12]
    assert read_header(cut) == read_header(GOOD)
    with pytest.raises(DecodeError, match="no end chunk") as caught:
        decode_png(cut)
    assert caught.value.kind == "truncated"


def test_bytes_behind_the_end_do_no_harm():
    assert difference(decode_png(GOOD + b"appended"), decode_png(GOOD)) == (0, 0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SIGNATURE + chunk(b"IEND"), "does not begin with a header chunk"),
        (SIGNATURE + chunk(b"IHDR", b"short") + chunk(b"IEND"), "does not begin with a header chunk"),
        (png(0, 1, 8, 0, b"\0"), "says 0 x 1 pixels"),
        (png(1, 0, 8, 0, b"\0"), "says 1 x 0 pixels"),
        (png(1, 1, 8, 5, b"\0\0"), "colour type 5 does not exist"),
    ],
)
def test_a_header_that_makes_no_sense_is_corrupt(data, words):
    with pytest.raises(DecodeError, match=words) as caught:
        read_header(data)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize(
    "data",
    [png(1, 1, 3, 0, b"\0\0"), png(4, 4, 8, 2, b"\0\1\2"), png(1, 1, 8, 3, b"\0\0")],
    ids=["3 bits", "too few rows", "no palette"],
)
def test_what_the_decoder_refuses_is_corrupt(data):
    with pytest.raises(DecodeError, match="cannot be decoded") as caught:
        decode_png(data)
    assert caught.value.kind == "corrupt"


def test_a_wrong_check_sum_of_the_pixels_is_corrupt():
    at = GOOD.index(b"IDAT") + 20
    with pytest.raises(DecodeError, match="the check sum of its IDAT chunk is wrong") as caught:
        decode_png(GOOD[:at] + bytes([GOOD[at] ^ 0x40]) + GOOD[at + 1 :])
    assert caught.value.kind == "corrupt"


def deflated_zeros(megabytes):
    """What zlib makes of so many zeros: blocks that need nothing of the one before them are all the same bytes."""
    packer = zlib.compressobj(9)
    first, block = (packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    check_sum = (megabytes * 2**20 % 65521) << 16 | 1
    return first + block * (megabytes - 1) + b"\x03\0" + check_sum.to_bytes(4, "big")


def test_zeros_are_deflated_as_zlib_reads_them():
    assert zlib.decompress(deflated_zeros(65)) == bytes(65 * 2**20)


def test_what_describes_the_picture_is_not_inflated(tmp_path):
    """Chunks of 1 MB that inflate to 1 GB, under a limit of memory that this breaks."""
    packed = deflated_zeros(1024)
    paths = [tmp_path / kind for kind in ("iCCP", "zTXt", "iTXt")]
    for path in paths:
        body = (b"a\0\1\0\0\0" if path.name == "iTXt" else b"a\0\0") + packed
        path.write_bytes(png(2, 1, 8, 0, b"\0\1\2", chunk(path.name.encode(), body)))
    lines = (
        "import sys, resource; from feedline.codecs import decode; files = [open(name, 'rb').read() "
        "for name in sys.argv[1:]]; size = int(open('/proc/self/statm').read().split()[0]) * 4096 + 2**28; "
        "resource.setrlimit(resource.RLIMIT_AS, (size, size))\n"
        "for data in files: print(decode(data, 'L').tolist(), flush=True)"
    )
    child = subprocess.run([sys.executable, "-c", lines, *paths], capture_output=True, timeout=120)
    assert (child.stdout, child.returncode) == (b"[[[1], [2]]]\n" * 3, 0), child.stderr[-500:]


def test_an_orientation_behind_the_pixels_counts():
    end = GOOD.index(b"IEND") - 4
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    assert read_header(GOOD[:end] + chunk(b"eXIf", exif) + GOOD[end:]).orientation == 6


def test_xmp_says_the_orientation_where_exif_does_not():
    xmp = chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<a tiff:Orientation="3"/>')
    for orientation, expected in ((None, 3), (6, 6)):
        data = encode(picture(), "PNG", orientation)
        at = data.index(b"IDAT") - 4
        assert read_header(data[:at] + xmp + data[at:]).orientation == expected


def test_packed_data_without_end_are_not_unpacked():
    """Ten by ten pixels, and a gigabyte of zeros behind them."""
    whole = encode(picture("L", 10, 10), "PNG")
    start = whole.index(b"IDAT") - 4
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(2**24)) for _ in range(8)) + packer.flush()
    body = struct.pack(">I", len(packed)) + b"IDAT" + packed + struct.pack(">I", zlib.crc32(b"IDAT" + packed))
    data = whole[:start] + body + whole[-12:]
    with pytest.raises(DecodeError, match="bytes of packed data for 110 bytes of pixels"):
        decode(data)
