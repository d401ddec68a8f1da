"""HDF5 files, opened so that nothing is shared and nothing outside of the file is read."""

from __future__ import annotations

import io
import os
import posixpath
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from feedline._optional import require
from feedline.errors import DataError
from feedline.sources.watched import State, WatchedFile

_MOST_LINKS = 16
_MOST_DATASETS = 10_000
_MOST_CACHE = 2**28
_MOST_CHUNK = 2**30

DAMAGED = (OSError, EOFError, OverflowError, RuntimeError, ValueError, TypeError, KeyError, MemoryError)
"""What h5py raises where a file is damaged."""


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Whatever h5py makes of damage to the file becomes a DataError."""
    try:
        yield
    except DAMAGED as error:
        raise DataError(f"cannot read {path} as an HDF5 file: {error}") from error


class _Reader:
    """What h5py needs of a file. Each is a file of its own to HDF5, which shares all others by what they are on disk.

    So a forked child does not get the state of its parent, and no file is locked, which read-only media could not be.
    """

    def __init__(self, file: WatchedFile) -> None:
        self._file = file
        self._place = 0  # guarded, as all that is here, by h5py's own lock

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset if whence == io.SEEK_SET else self._file.size + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, count: int) -> bytes:
        if self._place + count > self._file.size:  # before memory is taken for what a damaged file asks for
            raise EOFError(f"{self._file.path} ends before byte {self._place + count}")
        parts = []
        while count:
            part = self._file.pread(count, self._place)
            if not part:
                raise EOFError(f"{self._file.path} ends before byte {self._place + count}")
            parts.append(part)
            self._place += len(part)
            count -= len(part)
        return b"".join(parts)

    def readinto(self, memory: Any) -> int:
        view = memoryview(memory).cast("B")
        view[:] = self.read(len(view))
        return len(view)


class Hdf5File:
    """An open HDF5 file; closed with its last reference, and at the latest when the process ends.

    Args:
        path: the file.
        chunk: bytes of a chunk that is read again and again: the cache is made to hold some of them.
        state: what the file must be in, where it was opened before.

    Raises:
        DataError: no such file, or not an HDF5 file.
        DecodeError: it is in another state.
        ImportError: h5py is not installed.
    """

    def __init__(self, path: str, chunk: int = 0, state: State | None = None) -> None:
        self.h5py: Any = require("h5py", "h5")
        if not os.path.isfile(path):
            raise DataError(f"no such file: {path}")
        with readable(path):
            self.watched = WatchedFile(path, state)
            cache = min(max(2**23, 4 * chunk), _MOST_CACHE)
            self.root = self.h5py.File(_Reader(self.watched), "r", rdcc_nbytes=cache)
        self.close = weakref.finalize(self, self.root.close)  # HDF5 would close it after Python is gone

    def dataset(self, name: str) -> Any:
        """The dataset at that path.

        Raises:
            DataError: nothing or no dataset is there, or its values lie in other files, which it could choose freely,
                or it needs a filter that is not installed.
        """
        found = self._follow(self.root, name, _MOST_LINKS)
        if not isinstance(found, self.h5py.Dataset):
            raise DataError(f"{name} in {self.watched.path} is no dataset: {self.listing()}")
        self._require_own(found)
        self._require_readable(found)
        return found

    def datasets(self) -> Iterator[Any]:
        """Every dataset that is reached without a link, in the order of their paths."""
        found: list[Any] = []

        def visit(_: str, item: Any) -> bool | None:
            if isinstance(item, self.h5py.Dataset):
                found.append(item)
            return True if len(found) >= _MOST_DATASETS else None

        self.root.visititems(visit)
        yield from sorted(found, key=lambda dataset: str(dataset.name))

    def listing(self) -> str:
        """What is in the file, in words: name, type and shape of its first datasets."""
        rows = [f"{each.name} ({each.dtype}, {'x'.join(map(str, each.shape or ()))})" for each in self.datasets()]
        if not rows:
            return "the file holds no dataset"
        return "the file holds " + ", ".join(rows[:20]) + (f" and {len(rows) - 20} more" if len(rows) > 20 else "")

    def _follow(self, group: Any, name: str, links: int) -> Any:
        """What is at the path, never outside of the file."""
        place = self.root if name.startswith("/") else group
        parts = [part for part in name.split("/") if part not in ("", ".")]
        for number, part in enumerate(parts):
            link = place.get(part, getlink=True) if isinstance(place, self.h5py.Group) else None
            if link is None:
                raise DataError(f"no {name} in {self.watched.path}: {self.listing()}")
            if isinstance(link, self.h5py.SoftLink) and links:
                return self._follow(place, posixpath.join(link.path, *parts[number + 1 :]), links - 1)
            if not isinstance(link, self.h5py.HardLink):
                raise DataError(
                    f"{name} in {self.watched.path} is a link to another file, or in a circle, and not followed: "
                    "open the file that holds the images"
                )
            place = place[part]
        return place

    def _require_own(self, dataset: Any) -> None:
        others = [source.file_name for source in dataset.virtual_sources()] if dataset.is_virtual else []
        others += [name for name, *_ in dataset.external or ()]
        if any(other != "." for other in others):
            raise DataError(
                f"{dataset.name} in {self.watched.path} takes its values from other files ({others[0]}), which are "
                "not followed: copy them into one dataset"
            )

    def _require_readable(self, dataset: Any) -> None:
        filters = dataset.id.get_create_plist()
        for number in range(filters.get_nfilters()):
            code, _, _, title = filters.get_filter(number)
            if not self.h5py.h5z.filter_avail(code):
                raise DataError(
                    f"{dataset.name} in {self.watched.path} is compressed by the filter {code} ({title.decode()}), "
                    "which is missing: install and import hdf5plugin"
                )
        if chunk_bytes(dataset) > _MOST_CHUNK:
            raise DataError(
                f"{dataset.name} in {self.watched.path} lies in chunks of {chunk_bytes(dataset)} bytes, more than "
                f"{_MOST_CHUNK}: write it in chunks of a few images"
            )


def chunk_bytes(dataset: Any) -> int:
    """Bytes that are read and decompressed at once; 0 where it is not in chunks."""
    size = dataset.dtype.itemsize if dataset.chunks else 0
    for length in dataset.chunks or ():
        size *= length
    return int(size)
