"""A part of an upright image, and another size of it."""

from __future__ import annotations

import cv2
import numpy as np

from feedline.codecs.exif import orient
from feedline.types import Header, Image

Region = tuple[int, int, int, int]
"""Top, left, height, width, in pixels of the upright image."""
_INTERPOLATED = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


def upright_size(header: Header) -> tuple[int, int]:
    """Height and width of the image once it is turned upright."""
    return (header.width, header.height) if header.orientation >= 5 else (header.height, header.width)


def reduced_size(header: Header, step: int) -> tuple[int, int]:
    """Height and width of the upright image that is decoded at 1 / step."""
    rows, columns = upright_size(header)
    return -(-rows // step), -(-columns // step)


def ahead_of(header: Header, step: int) -> tuple[float, float]:
    """How far the upright image begins behind the edge of the one that is decoded at 1 / step, down and across.

    Each pixel of that stands for step x step stored ones, the last of a row for fewer: where it is turned it is the
    first. In its pixels.
    """
    rows, columns = upright_size(header)
    down = -(-rows // step) - rows / step if header.orientation in (3, 4, 7, 8) else 0.0
    across = -(-columns // step) - columns / step if header.orientation in (2, 3, 6, 7) else 0.0
    return down, across


def check_region(region: Region, header: Header) -> None:
    """Raises ValueError where the region is not wholly inside the upright image."""
    top, left, height, width = region
    rows, columns = upright_size(header)
    if top < 0 or left < 0 or top + height > rows or left + width > columns:
        raise ValueError(
            f"region must lie inside the image: (top, left, height, width) is {region}, "
            f"the upright image {rows} rows of {columns} pixels"
        )


def crop(image: Image, region: Region, header: Header) -> Image:
    """The part of the stored image that is the region once it is turned upright; a view."""
    top, left, height, width = region
    rows, columns = upright_size(header)
    if header.orientation in (3, 4, 7, 8):
        top, bottom = rows - top - height, rows - top
    else:
        bottom = top + height
    if header.orientation in (2, 3, 6, 7):
        left, right = columns - left - width, columns - left
    else:
        right = left + width
    return image[left:right, top:bottom] if header.orientation >= 5 else image[top:bottom, left:right]


def turn(image: Image, orientation: int) -> Image:
    """The image upright, HxWxC."""
    upright = orient(image, orientation)
    return upright if upright.ndim == 3 else upright[:, :, np.newaxis]


def resize(image: Image, size: tuple[int, int]) -> Image:
    """Another size: the mean over each new pixel's area where a side shrinks, linear where it grows.

    Types that OpenCV does not interpolate go through float64 and are rounded.
    """
    height, width = size
    fit = image if image.dtype in _INTERPOLATED else image.astype(np.float64)
    small = (min(width, image.shape[1]), min(height, image.shape[0]))
    if small != (image.shape[1], image.shape[0]):
        fit = cv2.resize(fit, small, interpolation=cv2.INTER_AREA)
    if small != (width, height):
        fit = cv2.resize(fit, (width, height), interpolation=cv2.INTER_LINEAR)
    if fit.dtype != image.dtype:
        fit = (np.rint(fit) if image.dtype.kind in "iu" else fit).astype(image.dtype)
    return fit if fit.ndim == 3 else fit[:, :, np.newaxis]


def reduction(header: Header, size: tuple[int, int] | None) -> int:
    """By how much a codec may shrink both sides while they stay at least the asked size: 1, 2, 4 or 8."""
    if size is None:
        return 1
    rows, columns = upright_size(header)
    fits = (step for step in (8, 4, 2) if -(-rows // step) >= size[0] and -(-columns // step) >= size[1])
    return next(fits, 1)
