"""Bytes of an archive by place, wherever it lies."""

from __future__ import annotations

import errno
import os
from typing import Any, Protocol

from feedline.sources.saved import stamp_of, state_of

_LEAST = 16


class Reader(Protocol):
    """One file's bytes by place: safe between threads, after a fork and when pickled.

    Attributes:
        name: its path or URL.
        size: its bytes.
        block: how many bytes are asked for at once where one reads on and on; where one skips more, a 16th.
    """

    name: str
    block: int

    @property
    def size(self) -> int: ...

    @property
    def damage(self) -> str:
        """Why the bytes end too early, as far as they were read; empty where they do not."""

    def read(self, start: int, length: int) -> bytes:
        """``length`` bytes from ``start``, fewer where the file ends; raises OSError, also where it was changed."""

    def state(self) -> str:
        """What changes when the file does."""

    def close(self) -> None:
        """Lets go of what is open, until it is read again; reads under way in other threads end first."""


class Readable(Protocol):
    def read(self, start: int, length: int) -> bytes: ...


class FileReader:
    """A local file, read without a position that threads or processes could share.

    It is opened when it is first read, and closed when the reader is let go; a forked child may read on from what its
    parent opened. What was changed or replaced since the reader was made is not read: that is an OSError.
    """

    block = 64 * 1024
    damage = ""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.path.abspath(path)
        self._state = state_of(self.name)
        self._open: _Descriptor | None = None

    @property
    def size(self) -> int:
        return int(self._state.split()[0])

    def state(self) -> str:
        return self._state

    def read(self, start: int, length: int) -> bytes:
        if not 0 <= start < self.size:
            return b""
        opened = self._open
        if opened is None:  # two threads may both open it: one is closed when it was read from
            opened = _Descriptor(self.name)
            check_opened(opened.number, self._state, self.name)
            self._open = opened
        found = _read(opened.number, start, min(length, self.size - start))
        check_state(opened.number, self._state, self.name)
        return found

    def close(self) -> None:
        self._open = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": None}


class _Descriptor:
    """An open file, closed when the last who reads from it is done."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self, close: Any = os.close) -> None:
        if "number" in self.__dict__:
            close(self.number)


def _read(descriptor: int, start: int, length: int) -> bytes:
    """The bytes there; the system may hand out less than was asked for, and that is not yet the end."""
    found = os.pread(descriptor, length, start)
    while found and len(found) < length:
        more = os.pread(descriptor, length - len(found), start + len(found))
        if not more:
            break
        found += more
    return found


def check_opened(descriptor: int, state: str, name: str) -> None:
    """Raises an OSError where the file that was just opened is not the one of the state."""
    _compare(descriptor, state, name, 3)  # without the inode: some network drives number their files anew


def check_state(descriptor: int, state: str, name: str) -> None:
    """Raises an OSError where the open file was written to since; it may have been deleted or replaced by then."""
    _compare(descriptor, state, name, 2)


def _compare(descriptor: int, state: str, name: str, parts: int) -> None:
    if stamp_of(os.fstat(descriptor)).split()[:parts] != state.split()[:parts]:
        raise OSError(errno.ESTALE, "the file was changed or replaced after it was opened: open it anew", name)


class Window:
    """Reads onward through a reader: many small reads close to each other are one, and far ones read little."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._start = 0
        self._data = b""
        self._ahead = reader.block // _LEAST

    def read(self, start: int, length: int) -> bytes:
        offset = start - self._start
        if offset >= 0 and offset + length <= len(self._data):
            return self._data[offset : offset + length]
        near = 0 <= offset <= len(self._data) + self._reader.block
        self._ahead = min(2 * self._ahead, self._reader.block) if near else self._reader.block // _LEAST
        self._data = self._data[offset:] if 0 <= offset <= len(self._data) else b""
        self._start = start
        missing = length - len(self._data)
        self._data += self._reader.read(start + len(self._data), max(missing, self._ahead))
        return self._data[:length]
