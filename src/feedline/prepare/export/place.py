"""Where an export goes: a folder or a file that is whole or absent."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedline._atomic import require_parent
from feedline.errors import DataError
from feedline.store.folder import sync


def require_absent(out: Path) -> None:
    """Raises a DataError where something is there already, and an OSError where nothing can be put there."""
    if os.path.lexists(out):
        raise DataError(f"{out} is there already, and an export overwrites nothing: give another name, or remove it")
    require_parent(out)


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its place when the block ends well, and vanishes when it does not.

    Whoever fills it sees to it that the files are on the disk before the block ends.
    """
    beside = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        inside = beside / out.name
        inside.mkdir()  # with the rights that any new folder has
        yield inside
        sync(inside)
        require_absent(out)
        os.rename(inside, out)
        sync(out.parent)
    finally:
        shutil.rmtree(beside)
