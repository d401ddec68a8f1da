"""codecs/mask.py on files that Pillow writes."""

import io

import numpy as np
import pytest
from imagebytes import encode, picture
from PIL import Image

from feedline.codecs.decode import decode
from feedline.codecs.mask import decode_mask
from feedline.errors import DecodeError

CLASSES = np.kron(np.array([[0, 1, 15], [255, 2, 0]], np.uint8), np.ones((4, 5), np.uint8))


def coloured(form):
    image = Image.fromarray(CLASSES).convert("P")
    image.putdata(CLASSES.ravel().tolist())
    image.putpalette(np.random.default_rng(0).integers(0, 256, 768, np.uint8).tobytes())
    stream = io.BytesIO()
    image.save(stream, form)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_of_a_palette_the_numbers(form):
    found = decode_mask(coloured(form))
    assert (found.shape, found.dtype) == ((8, 15, 1), np.uint8)
    assert np.array_equal(found[:, :, 0], CLASSES)


def test_of_one_bit_nothing_and_one():
    stream = io.BytesIO()
    Image.fromarray(CLASSES > 1).save(stream, "PNG")
    assert np.array_equal(decode_mask(stream.getvalue())[:, :, 0], CLASSES > 1)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_others_are_as_they_are(mode):
    data = encode(picture(mode), "PNG")
    assert np.array_equal(decode_mask(data), decode(data, "unchanged"))


def test_a_broken_one_is_named():
    with pytest.raises(DecodeError, match="truncated"):
        decode_mask(coloured("PNG")[:60])
