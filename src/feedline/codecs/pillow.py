"""Pillow's decoders, one at a time, and without the state that its own ``Image.open`` shares."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from feedline.errors import DecodeError
from feedline.types import Image

_PLAIN = {"1": "L", "P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}
_KEPT = frozenset({"L", "LA", "RGB", "RGBA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3, "RGBA": 4}

Opener = Callable[[io.BytesIO], Any]
"""A file class of Pillow's, such as ``BmpImagePlugin.BmpImageFile``: it reads this format and no other."""


def open_as(name: str, opener: Opener, data: bytes) -> Any:
    """Pillow's image with its header read; ``name`` is for messages.

    Raises:
        DecodeError: Pillow does not take it ("corrupt").
    """
    try:
        return opener(io.BytesIO(data))
    except Exception as error:  # Pillow's readers raise whatever their parsing meets
        raise _corrupt(name, error) from error


def channels_of(image: Any, name: str) -> int:
    """The channels that :func:`pixels` gives.

    Raises:
        DecodeError: a mode that is not read ("unsupported").
    """
    if image.mode not in _CHANNELS:
        raise DecodeError(f"{name} of Pillow's mode {image.mode} is not read", "unsupported")
    return 4 if "transparency" in image.info else _CHANNELS[image.mode]


def pixels(image: Any, name: str, page: int = 0) -> Image:
    """The pixels of a page, HxWxC: uint8, uint16, int32 or float32, as L, LA, RGB or RGBA.

    Raises:
        DecodeError: its data end early ("truncated"), cannot be decoded ("corrupt"), or hold colours that Pillow does
            not convert ("unsupported").
    """
    try:
        if page:
            image.seek(page)
        image.load()
    except PillowImage.DecompressionBombError as error:
        raise DecodeError(f"{name}: {error} (PIL.Image.MAX_IMAGE_PIXELS)", "too large") from error
    except Exception as error:
        raise _corrupt(name, error) from error
    mode = "RGBA" if "transparency" in image.info and image.mode != "RGB" else image.mode
    mode = _PLAIN.get(mode, mode)
    if mode not in _KEPT:
        raise DecodeError(f"{name} of Pillow's mode {mode} is not read", "unsupported")
    array = np.array(image if image.mode == mode else image.convert(mode))
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array if array.ndim == 3 else array[:, :, np.newaxis]


def _corrupt(name: str, error: Exception) -> DecodeError:
    words = str(error) or type(error).__name__
    return DecodeError(
        f"{'truncated' if 'truncated' in words else 'corrupt'} {name}: {words}",
        "truncated" if "truncated" in words else "corrupt",
    )
