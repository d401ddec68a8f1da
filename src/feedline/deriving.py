"""One picture of a pair made from the other: outlines, greys, or what is left of it at a smaller size."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline.codecs.color import to_mode
from feedline.transforms import Resize
from feedline.types import Image

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_WAYS = ("edges", "outlines", "gray")
_DOWNSCALE = re.compile(r"downscale([1-9]\d{0,2})")
_BLUR = 256
"""Outlines of a picture of this many pixels on its shorter side are found behind a blur of one pixel (sigma)."""
_LEAST_BLUR = 0.3
"""In pixels: less of it changes nothing."""
_STRONG = 0.99
"""Contrasts above this share of all of them are drawn black, so that a dull photograph has outlines too."""
_LEAST = 1 / 32
"""A contrast up to this share of black to white is grain and draws nothing."""


def check_how(how: str) -> None:
    """Raises ValueError unless ``how`` is something that :func:`derived` makes."""
    if how not in _WAYS and not (_DOWNSCALE.fullmatch(how) and how != "downscale1"):
        raise ValueError(f'derive must be "edges", "outlines", "gray" or "downscaleN" with N of 2 to 999, not {how!r}')


def derived_channels(channels: int, how: str) -> int:
    """Of what :func:`derived` makes of a picture of so many channels."""
    return channels if how.startswith("downscale") else 1


def derived(image: Image, how: str) -> Image:
    """What a picture looks like as the other one of its pair, of the same height, width and type.

    Args:
        image: HxWxC uint8, uint16 or float32 (black 0, white 1).
        how: "edges", HxWx1, of photographs: dark lines on white. Of the grey picture (alpha on white), blurred a little
            where it is large, each pixel's height above the darkest of its four neighbours, so that a line is one pixel
            wide and lies on the brighter side; the strongest 1 % of a picture's contrasts is black. "outlines", HxWx1,
            of letters and other shapes, light on dark: white where the grey picture has half of white or more, and less
            beside, above or below; beyond the border is less. "gray", HxWx1: the luma. "downscaleN", HxWxC: shrunk to
            1/N of both sides (antialiased, rounded down, at least a pixel) and enlarged again (bicubic).

    Raises:
        ValueError: another ``how``.
    """
    check_how(how)
    if how == "gray":
        return _grey(image)
    if how == "edges":
        return _edges(image)
    if how == "outlines":
        return _outlines(image)
    return _blurred(image, int(how.removeprefix("downscale")))


def _grey(image: Image) -> Image:
    """HxWx1: the luma of 1 to 4 channels, the mean of more."""
    if image.shape[2] <= 4:
        return np.ascontiguousarray(to_mode(image, "L"))
    mean: Image = image.mean(2, keepdims=True, dtype=np.float64)
    return (mean if image.dtype.kind == "f" else np.floor(mean + 0.5)).astype(image.dtype)


def _edges(image: Image) -> Image:
    white = _white(image)
    grey: Image = _grey(image)[:, :, 0].astype(np.float32) / np.float32(white)
    sigma = min(grey.shape) / _BLUR
    if sigma >= _LEAST_BLUR:
        grey = cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    darkest = cv2.erode(grey, _CROSS, borderType=cv2.BORDER_REPLICATE)
    contrast = grey - darkest
    place = round(_STRONG * (contrast.size - 1))
    strong = float(np.partition(contrast, place, axis=None)[place])
    drawn = np.clip((contrast - _LEAST) / max(strong - _LEAST, _LEAST), 0, 1)
    return _as(1 - drawn, image.dtype, white)


def _outlines(image: Image) -> Image:
    white = _white(image)
    shape = (_grey(image)[:, :, 0] >= white / 2).astype(np.uint8)
    inner = cv2.erode(shape, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return _as(shape - inner, image.dtype, white)


def _white(image: Image) -> float:
    return 1.0 if image.dtype.kind == "f" else float(np.iinfo(image.dtype).max)


def _as(shares: NDArray[Any], dtype: np.dtype[Any], white: float) -> Image:
    """HxW of 0 to 1 as HxWx1 in the type of the picture."""
    numbers: Image = shares * white if dtype.kind == "f" else np.floor(shares.astype(np.float64) * white + 0.5)
    return np.ascontiguousarray(numbers[:, :, None].astype(dtype))


def _blurred(image: Image, factor: int) -> Image:
    """Two steps, each on its own: a Compose would fold them into one."""
    height, width = image.shape[:2]
    small = Resize((max(1, height // factor), max(1, width // factor)))(image)
    large: Image = Resize((height, width), "bicubic")(small)
    return large
