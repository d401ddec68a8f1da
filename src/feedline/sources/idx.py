"""The idx format of MNIST: a magic number, sizes, and unsigned bytes."""

from __future__ import annotations

import gzip
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.layout import by
from feedline.sources.watched import WatchedFile

_UNSIGNED_BYTES = 8
_MOST = 2**31


def read_idx(file: WatchedFile, axes: int) -> NDArray[np.uint8]:
    """The array in the file: mapped, or in memory where it is compressed by gzip.

    The file begins with two zeros, a byte for the type (8: unsigned bytes) and one for the number of axes, and the
    length of each axis as four bytes, the highest first.

    Raises:
        DataError: another beginning or number of axes, or not as many bytes as the sizes ask for.
    """
    with file.stream() as stream:
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        if packed:
            return _unpacked(file.path, gzip.GzipFile(fileobj=stream), axes)
        shape = _shape(file.path, stream.read(4 + 4 * axes), axes)
        begin = 4 + 4 * axes
        _require_size(file.path, shape, file.size - begin)
        return np.memmap(stream, np.uint8, "r", begin, shape)


def _unpacked(path: str, stream: Any, axes: int) -> NDArray[np.uint8]:
    try:
        shape = _shape(path, stream.read(4 + 4 * axes), axes)
        size = math.prod(shape)
        if size > _MOST:
            raise DataError(f"{path} says it holds {size} bytes: unpack it, so that it is mapped")
        content = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot unpack {path}: {error}") from error
    _require_size(path, shape, len(content))
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(path: str, header: bytes, axes: int) -> tuple[int, ...]:
    if len(header) < 4 + 4 * axes or header[:4] != bytes((0, 0, _UNSIGNED_BYTES, axes)):
        raise DataError(
            f"{path} is no idx file of unsigned bytes with {axes} {'axis' if axes == 1 else 'axes'}: it begins with "
            f"{header[:4].hex(' ') or 'nothing'} and not 00 00 08 {axes:02x}"
        )
    return tuple(int.from_bytes(header[place : place + 4], "big") for place in range(4, 4 + 4 * axes, 4))


def _require_size(path: str, shape: tuple[int, ...], found: int) -> None:
    size = math.prod(shape)
    if not size:
        raise DataError(f"{path} says that it holds nothing: its sizes are {by(shape)}")
    if found != size:
        there = "more" if found > size else str(found)
        raise DataError(
            f"{path} says {by(shape)}, {size} bytes behind its header, and {there} are there: fetch it again"
        )
