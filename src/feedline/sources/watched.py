"""A file that is read while others may write it."""

from __future__ import annotations

import os
from typing import BinaryIO

from feedline.errors import DecodeError

State = tuple[int, int, int]
"""Bytes, time of change in nanoseconds, and inode: what tells a file from the next one of its name."""


class WatchedFile:
    """A file, open for reading, that tells whether it was changed since; has no position that anybody could share.

    A file that is deleted or replaced stays what it was; one that is written to or cut is noticed. To read mapped
    memory behind the end of a file that was cut would end the process: ask before.

    Args:
        path: the file.
        state: what it must be in, where another process, or this one before, opened it first.

    Raises:
        OSError: it cannot be opened.
        DecodeError: unreadable: it is in another state. Whoever asked for a sample adds its place.
    """

    def __init__(self, path: str, state: State | None = None) -> None:
        self._descriptor = -1
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.state = self._now()
        if state is not None and self.state != state:
            raise DecodeError(f"{path} was changed or replaced after it was opened first: open it again", "unreadable")

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        return self.state[0]

    def pread(self, count: int, place: int) -> bytes:
        return os.pread(self._descriptor, count, place)

    def stream(self) -> BinaryIO:
        """The same file as a stream from its beginning, for one thread; the caller closes it."""
        stream = os.fdopen(os.dup(self._descriptor), "rb")  # what has a position are the streams alone, never pread
        stream.seek(0)
        return stream

    def require_unchanged(self, path: str, index: int) -> None:
        """Raises a DecodeError of the sample at ``path`` where the file is not what it was when it was opened."""
        if self._now() != self.state:
            raise DecodeError(
                f"{self.path} was changed after it was opened: open it again", "unreadable", path=path, index=index
            )

    def _now(self) -> State:
        status = os.fstat(self._descriptor)
        return status.st_size, status.st_mtime_ns, status.st_ino

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
