"""A file that HDF5 can write to and that never fails it: where a write fails, HDF5 may take the process with it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SteadyFile:
    """What h5py needs of a file, from its beginning.

    Once a write has failed, ``check`` raises; nothing more is written then, and HDF5 is told that it was.

    Args:
        descriptor: of a file open for reading and writing.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._place = 0
        self._end = 0  # as HDF5 believes it to be
        self._error: OSError | None = None

    def check(self) -> None:
        """Raises the OSError that a write met."""
        if self._error is not None:
            raise self._error

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._end}[whence]
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, count: int) -> bytes:
        """So many bytes; zeros where none were written."""
        found = os.pread(self._descriptor, count, self._place)
        self._place += count
        return found.ljust(count, b"\0")

    def readinto(self, memory: Any) -> int:
        view = memoryview(memory).cast("B")
        view[:] = self.read(len(view))
        return len(view)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view) and self._error is None:
            try:
                done += os.pwrite(self._descriptor, view[done:], self._place + done)
            except OSError as error:
                self._error = error
        self._place += len(view)
        self._end = max(self._end, self._place)
        return len(view)

    def truncate(self, size: int) -> int:
        self._end = size
        if self._error is None:
            try:
                os.ftruncate(self._descriptor, size)
            except OSError as error:
                self._error = error
        return size

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def steady(descriptor: int) -> Iterator[SteadyFile]:
    """A ``SteadyFile``; when the block ends, however it does, the OSError that a write met is raised."""
    file = SteadyFile(descriptor)
    try:
        yield file
    finally:
        file.check()
