"""The marks that compression leaves."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.base import Transform, as_pair, require, require_pair
from feedline.transforms.draft import Draft
from feedline.transforms.stage import stage
from feedline.types import Image


@dataclass(frozen=True)
class JPEGCompression(Transform):
    """Compressed as a JPEG of 8 bits, and decoded again (OpenCV's libjpeg-turbo, colours at half the resolution).

    Takes uint8 alone: other images have more than a JPEG holds. Alpha stays.

    Args:
        quality: 1 (strong) to 100 (weak): one whole number, or (least, most), each as likely.
    """

    quality: int | tuple[int, int]

    def __post_init__(self) -> None:
        require_pair(self, "quality")
        low, high = as_pair(self.quality)
        whole = low == int(low) and high == int(high)
        require(whole and 1 <= low <= high <= 100, self, "quality must be whole, in 1..100, or (least, most) of these")
        object.__setattr__(self, "quality", (int(low), int(high)))

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if draft.colours and draft.dtype != np.uint8:
            how = "put it before ToTensor, or decode to uint8"
            raise TransformError(f"JPEGCompression takes uint8 images, as JPEGs are, not {draft.dtype}: {how}")
        low, high = as_pair(self.quality)
        quality = low + int(key.uniform(operation, 1)[0] * (high - low + 1))
        stage(draft, f"jpeg of quality {quality}", lambda image: compressed(image, quality))


def compressed(image: Image, quality: int) -> Image:
    """What is left of an HxWxC uint8 image, C 1 or 3, when it was a JPEG of this quality."""
    coloured = image.shape[2] == 3
    _, coded = cv2.imencode(".jpg", image[:, :, ::-1] if coloured else image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = cv2.imdecode(coded, cv2.IMREAD_COLOR if coloured else cv2.IMREAD_GRAYSCALE)
    assert back is not None
    return back[:, :, ::-1] if coloured else back[:, :, None]
