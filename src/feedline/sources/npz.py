"""Arrays in ``.npy`` and ``.npz`` files: mapped in their place, unless they are compressed."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from feedline.sources.watched import WatchedFile

UNREADABLE = (
    ValueError,
    EOFError,
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    MemoryError,
    TokenError,
)
"""What comes of a file that is none of NumPy's, or damaged."""

_SUMMED = 2**28
"""Members up to this size are summed up when they are opened; to do so for larger ones would be to read them."""

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 1


def open_npy(file: WatchedFile) -> NDArray[Any]:
    """The one array in the file, mapped; raises one of ``UNREADABLE``. Nothing is unpickled."""
    with file.stream() as stream:
        return _mapped(stream, file.size)


class Npz:
    """The members of an archive, by their names without the ending; a context that closes the archive."""

    def __init__(self, file: WatchedFile) -> None:
        self._stream = file.stream()
        try:
            self._archive = zipfile.ZipFile(self._stream)
        except BaseException:
            self._stream.close()
            raise
        self._members = {info.filename.removesuffix(".npy"): info for info in self._archive.infolist()}

    def __enter__(self) -> Npz:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()
        self._stream.close()

    @property
    def names(self) -> list[str]:
        return list(self._members)

    def read(self, name: str) -> NDArray[Any]:
        """The array in memory; raises one of ``UNREADABLE``."""
        info = self._members[name]
        _require_room(info)
        with self._archive.open(info) as stream:
            array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
            if stream.read(1):
                raise ValueError(f"{name} goes on behind its array")
        return array

    def open(self, name: str) -> NDArray[Any]:
        """The array mapped where it lies as it is, else in memory; raises one of ``UNREADABLE``."""
        info = self._members[name]
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & _ENCRYPTED:
            return self.read(name)
        if info.file_size <= _SUMMED:
            _sum_up(self._archive, info)
        self._stream.seek(info.header_offset)
        mark, name_length, extra_length = _LOCAL_HEADER.unpack(self._stream.read(_LOCAL_HEADER.size))
        if mark != b"PK\x03\x04":
            raise ValueError(f"{name} is not where the archive says")
        begin = self._stream.seek(name_length + extra_length, os.SEEK_CUR)
        return _mapped(self._stream, begin + info.file_size)


def _mapped(stream: BinaryIO, end: int) -> NDArray[Any]:
    """The array whose header begins where the stream is, of a file or member that goes up to ``end``."""
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"its header is of version {version}, which describes fields and no pixels")
    shape, by_columns, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which are not read: save it as numbers")
    begin = stream.tell()
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if min(shape, default=1) < 0 or begin + size > end:
        raise ValueError(f"its header asks for {size} bytes of pixels, and {end - begin} are there")
    order: Any = "F" if by_columns else "C"
    if size == 0 or not shape:
        return npy_in_memory(stream, shape, dtype, size)
    return np.memmap(stream, dtype, "r", begin, shape, order)


def npy_in_memory(stream: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> NDArray[Any]:
    """What cannot be mapped: a single number, or nothing."""
    return np.frombuffer(stream.read(size), dtype).reshape(shape)


def _sum_up(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    with archive.open(info) as stream:
        while stream.read(2**20):
            pass


def _require_room(info: zipfile.ZipInfo) -> None:
    """Raises a MemoryError where the array would take more than half of the machine's memory."""
    room = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    if info.file_size > room:
        raise MemoryError(
            f"{info.filename} takes {info.file_size} bytes, more than half of the memory: save it uncompressed "
            "(np.savez), so that it is mapped"
        )
