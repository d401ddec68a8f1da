"""A folder of images: class folders, ``root/<class>/.../<image>``, splits of such, or images without classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from feedline.errors import DataError, DecodeError
from feedline.sources.class_folders import (
    check_top,
    choose_split,
    class_arrays,
    pack_names,
    tree_arrays,
    unpack_names,
)
from feedline.sources.path_table import PathTable
from feedline.sources.saved import Arrays, saved_while
from feedline.sources.scan import Walk, state
from feedline.sources.warn import warn
from feedline.types import Record, Spec


class FolderSource:
    """Image files in class folders, at any depth below them; the folder's name is the class.

    A folder of images and no folder is a source too: without classes, every label ``UNLABELLED``. Of a folder with
    splits (``train``, ``val``, ``test`` and their usual other names) ``split`` says which.

    Classes are in the order of their names, files in the order of their folder's path and their name, so that
    the index does not depend on the order in which the disk lists them. Names that begin with a dot, pipes
    and devices are passed over. A symbolic link is followed where it leads to a place in ``root``; those that leave
    it are left out, with a warning.

    The index is saved in the user's cache and mapped from there by every process. It is built anew when a file or
    folder came, went or was renamed, which the times of change of the folders tell. A file whose content was replaced
    in place changes none of them, and nothing in the index: what is read is the file as it is then.

    Args:
        root: the folder.
        split: the split to open, by any of its names in any case, or another folder in ``root``.
        links: "inside" follows links to places in ``root`` only, "anywhere" follows all.
        labels: False takes every image in the folder, at any depth, and knows no classes: each label ``UNLABELLED``.

    Raises:
        DataError: no such folder, no image, a class folder without an image, folders named like splits and no
            ``split``, no such split, or a folder that cannot be listed. Without labels neither classes nor splits
            are looked for.
        ValueError: another value of ``links``.
    """

    has_files = True
    groups = None
    spec = Spec(None, None, None)

    def __init__(
        self,
        root: str | os.PathLike[str],
        split: str | None = None,
        *,
        links: Literal["inside", "anywhere"] = "inside",
        labels: bool = True,
    ) -> None:
        if links not in ("inside", "anywhere"):
            raise ValueError(f'links must be "inside" or "anywhere", not {links!r}')
        given = os.path.abspath(root)
        if not os.path.isdir(given):
            raise DataError(f"no such folder: {given}")
        inside = os.path.realpath(given) if links == "inside" else None
        self.root = given if split is None else _split_folder(given, split, inside)
        kind, index = ("folder", _index) if labels else ("tree", _tree_index)
        arrays = saved_while(f"{kind} 1 {inside} {self.root}", _holds, lambda: index(self.root, inside))
        self._name = f"{given!r}" if split is None else f"{given!r}, split={split!r}"
        self._name += "" if labels else ", labels=False"
        self._take(arrays)
        _warn(self.root, *arrays["passed_over"].tolist())

    def _take(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._names = PathTable.of(arrays)
        self._bulk = (os.fsencode(os.path.join(self.root, "")), *self._names.pieces)
        self._labels = arrays["labels"]
        self.classes = unpack_names(arrays["classes"], "/")
        self.targets: NDArray[np.int64] = arrays["targets"]

    def __len__(self) -> int:
        return len(self._names)

    def path(self, index: int) -> str:
        return os.path.join(self.root, self._names[index])

    def label(self, index: int) -> int:
        """The label of one sample, which its folder tells: ``targets`` is not brought into memory for it."""
        return int(self._labels[self._names.group(index)])

    @property
    def nbytes(self) -> int:
        """What the index takes, in bytes, once for all processes."""
        return sum(array.nbytes for array in self._arrays.values())

    def __getitem__(self, index: int) -> Record:
        path = self.path(index)
        try:
            with open(path, "rb") as stream:
                data = stream.read()
        except OSError as error:
            raise DecodeError(error.strerror or str(error), "unreadable", path=path, index=int(index)) from error
        return Record(data, self.label(index), path)

    def bulk(self, indices: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64]]:
        """Where the files lie, for the kernel, and the labels of these samples."""
        return self._bulk, self._labels[self._names.groups(indices)]

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root, "_name": self._name, "_arrays": self._arrays}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.root, self._name = kept["root"], kept["_name"]
        self._take(kept["_arrays"])

    def __repr__(self) -> str:
        return f"FolderSource({self._name})"


def _index(root: str, inside: str | None) -> dict[str, NDArray[Any]]:
    """What is kept of a folder: paths, labels by folder and by file, classes, and the state of each folder listed."""
    with tqdm(desc="scanning", unit=" images", disable=None, delay=1) as bar:
        walk = Walk(inside, bar.update)
        images, folders = walk.listed(root, os.path.realpath(root))
        classes = sorted(folders)
        check_top(root, images, classes)
        listings = ((name, walk.below(root, name, folders[name])) for name in classes)
        arrays = class_arrays(root, images, listings)
    return {**arrays, **_seen(walk, len(images) if classes else 0)}


def _tree_index(root: str, inside: str | None) -> dict[str, NDArray[Any]]:
    """As :func:`_index`, of all images at any depth, without classes."""
    with tqdm(desc="scanning", unit=" images", disable=None, delay=1) as bar:
        walk = Walk(inside, bar.update)
        arrays = tree_arrays(root, walk.below(root, "", os.path.realpath(root)))
    return {**arrays, **_seen(walk, 0)}


def _seen(walk: Walk, strays: int) -> dict[str, NDArray[Any]]:
    """The state of each folder that was listed, and how much was passed over."""
    return {
        "folders": pack_names(walk.states, "\0"),
        "states": np.array([*walk.states.values()], np.int64),
        "passed_over": np.array([strays, walk.left_out]),
    }


def _holds(arrays: Arrays) -> bool:
    """Whether each folder is in the state that it was in when it was listed: one look a folder, none a file."""
    try:
        kept = zip(unpack_names(arrays["folders"], "\0"), arrays["states"].tolist(), strict=True)
        return all(state(folder) == (changed, inode) for folder, (changed, inode) in kept)
    except OSError:
        return False


def _split_folder(root: str, split: str, inside: str | None) -> str:
    """The folder of the split, by the name given, else by another name of the same split in any case."""
    there = sorted(Walk(inside, lambda _: None).listed(root, os.path.realpath(root))[1])
    return os.path.join(root, choose_split(root, split, there))


def _warn(root: str, strays: int, left_out: int) -> None:
    if strays:
        warn(f"{strays} image files lie directly in {root}, in no class: left out")
    if left_out:
        warn(
            f"{left_out} symbolic links in {root} lead out of the folder that was opened: left out; "
            'links="anywhere" follows them'
        )
