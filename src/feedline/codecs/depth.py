"""From the numbers that a file has to the type that is asked for: full range to full range."""

from __future__ import annotations

from typing import Any

import numpy as np

from feedline.errors import DecodeError
from feedline.types import Image

DTYPES = ("uint8", "uint16", "float32")


def to_dtype(image: Image, dtype: np.dtype[Any] | None) -> Image:
    """The image in uint8, uint16 or float32; None keeps what is there.

    White stays white: 255, 65535 and 1.0 are the same. uint16 becomes uint8 by round(value / 257). Floats become whole
    numbers only where they lie within 0 to 1, and signed or 32 bit whole numbers not at all: what would be white in
    them, no file says.

    Raises:
        DecodeError: numbers whose range is not known ("unsupported").
    """
    if dtype is None or image.dtype == dtype:
        return image
    if image.dtype.kind == "f":
        return image.astype(dtype) if dtype.kind == "f" else _from_float(image, dtype)
    if image.dtype not in (np.uint8, np.uint16):
        raise DecodeError(f"{image.dtype} has no one way to {dtype}: leave dtype out to keep it", "unsupported")
    if dtype.kind == "f":
        scaled: Image = image.astype(dtype) / dtype.type(np.iinfo(image.dtype).max)
        return scaled
    return to_uint8(image) if dtype == np.uint8 else image.astype(np.uint16) * np.uint16(257)


def to_uint8(image: Image) -> Image:
    """uint16 to uint8 by round(value / 257), so that black and white stay black and white."""
    if image.dtype == np.uint8:
        return image
    wide = image.astype(np.uint32)
    return ((wide + 128) // 257).astype(np.uint8)


def _from_float(image: Image, dtype: np.dtype[Any]) -> Image:
    low, high = (float(image.min()), float(image.max())) if image.size else (0.0, 0.0)
    if not (low >= 0 and high <= 1):  # a nan is neither
        raise DecodeError(
            f"its floats run from {low:.6g} to {high:.6g}, and only 0 to 1 becomes {dtype}: "
            'decode it as mode="unchanged" without dtype, and scale it by what you know of it',
            "unsupported",
        )
    return np.rint(image.astype(np.float64) * np.iinfo(dtype).max).astype(dtype)
