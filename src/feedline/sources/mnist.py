"""MNIST and the sets in its format: Fashion-MNIST, KMNIST, EMNIST."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.handle import Handle
from feedline.sources.idx import read_idx
from feedline.sources.labels import KeptLabels, checked_groups, class_names, labelled, unlabelled
from feedline.sources.layout import layout_of
from feedline.sources.watched import State, WatchedFile
from feedline.types import Record

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
"""The names of Fashion-MNIST's classes, for ``classes=``."""

_SPLITS = {"train": "train", "test": "(?:t10k|test)"}
_IMAGES = re.compile(r"images[-.]idx3[-.]ubyte(\.gz)?$", re.IGNORECASE)
_COUNT, _HEIGHT, _WIDTH = 0, 1, 2


class _Opened(NamedTuple):
    file: WatchedFile
    images: NDArray[np.uint8]


class MnistSource:
    """Grey images and labels in idx files, as they are published: ``train-images-idx3-ubyte`` and its like.

    The names may have a dot before idx, begin with the name of a set (``emnist-letters-train-images-idx3-ubyte``) and
    end in ``.gz``. Images are 1 channel of uint8, black where nothing is drawn; those of EMNIST lie on their side, as
    they are published (``transpose`` turns them). What is not compressed is memory-mapped.

    Args:
        path: the folder, or the file of the images; its labels lie beside it.
        split: "train" or "test" (``t10k`` too), of a folder.
        classes: names of the classes; else their numbers.
        groups: one value a sample where samples belong together.
        labels: False for images whose labels are not there.
        transpose: whether rows and columns change places, as EMNIST needs it.

    Raises:
        DataError: no such file, a folder without the files of the split or with several, a file whose header is not of
            its kind or whose size does not fit the header, or another number of labels. On access, where the file was
            written to meanwhile, or another one lies there when a process opens it, a DecodeError.
        ValueError: an unknown split.
    """

    has_files = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        split: Literal["train", "test"] = "train",
        *,
        classes: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
        labels: Literal[False] | None = None,
        transpose: bool = False,
    ) -> None:
        if split not in _SPLITS:
            raise ValueError(f"split must be 'train' or 'test', not {split!r}")
        self.file = _find_images(os.path.abspath(path), split)
        self._transpose = transpose
        self._handle: Handle[_Opened] = Handle(inherited=True)
        self._state: State | None = None
        opened = self._handle.get(self._open)
        self._state = opened.file.state
        images = opened.images
        self.spec = layout_of(self.file, images.shape, images.dtype).spec
        targets = unlabelled(len(images)) if labels is False else _read_labels(self.file, len(images))
        self._labels = KeptLabels(targets, self.file, labels)
        self.classes = class_names(self.file, targets, classes)
        self.groups = checked_groups(self.file, groups, len(images))

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def targets(self) -> NDArray[np.int64]:
        """The class of each sample, read-only; UNLABELLED (-1) where it has none."""
        return self._labels.targets

    def path(self, index: int) -> str:
        return f"{self.file}[{index}]"

    def __getitem__(self, index: int) -> Record:
        return Record(self._read(index, index)[..., np.newaxis], int(self.targets[index]), self.path(index))

    def bulk(self, indices: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64]] | None:
        """All images, NxHxWx1, and the labels of these; None where rows and columns change places."""
        index = int(indices[0])
        opened = self._handle.get_for(self.path(index), index, self._open)
        opened.file.require_unchanged(self.path(index), index)
        return None if self._transpose else (opened.images[..., np.newaxis], self.targets[indices])

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        if not len(indices):
            return []
        images = self._read(np.asarray(indices, dtype=np.intp), indices[0])[..., np.newaxis]
        return [
            Record(image, int(self.targets[index]), self.path(index))
            for image, index in zip(images, indices, strict=True)
        ]

    def _read(self, where: Any, index: int) -> NDArray[np.uint8]:
        path = self.path(index)
        opened = self._handle.get_for(path, index, self._open)
        opened.file.require_unchanged(path, index)
        found: NDArray[np.uint8] = opened.images[where]
        return found

    def _open(self) -> _Opened:
        file = _watched(self.file, self._state)
        images = read_idx(file, axes=3)
        if self._transpose:
            images = images.transpose(_COUNT, _WIDTH, _HEIGHT)
        return _Opened(file, images)

    def __repr__(self) -> str:
        return f"MnistSource({self.file!r})"


def _watched(path: str, state: State | None = None) -> WatchedFile:
    try:
        return WatchedFile(path, state)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _find_images(path: str, split: str) -> str:
    if os.path.isfile(path):
        return path
    if not os.path.isdir(path):
        raise DataError(f"no such file or folder: {path}")
    names = sorted(os.listdir(path))
    of_split = re.compile(rf"(^|[-_]){_SPLITS[split]}[-_]{_IMAGES.pattern}", re.IGNORECASE)
    found = [name for name in names if of_split.search(name) and os.path.isfile(os.path.join(path, name))]
    plain = [name for name in found if not name.lower().endswith(".gz")] or found
    if len(plain) != 1:
        usual = f"{'t10k' if split == 'test' else 'train'}-images-idx3-ubyte"
        raise DataError(
            f"{path} must hold one file of the {split} images, such as {usual} or {usual}.gz: it holds "
            f"{', '.join(plain or names[:10]) or 'nothing'}"
        )
    return os.path.join(path, plain[0])


def _read_labels(images: str, count: int) -> NDArray[np.int64]:
    folder, name = os.path.split(images)
    stem, changes = re.subn("images([-.])idx3", r"labels\1idx1", name)
    if not changes:
        raise DataError(f"no labels can be found beside {images}: name it ...images-idx3-ubyte, or say labels=False")
    base = re.sub(r"\.gz$", "", stem)
    beside = [os.path.join(folder, base), os.path.join(folder, base + ".gz")]
    path = next((path for path in beside if os.path.isfile(path)), None)
    if path is None:
        raise DataError(f"no labels beside {images}: looked for {' and '.join(beside)}; or say labels=False")
    return labelled(path, np.asarray(read_idx(_watched(path), axes=1)), count, None)[0]
