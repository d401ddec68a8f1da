"""A shard's file as memory: mapped where it is on a disk, and of a URL only those parts that are wanted."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from feedline._optional import require
from feedline.errors import DecodeError
from feedline.sources.url_reader import UrlReader
from feedline.sources.watched import WatchedFile

Pieces = Sequence[tuple[int, int]]
"""(first byte, behind the last) of parts of a file."""


class View(Protocol):
    """A file whose bytes have addresses.

    Attributes:
        name: in its folder, for errors: the path of a sample says where that is.
        memory: a ``pyarrow.Buffer`` of it; what was not brought of a URL is zeros.
        mapped: whether all of it is there, image bytes too.
    """

    name: str
    memory: Any
    mapped: bool

    def bring(self, parts: Pieces) -> None:
        """These parts are in memory when this returns; raises DecodeError where they cannot be read."""

    def image(self, first: int, length: int) -> bytes:
        """Image bytes from there; raises DecodeError where they cannot be read."""

    def require_unchanged(self) -> None:
        """Raises DecodeError where the file was written to, or cut, after it was opened."""


class MappedView:
    """A file on a disk.

    Args:
        path: the file.
        size: that it must have.

    Raises:
        DecodeError: unreadable or truncated: it is not there, cannot be read, or is of another size.
    """

    mapped = True

    def __init__(self, path: str, size: int) -> None:
        self.name = _name_of(path)
        try:
            self._file = WatchedFile(path)
        except OSError as error:
            raise DecodeError(f"{self.name}: {_why(error)}", "unreadable") from error
        if self._file.size != size:
            raise DecodeError(
                f"{self.name} has {self._file.size} bytes and must have {size}: the store is damaged", "truncated"
            )
        try:
            with self._file.stream() as stream:
                self._map = mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # cut just now, or no file that can be mapped
            raise DecodeError(f"{self.name} cannot be mapped into memory: {_why(error)}", "unreadable") from error
        self.memory = require("pyarrow", "table").py_buffer(self._map)

    def bring(self, parts: Pieces) -> None:
        pass

    def image(self, first: int, length: int) -> bytes:
        try:
            found = self._file.pread(length, first)  # not from the map: a file that is cut just now ends no process
        except (OSError, ValueError, OverflowError) as error:
            raise DecodeError(f"{self.name}: {_why(error)}", "unreadable") from error
        return _as_long(found, length, self.name)

    def require_unchanged(self) -> None:
        try:
            self._file.require_unchanged(self.name, 0)
        except DecodeError as error:
            cause = f"{self.name} was changed after it was opened: open the store again"
            raise DecodeError(cause, error.kind) from error


class UrlView:
    """A file behind a URL: memory of its size, of which the system gives what is written to, and no more.

    Args:
        url: the file.
        size: that it must have.
        options: what fsspec shall know.

    Raises:
        DecodeError: unreadable or truncated: it is not there, or of another size.
    """

    mapped = False

    def __init__(self, url: str, size: int, options: Mapping[str, Any] | None) -> None:
        self.name = _name_of(url)
        try:
            self._reader = UrlReader(url, options)
        except OSError as error:
            raise DecodeError(f"{self.name}: {_why(error)}", "unreadable") from error
        if self._reader.size != size:
            raise DecodeError(
                f"{self.name} has {self._reader.size} bytes and must have {size}: the store is damaged", "truncated"
            )
        self._map = mmap.mmap(-1, size)
        self.memory = require("pyarrow", "table").py_buffer(self._map)

    def bring(self, parts: Pieces) -> None:
        for first, behind in parts:
            self._map[first:behind] = self.image(first, behind - first)

    def image(self, first: int, length: int) -> bytes:
        try:
            found = self._reader.read(first, length)
        except OSError as error:
            raise DecodeError(f"{self.name}: {_why(error)}", "unreadable") from error
        return _as_long(found, length, self.name)

    def require_unchanged(self) -> None:
        """Each range is asked for with the state that the file had."""


def _name_of(place: str) -> str:
    return place.rpartition("/")[2]


def _why(error: Exception) -> str:
    """In words, without the place that a system's own error tells beside them."""
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


def _as_long(found: bytes, length: int, name: str) -> bytes:
    if len(found) != length:
        raise DecodeError(f"{name} ended {length - len(found)} bytes too early", "truncated")
    return found


def view_of(place: str, size: int, options: Mapping[str, Any] | None) -> View:
    """Of a path or a URL; raises DecodeError where it is not there or not of this size."""
    return UrlView(place, size, options) if "://" in place else MappedView(place, size)
