"""What the demo takes from a letter, and what gives it back without learning: a network has to do better than this."""

from __future__ import annotations

import cv2
import numpy as np

from feedline.errors import DataError
from feedline.types import Image

_INK = 128
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def outlined(image: Image) -> Image:
    """The ink that has paper beside, above or below it: lines of one pixel, which may touch diagonally.

    Args:
        image: H x W x 1 uint8, white on black; ink is what is 128 or more. What lies beyond the border is paper.

    Returns:
        H x W x 1 uint8, the lines 255 and all else 0.

    Raises:
        DataError: it is of another shape or type.
    """
    ink = np.where(_plane(image) >= _INK, np.uint8(255), np.uint8(0))
    inner = cv2.erode(ink, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(ink - inner)[:, :, None]


def filled(outline: Image) -> Image:
    """Ink wherever no way leads from the border without crossing a line: holes of letters are filled as well.

    Args:
        outline: H x W x 1 uint8; a line is what is 128 or more, and holds though its pixels touch only diagonally.

    Returns:
        H x W x 1 uint8, 255 on the lines and within them, 0 outside.

    Raises:
        DataError: it is of another shape or type.
    """
    framed = np.pad(np.where(_plane(outline) >= _INK, np.uint8(255), np.uint8(0)), 1)
    unmarked = np.zeros((framed.shape[0] + 2, framed.shape[1] + 2), np.uint8)
    outside = cv2.floodFill(framed, unmarked, (0, 0), (1,), flags=4)[1]
    return np.where(np.asarray(outside)[1:-1, 1:-1, None] == 1, np.uint8(0), np.uint8(255))


def _plane(image: Image) -> Image:
    if image.ndim != 3 or image.shape[2] != 1 or image.dtype != np.uint8:
        raise DataError(
            f"outlines and letters are H x W x 1 uint8, this is {image.shape} {image.dtype}: open as mode='L'"
        )
    return image[:, :, 0]
