"""One process at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedline.errors import DataError


@contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """Holds a lock file, which is gone when the block ends; one that a killed process left holds nobody up.

    Raises:
        DataError: another process holds it; says what it is ``doing``.
    """
    descriptor = _taken(path)
    if descriptor is None:
        raise DataError(f"another process is {doing}: wait for it, or end it (it holds {path})")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _still_there(descriptor, path):
            return descriptor
        os.close(descriptor)  # whoever held it took the file away: begin again


def _still_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
