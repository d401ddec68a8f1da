"""The folder of a store, while it is written to: one writer at a time, and names that last."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedline.errors import DataError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes into the folder, which is made where there is none; the system lets go when the process ends.

    Raises:
        DataError: another process, or another thread, writes into it.
        OSError: it cannot be made or opened.
    """
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            raise DataError(f"another process is writing into {folder}: wait for it, or stop it") from error
        yield
    finally:
        os.close(descriptor)


def sync(folder: Path) -> None:
    """The names in the folder are on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
