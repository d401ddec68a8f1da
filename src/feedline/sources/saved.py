"""An index in arrays that processes share: built once, saved in the user's cache, mapped by whoever needs it."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._atomic import replacing
from feedline._cache import cache_folder
from feedline.errors import DataError

Arrays = Mapping[str, NDArray[Any]]

_MAGIC = b"feedline index 1\n"
_ALIGNMENT = 64


class SavedArrays(Mapping[str, NDArray[Any]]):
    """Named arrays, read-only; pickled as the path of the file that they are mapped from, or by value without one."""

    def __init__(self, arrays: Arrays, file: Path | None = None) -> None:
        self.file = file
        self._arrays = dict(arrays)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.file is None or not self.file.is_file():
            return SavedArrays, (self._arrays,)
        return _reopened, (self.file,)


def saved(what: str, stamp: str, make: Callable[[], Arrays]) -> SavedArrays:
    """The index of ``what``, from the cache where one is that was saved under the same ``stamp``; else made and saved.

    Args:
        what: the kind of index and the absolute path of what it is of.
        stamp: the state of the data: another one wants another index.
        make: builds it.
    """
    name = _digest(what)
    file = cache_folder() / "index" / f"{name}-{_digest(stamp)}.bin"
    found = _opened(file)
    return found if found is not None else keep(file, make())


def saved_while(what: str, holds: Callable[[Arrays], bool], make: Callable[[], Arrays]) -> SavedArrays:
    """The index of ``what`` from the cache, where ``holds`` says that it is still true; else made and saved.

    For data whose state is known only from the index itself. What another state is saved as has another name.

    Args:
        what: the kind of index, with a version, and the absolute path of what it is of.
        holds: compares the state that the arrays tell of with that of the data now.
        make: builds it.
    """
    name, folder = _digest(what), cache_folder() / "index"
    for file in sorted(folder.glob(f"{name}-*.bin")):
        found = _opened(file)
        if found is not None and holds(found):
            return found
    arrays = make()
    return keep(folder / f"{name}-{_digest_of(arrays)}.bin", arrays)


def keep(file: Path, arrays: Arrays) -> SavedArrays:
    """Saves the arrays as ``file``, NAME-STATE.bin, in place of those of other states; in memory where it cannot."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, arrays)
        for other in file.parent.glob(f"{file.name.split('-')[0]}-*.bin"):
            if other != file:
                other.unlink(missing_ok=True)
    except OSError:
        return SavedArrays(arrays)
    return _opened(file) or SavedArrays(arrays)


def _write(file: Path, arrays: Arrays) -> None:
    """A line that says what it is, the length and the text of a JSON header, and the arrays at the places it names."""
    header, place = {}, 0
    for name, array in arrays.items():
        header[name] = (array.dtype.str, array.shape, place)
        place = _aligned(place + array.nbytes)
    text = json.dumps(header).encode()
    with replacing(file) as stream:
        stream.write(_MAGIC + len(text).to_bytes(8, "little") + text)
        begin = _aligned(stream.tell())
        for name, array in arrays.items():
            stream.write(b"\0" * (begin + header[name][2] - stream.tell()))
            stream.write(np.ascontiguousarray(array).data)
        stream.write(b"\0" * _ALIGNMENT)  # an array of no elements at the end has a place too


def _opened(file: Path) -> SavedArrays | None:
    """The arrays in the file, mapped; None where there is none, or no such one."""
    try:
        with open(file, "rb") as stream:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    try:
        return SavedArrays(_read(mapped), file)
    except (ValueError, TypeError, KeyError):  # whatever lies there, it is no index
        return None


def _read(mapped: mmap.mmap) -> Arrays:
    if mapped[: len(_MAGIC)] != _MAGIC:
        raise ValueError("not an index")
    start = len(_MAGIC) + 8
    end = start + int.from_bytes(mapped[len(_MAGIC) : start], "little")
    arrays = {}
    for name, (dtype, shape, place) in json.loads(mapped[start:end]).items():
        kind = np.dtype(dtype)
        if kind.hasobject:
            raise ValueError("an index holds numbers")
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(mapped, kind, count, _aligned(end) + place).reshape(shape)
    return arrays


def _reopened(file: Path) -> SavedArrays:
    found = _opened(file)
    if found is None:
        raise DataError(f"the index {file} is gone: the data was opened anew meanwhile; open it here too")
    return found


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def _digest_of(arrays: Arrays) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def state_of(path: str | os.PathLike[str]) -> str:
    """What changes when the file at ``path`` does, or another takes its place; raises OSError."""
    return stamp_of(os.stat(path))


def stamp_of(status: os.stat_result) -> str:
    """Size, time of change of the content, time of change of anything, and inode, with spaces between."""
    # cp -p and rsync -t may put a file there that has size and time of the old one: the last two tell them apart
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
