"""codecs/exif.py: blocks byte by byte, and turns against Pillow."""

import struct

import numpy as np
import pytest
from imagebytes import picture
from PIL import Image, ImageOps

from feedline.codecs.exif import orient, read_orientation

ORDERS = pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])


def block(order, *entries, start=8, count=None):
    """A TIFF block of one directory of (tag, type, value) entries."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    body = struct.pack(order + "H", len(entries) if count is None else count)
    for tag, kind, value in entries:
        body += struct.pack(order + "HHI", tag, kind, 1)
        body += struct.pack(order + "HH", value, 0) if kind == 3 else struct.pack(order + "I", value)
    return head + struct.pack(order + "I", start) + bytes(start - 8) + body + bytes(4)


@ORDERS
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read(order, orientation):
    assert read_orientation(block(order, (0x0112, 3, orientation))) == orientation


@ORDERS
def test_it_is_found_behind_other_tags_and_wherever_the_directory_lies(order):
    assert read_orientation(block(order, (0x010F, 4, 6), (0x0100, 3, 5), (0x0112, 3, 8), start=20)) == 8


@ORDERS
@pytest.mark.parametrize("value", [0, 9, 65535])
def test_nonsense_is_upright(order, value):
    assert read_orientation(block(order, (0x0112, 3, value))) == 1


@ORDERS
def test_no_such_tag_or_one_of_another_type_is_upright(order):
    assert read_orientation(block(order, (0x0100, 3, 6))) == 1
    assert read_orientation(block(order, (0x0112, 4, 6))) == 1


@ORDERS
def test_a_directory_beyond_the_end_is_upright(order):
    head = b"II*\0" if order == "<" else b"MM\0*"
    assert read_orientation(head + struct.pack(order + "I", 2**32 - 1) + bytes(20)) == 1


@ORDERS
def test_a_count_that_is_too_high_does_no_harm(order):
    assert read_orientation(block(order, (0x0100, 3, 5), (0x0112, 3, 6), count=60000)) == 6
    assert read_orientation(block(order, (0x0100, 3, 5), count=60000)) == 1


@ORDERS
def test_a_block_cut_anywhere_is_read_or_upright(order):
    whole = block(order, (0x0100, 3, 5), (0x0112, 3, 6))
    assert {read_orientation(whole[:size]) for size in range(len(whole) + 1)} == {1, 6}


@pytest.mark.parametrize("data", [b"", b"II*\0", b"XX*\0\x08\0\0\0\0\0", b"Exif\0\0II*\0\x08\0\0\0"])
def test_other_bytes_are_upright(data):
    assert read_orientation(data) == 1


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orient_turns_as_pillow_does(orientation, mode):
    image = picture(mode)
    pixels = np.asarray(image)
    exif = image.getexif()
    exif[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    assert isinstance(image, Image.Image)
    turned = orient(pixels if pixels.ndim == 3 else pixels[:, :, None], orientation)
    assert np.array_equal(turned.reshape(expected.shape), expected)
