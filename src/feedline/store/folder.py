"""The folder of a store, while it is written to: one writer at a time, names that last, errors that tell the file."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedline.errors import DataError

_HELD: set[int] = set()
"""Descriptors of folders that this process writes into."""


def _let_go() -> None:
    """A fork that outlives the writer would keep the lock with what it inherited."""
    for descriptor in _HELD:
        os.close(descriptor)
    _HELD.clear()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes into the folder, which is made where there is none; the system lets go when the process ends.

    Raises:
        DataError: another process, or another thread, writes into it.
        OSError: it cannot be made or opened.
    """
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    _HELD.add(descriptor)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise DataError(f"another process is writing into {folder}: wait for it, or stop it") from error
        yield
    finally:
        if descriptor in _HELD:
            _HELD.remove(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a fork that has not yet run has it open too
            os.close(descriptor)


def sync(folder: Path) -> None:
    """The names in the folder are on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with naming(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError of the block tells of this file where it tells of none, as those of writing do not."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
