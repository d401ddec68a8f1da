"""Which source opens what, by how a file is called and by what lies in a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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
    UrlFolderSource,
    VocSource,
    YoloSource,
)
from feedline.store import StoreSource, is_store
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
            return _made(MnistSource, path, how)
        if _CIFAR.match(name):
            return _made(CifarSource, path, how)
        opener = _SUFFIXES.get(os.path.splitext(name)[1].lower())
        if opener is not None:
            return _made(opener, path, how)
    raise DataError(f"cannot open {path}: expected a folder, or a file that ends in {', '.join(sorted(_SUFFIXES))}")


def source_of_url(url: str, how: dict[str, Any]) -> Source:
    """What opens an address: by the ending of its path, else a folder."""
    ending = os.path.splitext(urlsplit(url).path.rstrip("/"))[1].lower()
    if ending == ".feed":
        return _made(StoreSource, url, how)
    opener = _SUFFIXES.get(ending)
    return _made(opener if opener in (ArchiveSource, TableSource) else UrlFolderSource, url, how)


def _made(opener: Callable[..., Source], path: Any, how: dict[str, Any]) -> Source:
    """Opens; a word that is not known is said with those that are."""
    known = [name for name in signature(opener).parameters if name not in ("path", "root", "annotations", "how")]
    wrong = [name for name in how if name not in known and name != "root"]
    if wrong and opener is not _yolo:
        name = getattr(opener, "__name__", "it")
        raise TypeError(f"{path} is opened by {name}, which takes {', '.join(known)}; not {', '.join(wrong)}")
    return opener(path, **how)


def source_of_folder(path: str, how: dict[str, Any]) -> Source:
    """What opens a folder, by what lies in it.

    Raises:
        DataError: nothing that feedline opens.
    """
    inside = _Inside(path)
    for looks_so, opener in _FOLDERS:
        if looks_so(inside):
            return _made(opener, path, how)
    return _made(FolderSource, path, how)


class _Inside:
    """What lies directly in a folder, by name."""

    def __init__(self, path: str) -> None:
        self.path = path
        with os.scandir(path) as entries:
            kinds = [(entry.name, entry.is_dir()) for entry in entries]
        self.files = {name for name, is_folder in kinds if not is_folder}
        self.folders = {name for name, is_folder in kinds if is_folder}

    def is_yolo(self) -> bool:
        """A description that names classes or splits, or labels that are texts beside images."""
        if "data.yaml" in self.files:
            text = Path(self.path, "data.yaml").read_text(encoding="utf-8", errors="replace")
            return re.search(r"^(names|nc|train|val)\s*:", text, re.MULTILINE) is not None
        labels = Path(self.path, "labels")
        return self.has(folders=["images", "labels"]) and any(
            next(labels.glob(pattern), None) is not None for pattern in ("*.txt", "*/*.txt")
        )

    def has(self, files: Iterable[str] = (), folders: Iterable[str] = ()) -> bool:
        return self.files.issuperset(files) and self.folders.issuperset(folders)


_FOLDERS: list[tuple[Callable[[_Inside], bool], Callable[..., Source]]] = [
    (lambda inside: is_store(inside.path), StoreSource),
    (lambda inside: inside.is_yolo(), _yolo),
    (lambda inside: inside.has(folders=["Annotations"]), VocSource),
    (lambda inside: any(map(_MNIST.match, inside.files)), MnistSource),
    (lambda inside: any(map(_CIFAR.match, inside.files)) or inside.has(["train", "test", "meta"]), CifarSource),
    (lambda inside: inside.has(["train.bin", "test.bin"]), CifarSource),
]
