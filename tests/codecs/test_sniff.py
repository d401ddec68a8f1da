"""codecs/sniff.py on files that Pillow writes."""

import pytest
from imagebytes import encode, picture

from feedline.codecs.sniff import CODECS, sniff


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
    ],
)
def test_a_format_is_known_by_its_content(form, mode, name):
    assert sniff(encode(picture(mode), form)) == name


@pytest.mark.parametrize(("data", "name"), [(b"GIF87a", "gif"), (b"MM\0*", "tiff"), (b"\xff\xd8\xff", "jpeg")])
def test_rarer_signatures(data, name):
    assert sniff(data) == name


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\x89PNG", b"<!DOCTYPE html>", b"RIFF\0\0\0\0WAVEfmt ", b"\0" * 20]
)
def test_other_bytes_are_nothing(data):
    assert sniff(data) is None


def test_every_codec_has_a_signature():
    assert set(CODECS) == {"jpeg", "png"}
