"""Which source opens what, by how a file is called and by what lies in a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from feedline.codecs import probe
from feedline.errors import DataError
from feedline.sources import (
    ArchiveSource,
    ArraySource,
    CifarSource,
    CocoSource,
    FolderSource,
    HDF5Source,
    MnistSource,
    TableSource,
    VocSource,
    YoloSource,
)
from feedline.types import Source

_SWAPPED = (5, 6, 7, 8)  # orientations that stand on a side
_MNIST = re.compile(r".*images[-.]idx3-ubyte(\.gz)?$")
_CIFAR = re.compile(r"(data_batch_\d|test_batch)(\.bin)?$")


def upright_size(data: bytes) -> tuple[int, int]:
    """Width and height of an encoded image, as its orientation says that it is looked at.

    Raises:
        DecodeError: the header cannot be read.
    """
    header = probe(data)
    size = header.width, header.height
    return size[::-1] if header.orientation in _SWAPPED else size


def _yolo(path: str, **how: Any) -> YoloSource:
    return YoloSource(path, **{"size_of": upright_size, **how})


def _by_suffix(*groups: tuple[str, Callable[..., Source]]) -> dict[str, Callable[..., Source]]:
    return {suffix: opener for suffixes, opener in groups for suffix in suffixes.split()}


_SUFFIXES = _by_suffix(
    (".npz .npy", ArraySource),
    (".h5 .hdf5 .hdf .he5", HDF5Source),
    (".tar .zip .tgz .gz .tbz2 .bz2 .txz .xz", ArchiveSource),
    (".csv .tsv .jsonl .ndjson .parquet .pq", TableSource),
    (".json", CocoSource),
    (".yaml .yml", _yolo),
)


def source_of_name(path: Any, how: dict[str, Any]) -> Source:
    """What opens a file, or the shards of an archive, by the name.

    Raises:
        DataError: nothing that feedline opens is called so.
    """
    first = os.fspath(path[0]) if isinstance(path, list | tuple) and path else path
    if isinstance(first, str):
        name = os.path.basename(first)
        if _MNIST.match(name):
            return MnistSource(path, **how)
        if _CIFAR.match(name):
            return CifarSource(path, **how)
        opener = _SUFFIXES.get(os.path.splitext(name)[1].lower())
        if opener is not None:
            return opener(path, **how)
    raise DataError(f"cannot open {path}: expected a folder, or a file that ends in {', '.join(sorted(_SUFFIXES))}")


def source_of_folder(path: str, how: dict[str, Any]) -> Source:
    """What opens a folder, by what lies in it.

    Raises:
        DataError: nothing that feedline opens.
    """
    for looks_so, opener in _FOLDERS:
        if looks_so(_Inside(path)):
            return opener(path, **how)
    return FolderSource(path, **how)


class _Inside:
    """What lies directly in a folder, by name."""

    def __init__(self, path: str) -> None:
        with os.scandir(path) as entries:
            kinds = [(entry.name, entry.is_dir()) for entry in entries]
        self.files = {name for name, is_folder in kinds if not is_folder}
        self.folders = {name for name, is_folder in kinds if is_folder}

    def has(self, files: Iterable[str] = (), folders: Iterable[str] = ()) -> bool:
        return self.files.issuperset(files) and self.folders.issuperset(folders)


_FOLDERS: list[tuple[Callable[[_Inside], bool], Callable[..., Source]]] = [
    (lambda inside: inside.has(files=["data.yaml"]) or inside.has(folders=["images", "labels"]), _yolo),
    (lambda inside: inside.has(folders=["Annotations"]), VocSource),
    (lambda inside: any(map(_MNIST.match, inside.files)), MnistSource),
    (lambda inside: any(map(_CIFAR.match, inside.files)) or inside.has(["train", "test", "meta"]), CifarSource),
    (lambda inside: inside.has(["train.bin", "test.bin"]), CifarSource),
]
