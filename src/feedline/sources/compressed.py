"""Compressed files, read onward, and from the beginning again where one goes back."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import threading
import zlib
from typing import Any, BinaryIO

from feedline.sources.reader import check_opened, check_state
from feedline.sources.saved import state_of

DAMAGE = (zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError, OSError)
_STEP = 2**20
_GZIP, _BZIP2, _XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"


def is_compressed(head: bytes) -> bool:
    """Whether it begins as gzip, bzip2 or xz do."""
    return head.startswith((_GZIP, _BZIP2, _XZ))


def unpacking(stream: BinaryIO) -> Any:
    """The file that a gzip, bzip2 or xz file unpacks to; raises an OSError where it is none of them."""
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(_GZIP):
        return gzip.GzipFile(fileobj=stream, mode="rb")
    if head.startswith(_BZIP2):
        return bz2.BZ2File(stream)
    if head.startswith(_XZ):
        return lzma.LZMAFile(stream)
    raise OSError(errno.EINVAL, "compressed neither by gzip nor by bzip2 or xz", stream.name)


class CompressedReader:
    """What a gzip, bzip2 or xz file unpacks to, by place.

    Reading onward unpacks what lies between; reading back begins anew. One thread reads at a time, and each process
    opens the file itself. Where the file is cut or damaged, what it unpacks to ends.
    """

    block = _STEP

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.path.abspath(path)
        self._state = state_of(self.name)
        self._size: int | None = None
        self._streams: dict[int, _Stream] = {}

    @property
    def size(self) -> int:
        """How much it unpacks to: the rest is unpacked to know it."""
        if self._size is None:
            self._size = self._stream().end()
        return self._size

    @property
    def damage(self) -> str:
        """Why it ends too early, as far as it was read; empty where it does not."""
        return self._stream().damage

    def state(self) -> str:
        return self._state

    def read(self, start: int, length: int) -> bytes:
        return self._stream().read(start, length)

    def close(self) -> None:
        self._streams = {}

    def _stream(self) -> _Stream:
        """This process's own: a child may not move its parent's place in the file."""
        found = self._streams.get(os.getpid())
        return found or self._streams.setdefault(os.getpid(), _Stream(self.name, self._state))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_streams": {}}


class _Stream:
    """The unpacked bytes from one open file, at one place."""

    def __init__(self, name: str, state: str) -> None:
        self.damage = ""
        self._name = name
        self._state = state
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._unpacked: Any = None
        self._place = 0

    def read(self, start: int, length: int) -> bytes:
        with self._lock:
            self._skip_to(start)
            parts = []
            while length and (part := self._next(length)):
                parts.append(part)
                length -= len(part)
            return b"".join(parts)

    def end(self) -> int:
        with self._lock:
            self._skip_to(2**63)
            return self._place

    def _skip_to(self, start: int) -> None:
        if self._file is None or start < self._place:
            self._begin()
        while self._place < start and self._next(start - self._place):
            pass

    def _begin(self) -> None:
        self.close()
        file = open(self._name, "rb")  # noqa: SIM115 (open until one goes back)
        try:
            check_opened(file.fileno(), self._state, self._name)
            self._unpacked = unpacking(file)
        except OSError:
            file.close()
            raise
        self._file = file
        self._place, self.damage = 0, ""

    def _next(self, most: int) -> bytes:
        """The next bytes, none at the end and behind damage."""
        assert self._file is not None
        if self.damage:
            return b""
        try:
            found: bytes = self._unpacked.read1(min(most, _STEP))
        except DAMAGE as error:
            found, self.damage = b"", str(error) or type(error).__name__
        check_state(self._file.fileno(), self._state, self._name)
        self._place += len(found)
        return found

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()
