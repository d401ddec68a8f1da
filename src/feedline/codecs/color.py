"""From the channels that a file has to the channels that a mode asks for."""

from __future__ import annotations

import cv2
import numpy as np

from feedline.errors import DecodeError
from feedline.types import Image, Mode

MODES = ("RGB", "L", "RGBA", "unchanged")
BACKGROUND = 255
"""What shows through where an image is transparent and the mode has no alpha: white."""
_MOST = 4
Colour = int | tuple[int, int, int]
"""A grey or red, green, blue: 0 to 255 whatever the type of the image."""


def to_mode(image: Image, mode: Mode, background: Colour = BACKGROUND) -> Image:
    """HxWxC in the channels of ``mode``; "unchanged" keeps what is there: L, LA, RGB or RGBA.

    Alpha is composed on ``background`` where the mode has none. Grey of a colour image is its luma,
    0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). The type stays; opaque is 255, 65535 or 1.0.

    Raises:
        DecodeError: luma or alpha of numbers whose range is not known, such as int32, or of more channels than colours
            have ("unsupported").
    """
    if mode == "unchanged":
        return image
    channels = image.shape[2]
    if channels > _MOST:
        raise DecodeError(f'{mode} is of 1 to {_MOST} channels, and it has {channels}: use "unchanged"', "unsupported")
    if mode == "RGBA":
        return _with_alpha(image)
    if channels in (2, 4):
        image = _compose(image, background)
        channels = image.shape[2]
    if mode == "RGB":
        return image if channels == 3 else np.repeat(image, 3, axis=2)
    return image if channels == 1 else _luma(image)


def _with_alpha(image: Image) -> Image:
    """RGBA; opaque where the image has no alpha of its own."""
    channels = image.shape[2]
    if channels == 4:
        return image
    if channels == 2:
        return image[:, :, [0, 0, 0, 1]]
    colours = image if channels == 3 else np.repeat(image, 3, axis=2)
    alpha = np.full((*image.shape[:2], 1), _white(image), image.dtype)
    return np.concatenate([colours, alpha], axis=2)


def _compose(image: Image, background: Colour) -> Image:
    """The colours over the background, weighted by the last channel; whole numbers rounded to the nearest."""
    if image.shape[2] == 2 and not isinstance(background, int):
        image = image[:, :, [0, 0, 0, 1]]
    white = _white(image)
    if image.dtype.kind == "f":
        alpha, behind = image[:, :, -1:], np.divide(background, 255).astype(image.dtype)
        mixed: Image = image[:, :, :-1] * alpha + behind * (white - alpha)
        return mixed
    alpha = image[:, :, -1:].astype(np.uint32)
    colours = image[:, :, :-1].astype(np.uint32)
    behind = np.asarray(background, np.uint32) * np.uint32(white // 255)
    whole: Image = (colours * alpha + behind * (white - alpha) + white // 2) // white
    return whole.astype(image.dtype)


def _luma(image: Image) -> Image:
    _white(image)
    fit = image if image.dtype in (np.uint8, np.uint16) else image.astype(np.float32)
    grey: Image = cv2.cvtColor(fit, cv2.COLOR_RGB2GRAY)
    return grey[:, :, np.newaxis].astype(image.dtype, copy=False)


def _white(image: Image) -> int:
    if image.dtype.kind == "f":
        return 1
    if image.dtype not in (np.uint8, np.uint16):
        raise DecodeError(f'{image.dtype} has no white: decode it as mode="unchanged"', "unsupported")
    return int(np.iinfo(image.dtype).max)
