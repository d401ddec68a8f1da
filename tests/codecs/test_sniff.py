"""codecs/sniff.py on files that Pillow writes."""

import struct

import pytest
from imagebytes import encode, picture

from feedline.codecs.sniff import CODECS, PAGED, REDUCING, sniff


@pytest.mark.parametrize(
    ("form", "mode", "name"),
    [
        ("JPEG", "RGB", "jpeg"),
        ("PNG", "RGB", "png"),
        ("GIF", "L", "gif"),
        ("BMP", "RGB", "bmp"),
        ("TIFF", "RGB", "tiff"),
        ("WEBP", "RGB", "webp"),
        ("PPM", "RGB", "ppm"),
        ("PPM", "L", "pgm"),
        ("PPM", "1", "pbm"),
        ("MPO", "RGB", "jpeg"),
        ("JPEG2000", "RGB", "jpeg2000"),
        ("AVIF", "RGB", "avif"),
        ("ICO", "RGB", "ico"),
        ("PCX", "L", "pcx"),
        ("SGI", "RGB", "sgi"),
        ("TGA", "L", "tga"),
        ("TGA", "P", "tga"),
        ("TGA", "RGBA", "tga"),
    ],
)
def test_a_format_is_known_by_its_content(form, mode, name):
    image = {"1": picture("L").convert("1"), "P": picture().quantize(9)}.get(mode) or picture(mode)
    assert sniff(encode(image, form)) == name


RARER = [
    (b"\x93NUMPY\1\0", "npy"),
    (b"II+\0\x08\0\0\0", "tiff"),
    (b"MM\0+\0\x08\0\0", "tiff"),
    (b"\0\0\0\x18ftypheic", "heif"),
    (b"\0\0\0\x18ftypcrx ", "raw"),
    (b"II*\0\x10\0\0\0CR\2\0", "raw"),
    (b"FUJIFILMCCD-RAW 0201", "raw"),
    (b"\0\0\2\0\1\0", "cur"),
    (b"qoif", "qoi"),
    (b"8BPS\0\1", "psd"),
    (b"v/1\1", "exr"),
]


@pytest.mark.parametrize(("data", "name"), [(b"GIF87a", "gif"), (b"MM\0*", "tiff"), (b"\xff\xd8\xff", "jpeg"), *RARER])
def test_rarer_signatures(data, name):
    assert sniff(data) == name


NOTHING = [
    b"\x01\xda\7\7" + bytes(30),  # an SGI of no kind
    b"\0\0\1\0\0\0" + bytes(30),  # icons, none of them
    b"\n\x05\1\x07" + bytes(30),  # a PCX of 7 bits
    b"\0\0\2" + bytes(13) + b"\x18\0" + bytes(9),  # a TGA without a size
    b"\0\0\2" + bytes(9) + b"\1\0\1\0\x07\0" + bytes(9),  # a TGA of 7 bits
    b"ID3 and so on, the beginning of some music",
    b"ftypisom, a film",
]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\x89PNG", b"<!DOCTYPE html>", b"RIFF\0\0\0\0WAVEfmt ", b"\0" * 20, *NOTHING]
)
def test_other_bytes_are_nothing(data):
    assert sniff(data) is None


def directory(*entries):
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4)


@pytest.mark.parametrize(
    ("entries", "name"),
    [
        ([(256, 1), (0xC612, 0x0401)], "raw"),  # a DNG
        ([(254, 0), (256, 1), (330, 99)], "tiff"),
        ([(254, 1), (256, 1)], "tiff"),
        ([(256, 1)], "tiff"),
    ],
)
def test_a_camera_s_file_is_no_tiff(entries, name):
    assert sniff(directory(*entries)) == name


def test_a_directory_that_is_cut_off_is_a_tiff_all_the_same():
    assert sniff(directory((256, 1), (0xC612, 1))[:20]) == "tiff"


SAMPLES = {
    "npy": b"\x93NUMPY",
    "raw": b"FUJIFILMCCD-RAW 0201",
    **{form.lower(): encode(picture(), form) for form in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")},
}


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_is_found_by_its_content(name):
    assert sniff(SAMPLES[name]) == name


def test_pages_and_reduction_are_of_codecs_that_exist():
    assert set(CODECS) >= PAGED | REDUCING
