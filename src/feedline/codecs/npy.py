"""NumPy's .npy: a picture as an array, read without unpickling anything."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from feedline.codecs.how import PLAIN, How
from feedline.codecs.lazy import Bytes
from feedline.errors import DecodeError
from feedline.types import Header, Image

_HEAD = 65536
_COUNTS = (1, 3, 4)
"""Numbers of channels that may come first, as torch lays pictures out."""
_FEW, _MOST = 4, 32
"""Of channels: as colours have, and as the instruments of satellites have."""


def read_header(data: Bytes) -> Header:
    """Size, channels and bits of an array of HxW, HxWxC or CxHxW.

    Raises:
        DecodeError: a header that is cut off or makes no sense, an array that is no picture, or of objects.
    """
    shape, _, dtype, _ = _describe(data)
    height, width, channels = _picture(shape)
    return Header("npy", width, height, channels, 8 * dtype.itemsize)


def decode(data: bytes, how: How = PLAIN) -> Image:
    """The array as HxWxC, of its own type (bool as 0 and 255).

    ``how.partial`` takes a file that ends early: what is missing is 0.

    Raises:
        DecodeError: as :func:`read_header`, or truncated.
    """
    shape, fortran, dtype, start = _describe(data)
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    stored = data[start : start + size]
    if len(stored) < size and not how.partial:
        raise DecodeError(f"truncated npy: {size - len(stored)} bytes are missing behind {len(data)}", "truncated")
    flat = np.frombuffer(stored.ljust(size, b"\0"), dtype)
    array = flat.reshape(shape, order="F" if fortran else "C")
    array = array.astype(np.uint8) * np.uint8(255) if dtype.kind == "b" else array.astype(dtype.newbyteorder("="))
    array = array[:, :, np.newaxis] if array.ndim == 2 else array
    height, width, channels = _picture(shape)
    if array.shape != (height, width, channels):
        array = array.transpose(1, 2, 0)
    return np.ascontiguousarray(array)


def _picture(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels; channels come last where that can be."""
    if any(type(side) is not int or side < 0 for side in shape):
        raise DecodeError(f"corrupt npy: {shape} is no shape", "corrupt")
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) == 3 and not 1 <= shape[2] <= _FEW and (shape[0] in _COUNTS or shape[0] <= _MOST < shape[2]):
        shape = (shape[1], shape[2], shape[0])
    if len(shape) != 3 or shape[2] > _MOST:
        raise DecodeError(
            f"an array of shape {shape} is no picture: HxW, HxWxC or CxHxW is, C at most {_MOST}", "unsupported"
        )
    if min(shape) < 1:
        raise DecodeError(f"corrupt npy: an array of shape {shape} has no pixels", "corrupt")
    return shape[0], shape[1], shape[2]


def _describe(data: Bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, whether the first index runs fastest, type, and where the numbers begin."""
    stream = io.BytesIO(data[:_HEAD])
    try:
        version = np.lib.format.read_magic(stream)
        read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}[version[0]]
        shape, fortran, dtype = read(stream)
    except Exception as error:  # whatever its parsing of Python's words meets
        short = len(data) < 128
        raise DecodeError(
            f"{'truncated' if short else 'corrupt'} npy: {error}", "truncated" if short else "corrupt"
        ) from error
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise DecodeError(f"npy of {dtype} is not read: whole numbers and floats are", "unsupported")
    return shape, fortran, dtype, stream.tell()
