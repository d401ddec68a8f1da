"""Pictures that were made, as files under the names of those that they were made of."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from feedline.errors import DataError
from feedline.types import Image

_QUALITY = 95
_LOSSY = {".jpg", ".jpeg"}
_ENDINGS = {".png", ".tif", ".tiff"}  # which hold 8 and 16 bits, and alpha
ARRAY = ".npy"


def ending_for(suffix: str, channels: int, dtype: str) -> str:
    """The ending of a picture made of one with this ending: the same, where such a file can hold it.

    JPEG holds 1 or 3 channels of 8 bits, PNG and TIFF 1, 3 or 4 of 8 or 16; what no picture holds becomes .npy.
    """
    if channels not in (1, 3, 4) or dtype not in ("uint8", "uint16"):
        return ARRAY
    if suffix.lower() in _LOSSY and channels != 4 and dtype == "uint8":
        return suffix
    return suffix if suffix.lower() in _ENDINGS else ".png"


def encoded(image: Image, ending: str) -> bytes:
    """HxWxC uint8 or uint16 for a file with this ending; JPEG of quality 95, without halved colours."""
    if ending == ARRAY:
        stream = io.BytesIO()
        np.save(stream, image, allow_pickle=False)
        return stream.getvalue()
    options: list[int] = []
    if ending.lower() in _LOSSY:
        options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR]
        options.append(cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    done, data = cv2.imencode(ending.lower(), np.ascontiguousarray(_bgr(image)), options)
    assert done, f"OpenCV does not write {image.shape} {image.dtype} as {ending}"
    return data.tobytes()


def _bgr(image: Image) -> Image:
    """In the order of OpenCV."""
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(image.shape[2])
    return image if order is None else image[:, :, order]


def names_of(inputs: list[tuple[Path, Path]], channels: int, dtype: str) -> dict[Path, Path]:
    """Of each file, by (file, its name under the output folder), where its translation goes.

    Where the ending has to change the stem stays, unless another goes there: then the new ending comes behind the old.

    Raises:
        DataError: two would go to one place.
    """
    endings = [ending_for(name.suffix, channels, dtype) for _, name in inputs]
    wished = [name.with_suffix(ending) for (_, name), ending in zip(inputs, endings, strict=True)]
    counts = Counter(wished)
    taken: dict[Path, Path] = {}
    for (path, name), ending, wish in zip(inputs, endings, wished, strict=True):
        place = wish if counts[wish] == 1 or wish == name else name.with_name(name.name + ending)
        if place in taken:
            raise DataError(f"{taken[place]} and {path} would both become {place}: rename one of them")
        taken[place] = path
    return {path: place for place, path in taken.items()}
