"""Files that are written below a folder and nowhere else."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from feedline.errors import DataError

PART = ".extracting.part"
"""What is being written: each file is whole before it has its name."""


@dataclass
class TargetFolder:
    """Where files are written to, and which ones.

    Attributes:
        root: the folder.
        source: the archive, for errors.
        most: bytes that may be written.
        ours: whether files that are there already were extracted by us.
        written: the bytes of each file of the archive so far, by its name.
        total: all bytes that were to be written.
    """

    root: Path
    source: Path
    most: int
    ours: bool
    written: dict[str, int] = field(default_factory=dict)
    total: int = 0
    _folders: set[str] = field(default_factory=set)

    def write(self, name: str, size: int, pieces: Iterator[bytes]) -> None:
        """A file, unless an earlier run wrote it."""
        self._allow(size)
        if self._done(name, size):
            return
        with open(self.root / PART, "wb") as stream:
            for piece in pieces:
                stream.write(piece)
        os.replace(self.root / PART, self.root / name)

    def copy(self, target: str, name: str) -> None:
        """A file like another one that was written."""
        size = (self.root / target).stat().st_size
        self._allow(size)
        if not self._done(name, size):
            shutil.copyfile(self.root / target, self.root / PART)
            os.replace(self.root / PART, self.root / name)

    def _allow(self, size: int) -> None:
        self.total += size
        if self.total > self.most:
            raise DataError(
                f"{self.source} unpacks to more than {self.most:,} bytes, as bombs do: if it may, extract it with a "
                "larger max_bytes or max_ratio"
            )

    def _done(self, name: str, size: int) -> bool:
        """Whether an earlier run wrote the file; makes the folder that it belongs in.

        Of two members of one name the later one counts: a file of this run is written again.
        """
        self._make(os.path.dirname(name))
        again = name in self.written
        self.written[name] = size
        with suppress(FileNotFoundError):
            found = os.lstat(self.root / name)
            if not (stat.S_ISREG(found.st_mode) and (self.ours or again)):
                raise DataError(f"{self.root / name} is in the way of {self.source}: move it away")
            return found.st_size == size and not again
        return False

    def _make(self, folder: str) -> None:
        """A folder below the root, each of whose parts is a folder and no link to one."""
        if not folder or folder in self._folders:
            return
        self._make(os.path.dirname(folder))
        with suppress(FileExistsError):
            os.mkdir(self.root / folder)
        if not stat.S_ISDIR(os.lstat(self.root / folder).st_mode):
            raise DataError(f"{self.root / folder} is in the way of {self.source}: move it away")
        self._folders.add(folder)
