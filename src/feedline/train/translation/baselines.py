"""What gives letters back from their outlines without learning: a network has to do better than this."""

from __future__ import annotations

import cv2
import numpy as np

from feedline.errors import DataError
from feedline.types import Image

_INK = 128


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
            f"outlines are H x W x 1 uint8, this is {image.shape} {image.dtype}: open them as grey, of 8 bits"
        )
    return image[:, :, 0]
