"""A path or a name to a dataset: the only list of what opens what."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from feedline.dataset import ImageDataset
from feedline.errors import DataError
from feedline.sources import ArraySource, FolderSource
from feedline.types import Mode, Source

EMBEDDED = Path(__file__).parent / "embedded"


def _glyphs() -> ArraySource:
    """The embedded letters; faces belong together by the first word of their family's name."""
    faces = json.loads((EMBEDDED / "glyphs.fonts.json").read_text(encoding="utf-8"))
    letters = "ABCDEFGHIJ"
    families = [face["family"].split()[0] for face in faces for _ in letters]
    return ArraySource(EMBEDDED / "glyphs.npz", classes=list(letters), groups=families)


_NAMES: dict[str, Callable[[], Source]] = {"glyphs": _glyphs}
_SUFFIXES: dict[str, Callable[[str], Source]] = {".npz": ArraySource, ".npy": ArraySource}


def open(
    path: str | os.PathLike[str],
    transform: Callable[[Any], Any] | None = None,
    mode: Mode | None = None,
) -> ImageDataset:
    """The images at ``path`` as a map-style dataset of (image, label).

    Args:
        path: a folder of class folders, an ``.npz`` or ``.npy`` file, or "glyphs", the embedded letters A to J
            (write "./glyphs" for a folder of that name).
        transform: what shall happen to each image; without one it stays an HxWxC uint8 array.
        mode: "RGB", "L" or "unchanged"; by default "RGB" for files and "unchanged" for arrays.

    Raises:
        DataError: nothing is there, or nothing that feedline opens, or not in the layout that it needs.
        ValueError: an unknown mode.
    """
    source = _source(os.fspath(path))
    return ImageDataset(source, transform, ("RGB" if source.has_files else "unchanged") if mode is None else mode)


def _source(path: str) -> Source:
    if path in _NAMES:
        return _NAMES[path]()
    if os.path.isdir(path):
        return FolderSource(path)
    if not os.path.exists(path):
        raise DataError(f"no such file or folder: {os.path.abspath(path)} (embedded sets: {', '.join(_NAMES)})")
    reader = _SUFFIXES.get(os.path.splitext(path)[1].lower())
    if reader is None:
        raise DataError(
            f"cannot open {os.path.abspath(path)}: expected a folder of class folders, "
            f"or a file that ends in {' or '.join(_SUFFIXES)}"
        )
    return reader(path)
