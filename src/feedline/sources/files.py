"""Files that a table or an annotation names: found inside their root, and read whole."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable

from tqdm import tqdm

from feedline.errors import DataError, DecodeError
from feedline.sources.problems import Finding

_FOREIGN = re.compile(r"^[A-Za-z]:|^\\\\|^[A-Za-z][A-Za-z0-9+.-]+://")
SUSPICIOUS = r"^/|^[A-Za-z]:|\\|(^|/)\.\.?(/|$)|//|\x00|^$"
"""A regular expression (also in RE2) for the names that ``inside`` may change or refuse; all others are fine."""


def is_foreign(name: str) -> bool:
    """Whether it is a path of Windows with a drive or a share, or a URL."""
    return _FOREIGN.match(name) is not None


def inside(root: str, name: str, where: str, allow_outside: bool = False) -> str:
    """``name`` as a path relative to ``root`` with plain separators; absolute where it is allowed to lie outside.

    A backslash counts as a separator, as on the systems where such tables are written.

    Raises:
        DataError: no name, a path of another system, a URL, or one that leaves the root; says ``where`` it stands.
    """
    if not name or "\0" in name:
        raise DataError(f"{where}: a path must not be {'empty' if not name else 'one with a zero byte'}: {name!r}")
    if is_foreign(name):
        raise DataError(
            f"{where}: {name!r} is a path of another system or a URL, and no file below {root}: "
            "write paths relative to the root into the table, with / between folders"
        )
    path = os.path.normpath(os.path.join(root, name.replace("\\", "/")))
    prefix = os.path.join(root, "")
    if path == root:
        return "."
    if path.startswith(prefix):
        return path[len(prefix) :]
    if allow_outside:
        return path
    raise DataError(
        f"{where}: {name!r} leads out of {root}: give root= a folder that holds every file, "
        "or allow_outside=True if you trust whoever wrote this"
    )


def read_file(path: str, index: int, note: str = "") -> bytes:
    """All bytes of a file; pipes and devices are not waited for.

    Raises:
        DecodeError: unreadable; names path and index, and ends in ``note``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise DecodeError(f"not a regular file{note}", "unreadable", path=path, index=index)
            return stream.read()
    except (OSError, ValueError) as error:
        cause = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DecodeError(f"{cause}{note}", "unreadable", path=path, index=index) from error


class LocalFiles:
    """Files on this machine by their paths, relative to ``root``."""

    def __init__(self, root: str) -> None:
        self.root = root

    def place(self, name: str) -> str:
        """The path of a name that ``inside`` gave."""
        return os.path.join(self.root, name)

    def inside(self, name: str, where: str, allow_outside: bool = False) -> str:
        return inside(self.root, name, where, allow_outside)

    def read(self, path: str, index: int, note: str = "") -> bytes:
        return read_file(path, index, note)

    def missing(self, count: int, path: Callable[[int], str]) -> list[Finding]:
        return missing_files(count, path)


def missing_files(count: int, path: Callable[[int], str]) -> list[Finding]:
    """A finding for every sample whose file is not there."""
    places = tqdm(range(count), unit=" files", disable=None, leave=False)
    return [
        Finding(path(index), index, "missing file", "no such file")
        for index in places
        if not os.path.isfile(path(index))
    ]
