"""Hues turned, as the hexcone model has them (A. R. Smith, "Color gamut transform pairs", SIGGRAPH 1978)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.types import Image

Plane = NDArray[np.float32]


def turned(image: Image, factor: float) -> Image:
    """The image with its hues turned by a share of a full turn; saturation and value stay.

    Computed in float32, pixel by pixel; whole numbers are rounded half up.

    Args:
        image: HxWx3 uint8, uint16 or float32.
        factor: of a full turn, from red towards green.
    """
    colours = np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
    low, high = colours.min(0), colours.max(0)
    span = high - low
    place = _sextant(colours, high, span)
    place += np.float32(6 * factor)
    place -= 6 * np.floor(place / 6)
    result = np.empty(image.shape, image.dtype)
    half = np.float32(0.0 if image.dtype.kind == "f" else 0.5)
    for channel, share in enumerate(_shares(place)):
        np.clip(share, 0.0, 1.0, out=share)
        share *= span
        share += low
        share += half
        result[:, :, channel] = share
    return result


def _sextant(colours: NDArray[np.float32], high: Plane, span: Plane) -> Plane:
    """Hue in sixths of a turn, -1 to 5: 0 is red, 2 green, 4 blue; 0 where there is no colour."""
    red, green, blue = colours
    first, second = high == red, high == green
    way: Plane = np.where(first, green - blue, np.where(second, blue - red, red - green))
    way /= np.maximum(span, np.float32(np.finfo(np.float32).tiny))
    way += np.where(first, np.float32(0), np.where(second, np.float32(2), np.float32(4)))
    return way


def _shares(place: Plane) -> tuple[Plane, Plane, Plane]:
    """How far red, green and blue lie from the least to the largest of the three, before it is kept within 0..1."""
    two: Any = np.float32(2)
    return np.abs(place - 3) - 1, two - np.abs(place - 2), two - np.abs(place - 4)
