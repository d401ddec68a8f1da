"""A file that is read where it is looked at: headers of large files without the files."""

from __future__ import annotations

import os
import stat
import struct
from types import TracebackType
from typing import Any, overload

from feedline.codecs.limits import check_file_size
from feedline.errors import DecodeError

_BLOCK = 4096
_HEAD = 65536
"""Read at once: almost every header lies in it."""
_KEPT = 64


class LazyBytes:
    """The bytes of a file by slices, as ``bytes`` has them; a context that closes the file.

    The first 64 kB are read at once, the rest in blocks of 4 kB.

    Raises:
        DecodeError: it is no regular file, or cannot be read ("unreadable").
    """

    def __init__(self, path: str) -> None:
        self._file = open_regular(path)
        self._size = os.fstat(self._file).st_size
        self._head = os.pread(self._file, _HEAD, 0)
        self._blocks: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> bytes: ...
    def __getitem__(self, place: int | slice) -> int | bytes:
        if isinstance(place, int):
            return self[place : place + 1][0]
        start, stop, _ = place.indices(self._size)
        if stop <= len(self._head):
            return self._head[start:stop]
        if stop - start > _BLOCK:
            return os.pread(self._file, stop - start, start)
        first = start // _BLOCK
        wanted = b"".join(self._block(number) for number in range(first, (stop - 1) // _BLOCK + 1))
        return wanted[start - first * _BLOCK : stop - first * _BLOCK]

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            self._blocks[number] = os.pread(self._file, _BLOCK, number * _BLOCK)
        return self._blocks[number]

    def __enter__(self) -> LazyBytes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        os.close(self._file)


Bytes = bytes | LazyBytes


def open_regular(path: str) -> int:
    """A descriptor of the file, for reading.

    Raises:
        DecodeError: it cannot be opened, or is a folder, a pipe or a device ("unreadable").
    """
    try:
        # a pipe without a writer would be waited for
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise DecodeError(error.strerror or str(error), "unreadable", path=path) from error
    except ValueError as error:  # a NUL in the path
        raise DecodeError(str(error), "unreadable", path=path) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise DecodeError("not a regular file", "unreadable", path=path)
    return file


def read_file(path: str) -> bytes:
    """The whole file.

    Raises:
        DecodeError: it cannot be read ("unreadable"), or is larger than any picture or the memory ("too large").
    """
    try:
        with open(open_regular(path), "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            check_file_size(size)
            return stream.read()
    except OSError as error:
        raise DecodeError(error.strerror or str(error), "unreadable", path=path) from error
    except MemoryError as error:
        raise DecodeError(f"its {size} bytes do not fit into memory", "too large", path=path) from error


def unpack(form: str, data: Bytes, at: int) -> tuple[Any, ...]:
    """The numbers that ``form`` (of struct) describes, at ``at``; struct.error where the data end before."""
    return struct.unpack(form, data[at : at + struct.calcsize(form)])
