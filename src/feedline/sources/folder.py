"""A folder of class folders: ``root/<class>/.../<image>``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.sources.path_table import PathTable
from feedline.types import Record, Spec

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp"}.union(
        {".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"},
    )
)
"""File names that count as images, in any case. What such a file really is, its content decides."""

_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})


class FolderSource:
    """Image files in class folders, at any depth below them; the folder's name is the class.

    Classes are in the order of their names, files in the order of their folder's path and their name, so that
    the index does not depend on the order in which the disk lists them. Names that begin with a dot, pipes
    and devices are passed over; symbolic links are followed.

    Raises:
        DataError: no such folder, no class folder, a class folder without an image, or folders named like splits.
    """

    has_files = True
    groups = None
    spec = Spec(None, None, None)

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.path.abspath(root)
        if not os.path.isdir(self.root):
            raise DataError(f"no such folder: {self.root}")
        self.classes = _class_names(self.root)
        names, counts = _scan(self.root, self.classes)
        self._names = PathTable(names)
        self.targets: NDArray[np.int64] = np.repeat(np.arange(len(counts)), counts)

    def __len__(self) -> int:
        return len(self._names)

    def path(self, index: int) -> str:
        return os.path.join(self.root, self._names[index])

    def __getitem__(self, index: int) -> Record:
        path = self.path(index)
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except OSError as error:
            raise DecodeError(error.strerror or str(error), "unreadable", path=path, index=index) from error
        return Record(data, int(self.targets[index]), path)

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def __repr__(self) -> str:
        return f"FolderSource({self.root!r})"


def _class_names(root: str) -> list[str]:
    """The class folders' names, sorted; images that lie beside them are warned of."""
    folders, strays = [], 0
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_dir(entry):
                folders.append(entry.name)
            elif _is_image(entry.name):
                strays += 1
    if not folders:
        raise DataError(
            f"no class folder in {root} ({strays} image files lie directly in it): "
            "expected one folder a class, ROOT/CLASS/IMAGE"
        )
    if len(folders) > 1 and _SPLITS.issuperset(name.lower() for name in folders):
        raise DataError(
            f"{root} holds splits ({', '.join(sorted(folders))}) and not classes: open one of them, "
            f"such as {os.path.join(root, min(folders))}"
        )
    if strays:
        warnings.warn(f"{strays} image files lie directly in {root}, in no class: left out", stacklevel=5)
    return sorted(folders)


def _scan(root: str, classes: list[str]) -> tuple[list[str], list[int]]:
    """All images as paths relative to the root, class by class, and how many each class has."""
    names: list[str] = []
    counts = []
    for name in classes:
        found = sorted(_walk(root, name, frozenset()))
        names += (os.path.join(folder, file) for folder, file in found)
        counts.append(len(found))
    if not names:
        raise DataError(f"no image file in {root} or below it: expected ROOT/CLASS/IMAGE, {_endings()}")
    if 0 in counts:
        raise DataError(
            f"class folder {os.path.join(root, classes[counts.index(0)])} holds no image file: "
            f"fill it or remove it ({_endings()})"
        )
    return names, counts


def _walk(root: str, folder: str, above: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(folder, file) of every image below; a link that leads back to a folder above it is not entered again."""
    real = os.path.realpath(os.path.join(root, folder))
    if real in above:
        return
    with os.scandir(real) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if _is_dir(entry):
                yield from _walk(root, os.path.join(folder, entry.name), above | {real})
            elif _is_image(entry.name) and _may_be_read(entry):
                yield folder, entry.name


def _is_dir(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is behind it; ``entry.is_dir`` would raise for a link that leads to itself."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()


def _may_be_read(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file or a link, and no pipe or device, which would be waited for without end."""
    return entry.is_symlink() or entry.is_file()


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _endings() -> str:
    return "file names that end in " + ", ".join(sorted(SUFFIXES))
