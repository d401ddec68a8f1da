"""A file behind a URL, read by range through fsspec."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from feedline.sources.url_system import UrlSystem

_STATES = ("ETag", "etag", "LastModified", "last_modified", "Last-Modified", "mtime", "created", "generation")


def is_url(name: str) -> bool:
    return "://" in name


class UrlReader:
    """What lies at a URL, by range: ``s3://``, ``gs://``, ``http(s)://``, ``memory://`` and what else fsspec knows.

    Each process makes its own connection when it first reads. After each range it is asked whether the object still
    is as it was when the reader was made: one that was replaced is an OSError.

    Args:
        url: where it lies.
        options: what fsspec shall know, such as ``{"anon": True}`` or an ``endpoint_url``.

    Raises:
        OSError: it is not there or cannot be reached.
        ImportError: fsspec, or its package for this kind of URL, is not installed.
    """

    block = 4 * 2**20
    damage = ""

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self.name = url
        self._system = UrlSystem(url, options)
        self._size, self._state = self._look()

    @property
    def size(self) -> int:
        return self._size

    def state(self) -> str:
        return self._state

    def read(self, start: int, length: int) -> bytes:
        length = min(length, self._size - start)
        if start < 0 or length <= 0:
            return b""
        system, path = self._system.connected()
        try:
            found: bytes = system.cat_file(path, start=start, end=start + length)
        except OSError:
            raise
        except Exception as error:  # each kind of URL has errors of its own
            raise OSError(errno.EIO, f"{type(error).__name__}: {error}", self.name) from error
        if len(found) > length:
            raise OSError(errno.EOPNOTSUPP, "the server gives whole files only, and no ranges of them", self.name)
        if self._look()[1] != self._state:
            raise OSError(errno.ESTALE, "the object was replaced after it was opened: open it anew", self.name)
        return found

    def close(self) -> None:
        self._system.close()

    def _look(self) -> tuple[int, str]:
        """Size and state as they are now."""
        system, path = self._system.connected()
        system.invalidate_cache(path)  # what a listing said some time ago
        try:
            known = system.info(path)
        except OSError:
            raise
        except Exception as error:
            raise OSError(errno.EIO, f"{type(error).__name__}: {error}", self.name) from error
        if known.get("type") == "directory" or known.get("size") is None:
            raise OSError(errno.EINVAL, "it is a folder, or the server does not tell its size", self.name)
        marks = [f"{key}={known[key]}" for key in _STATES if known.get(key)]
        return int(known["size"]), " ".join([str(known["size"]), *marks])
