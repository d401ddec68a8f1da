"""Masks: pictures whose values are classes, also where a palette gives each of them a colour to look at."""

from __future__ import annotations

import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from feedline.codecs.decode import decode
from feedline.codecs.pillow import Opener, open_as
from feedline.codecs.sniff import sniff
from feedline.types import Image

_OPENERS: dict[str, Opener] = {"png": PngImageFile, "bmp": BmpImageFile, "gif": GifImageFile, "tiff": TiffImageFile}
_OF_CLASSES = ("P", "1")


def decode_mask(data: bytes) -> Image:
    """The mask in ``data``, HxWxC as stored; of a file with a palette, or of one bit, the numbers and not the colours.

    Raises:
        DecodeError: as :func:`feedline.decode`.
    """
    plain = decode(data, "unchanged")
    name = sniff(data) or ""
    if name not in _OPENERS:
        return plain
    image = open_as(name, _OPENERS[name], data)
    if image.mode not in _OF_CLASSES:
        return plain
    numbers = np.asarray(image)[:, :, np.newaxis]
    return numbers.astype(np.uint8)
