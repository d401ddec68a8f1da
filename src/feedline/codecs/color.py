"""From the channels that a file has to the channels that a mode asks for."""

from __future__ import annotations

import cv2
import numpy as np

from feedline.types import Image, Mode

MODES = ("RGB", "L", "unchanged")
BACKGROUND = 255
"""What shows through where an image is transparent and the mode has no alpha: white."""


def to_mode(image: Image, mode: Mode) -> Image:
    """HxWxC in the channels of ``mode``; "unchanged" keeps what is there: L, LA, RGB or RGBA.

    Alpha is composed on white. Grey of a colour image is its luma, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    """
    if mode == "unchanged":
        return image
    channels = image.shape[2]
    if channels in (2, 4):
        image = _compose(image)
        channels -= 1
    if mode == "RGB":
        return image if channels == 3 else np.repeat(image, 3, axis=2)
    if channels == 1:
        return image
    grey: Image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return grey[:, :, np.newaxis]


def to_uint8(image: Image) -> Image:
    """uint16 to uint8 by round(value / 257), so that black and white stay black and white."""
    if image.dtype == np.uint8:
        return image
    wide = image.astype(np.uint32)
    return ((wide + 128) // 257).astype(np.uint8)


def _compose(image: Image) -> Image:
    """The colours over the background, weighted by the last channel; rounded to the nearest."""
    alpha = image[:, :, -1:].astype(np.uint32)
    colours = image[:, :, :-1].astype(np.uint32)
    return ((colours * alpha + BACKGROUND * (255 - alpha) + 127) // 255).astype(np.uint8)
