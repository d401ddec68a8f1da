"""The size of an image from its header, as whoever opens pairs hands it down to the sources."""

import io

from PIL import Image, UnidentifiedImageError

from feedline.errors import DecodeError


def size_of(data):
    """(width, height)."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except UnidentifiedImageError as error:
        raise DecodeError("it is not an image", "wrong type" if data else "empty") from error
