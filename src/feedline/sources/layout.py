"""How images lie in one array, and each of them as height x width x channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.types import Image, Spec

Axes = Literal["NHWC", "NCHW"]

MAX_PIXELS = 2**28
"""The largest image that is taken from an array, 268 megapixels: a header that claims more is taken for an attack."""

_TYPES = {
    "uint8": torch.uint8,
    "uint16": torch.uint16,
    "float32": torch.float32,
    "float64": torch.float64,
    "bool": torch.uint8,
}
_CHANNELS = range(1, 5)


@dataclass(frozen=True, slots=True)
class Layout:
    """``count`` images of one size in an array, whose ``axes`` are NHW, NHWC or NCHW; or N encoded files.

    ``dtype`` is that of the images as they are handed on: in the machine's byte order, uint8 0 and 255 of truth values.
    """

    count: int
    axes: str
    dtype: str
    height: int | None = None
    width: int | None = None
    channels: int | None = None

    @property
    def encoded(self) -> bool:
        return self.axes == "N"

    @property
    def spec(self) -> Spec:
        if self.encoded:
            return Spec(None, None, None)
        return Spec(self.height, self.width, self.channels, _TYPES[self.dtype])

    def upright(self, stored: NDArray[Any]) -> Image:
        """One image, or several, as ...xHxWxC of the dtype: a view where no value changes."""
        if self.axes == "NHW":
            stored = stored.reshape(*stored.shape, 1)  # np.newaxis would have a step of 0 bytes, for no array of pixels
        elif self.axes == "NCHW":
            stored = np.moveaxis(stored, -3, -1)
        if stored.dtype == np.bool_:
            return stored.view(np.uint8) * np.uint8(255)
        return stored if stored.dtype.isnative else stored.astype(stored.dtype.newbyteorder("="))

    def __str__(self) -> str:
        if self.encoded:
            return f"{self.count} encoded images"
        return f"{self.count} images of {self.height}x{self.width}x{self.channels} {self.dtype}, {self.axes}"


def layout_of(where: str, shape: Sequence[int], dtype: np.dtype[Any], axes: Axes | None = None) -> Layout:
    """How images lie in an array of this shape and type.

    Three axes are NxHxW. Of four, without ``axes``, the last is taken for the channels where it is 1 to 4 long, else
    the second where that is; where both are, it is the last.

    Args:
        where: the array, in words, for errors.
        shape: N, NxHxW, NxHxWxC or NxCxHxW.
        dtype: uint8, uint16, float32, float64 or bool; of a row, fixed-length bytes.
        axes: where the channels are, instead of the guess.

    Raises:
        DataError: another shape or type, no image, or images of more than ``MAX_PIXELS``.
        ValueError: unknown ``axes``.
    """
    if axes not in (None, "NHWC", "NCHW"):
        raise ValueError(f"layout must be 'NHWC', 'NCHW' or None, not {axes!r}")
    if is_encoded(shape, dtype) and shape[0]:
        return Layout(shape[0], "N", "bytes")
    name = dtype.newbyteorder("=").name
    found = axes or _guess(shape)
    channels = 1 if len(shape) == 3 else (shape[1 if found == "NCHW" else 3] if len(shape) == 4 else 0)
    if channels not in _CHANNELS or 0 in shape or name not in _TYPES:
        raise DataError(
            f"images in {where} must be uint8, uint16, float32, float64 or bool of shape NxHxW, NxHxWxC or NxCxHxW "
            f"with 1 to 4 channels{'' if axes is None else f' in {axes}'} and at least one image, not {dtype} of "
            f"shape {by(shape)}{'' if len(shape) != 4 else f' (read as {found})'}"
        )
    if len(shape) == 3:
        found = "NHW"
    height, width = shape[2:] if found == "NCHW" else shape[1:3]
    if height * width > MAX_PIXELS:
        raise DataError(f"images in {where} are {height}x{width} pixels, more than {MAX_PIXELS}: cut them into tiles")
    return Layout(shape[0], found, "uint8" if name == "bool" else name, height, width, channels)


def is_encoded(shape: Sequence[int], dtype: np.dtype[Any]) -> bool:
    """Whether it is a row of byte strings of one length."""
    return len(shape) == 1 and dtype.kind in "SV" and dtype.names is None and dtype.subdtype is None


def _guess(shape: Sequence[int]) -> str:
    first_is_likelier = len(shape) == 4 and shape[3] not in _CHANNELS and shape[1] in _CHANNELS
    return "NCHW" if first_is_likelier else "NHWC"


def by(shape: Sequence[int]) -> str:
    """A shape in words: 6x4x5."""
    return "x".join(map(str, shape))
