"""Raw pixels as files that every program opens."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.prepare.export.split import Sample, Split

_ORDER = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}


def require_png(split: Split) -> None:
    """Raises a DataError where the pixels of a split have no place in a PNG."""
    shape = split.columns.shape
    if shape is not None and shape[2] not in _ORDER:
        raise DataError(
            f"a PNG has 1, 3 or 4 channels, and the pixels of {split.source.root} have {shape[2]}: export to npz or h5"
        )


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Height x width x channels (grey, RGB or RGBA), without loss."""
    order = _ORDER[pixels.shape[2]]
    stored: Any = pixels if order is None else cv2.cvtColor(pixels, order)
    done, data = cv2.imencode(".png", stored)
    if not done:
        raise RuntimeError(f"OpenCV cannot write {pixels.shape} as PNG")
    return data.tobytes()


def encoded(sample: Sample) -> tuple[bytes, str]:
    """The sample's file as it is, or its pixels as PNG; and the format."""
    if isinstance(sample.data, bytes):
        return sample.data, str(sample.value("format"))
    return png(sample.data), "png"
