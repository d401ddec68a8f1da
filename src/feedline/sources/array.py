"""Arrays of images: ``.npz`` with images and labels, ``.npy`` with its labels beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from feedline.errors import DataError
from feedline.sources.handle import Handle
from feedline.sources.labels import KeptLabels, checked_groups, labelled, names_in
from feedline.sources.layout import Axes, is_encoded, layout_of
from feedline.sources.npz import UNREADABLE, Npz, open_npy
from feedline.sources.watched import State, WatchedFile
from feedline.types import Record

IMAGE_KEYS = ("images", "image", "x", "X", "data", "arr_0")
LABEL_KEYS = ("labels", "label", "y", "Y", "targets", "arr_1")

Labels = str | ArrayLike | Literal[False] | None


class _Opened(NamedTuple):
    file: WatchedFile
    images: NDArray[Any]
    whole: NDArray[np.uint8] | None
    """All of them as the kernel takes them: NxHxWxC uint8, channels together."""


class _Found(NamedTuple):
    images: NDArray[Any]
    labels: NDArray[Any] | None
    names: list[str] | None


class ArraySource:
    """Images as one array, NxHxW, NxHxWxC or NxCxHxW with 1 to 4 channels, and a label a sample.

    Values stay as they are: uint8, uint16, float32 or float64; bool becomes uint8, 0 and 255. Of four axes the last is
    taken for the channels where it is 1 to 4 long, else the second; ``repr`` says what was taken. An array of one axis
    holds encoded files as fixed-length bytes (S or V), which are handed on with the zeros that pad them.

    An ``.npz`` holds both, by the names ``images`` (or image, x, X, data, arr_0) and ``labels`` (or label, y, Y,
    targets, arr_1), and if it likes ``classes``, the names of the classes. The labels of an ``.npy`` lie beside it as
    ``NAME.labels.npy`` or ``labels.npy``. Labels, N or Nx1, are whole numbers from 0 (3.0 too), and without names a
    class is called by its number; or names, whose classes are sorted. Where it is -1, NaN or an empty name, a sample
    has no class (UNLABELLED). What is not compressed is memory-mapped, members of an ``.npz`` too. Labels are kept in
    the user's cache, and only paths are pickled: each process opens the file itself. Nothing in it is unpickled.

    Args:
        path: the ``.npz`` or ``.npy`` file.
        classes: names of the classes, in place of those in the file.
        groups: one value a sample where samples belong together.
        images: the name of the images in an ``.npz``.
        labels: the name of the labels in an ``.npz``, or the file of those of an ``.npy``, from its folder; or the
            labels themselves; or False for images without classes.
        layout: "NHWC" or "NCHW", where the guess is wrong.

    Raises:
        DataError: no such file, no images or labels in it, or arrays of the wrong shape or type. On access, where the
            file was written to meanwhile, or another one lies there when a process opens it, a DecodeError.
    """

    has_files = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        classes: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
        images: str | None = None,
        labels: Labels = None,
        layout: Axes | None = None,
    ) -> None:
        self.file = os.path.abspath(path)
        self._image_key = images
        self._handle: Handle[_Opened] = Handle(inherited=True)
        file = _watched(self.file)
        self._state = file.state
        found = _load(file, images, labels)
        self._layout = layout_of(self.file, found.images.shape, found.images.dtype, layout)
        self._handle.get(lambda: _Opened(file, found.images, self._whole(found.images)))
        count = self._layout.count
        names = found.names if classes is None else classes
        targets, self.classes = labelled(self.file, found.labels, count, names)
        self._labels = KeptLabels(targets, self.file, images, labels, f"{self.classes}")
        self.groups = checked_groups(self.file, groups, count)
        self.spec = self._layout.spec

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def targets(self) -> NDArray[np.int64]:
        """The class of each sample, read-only; UNLABELLED (-1) where it has none."""
        return self._labels.targets

    def path(self, index: int) -> str:
        return f"{self.file}[{index}]"

    def __getitem__(self, index: int) -> Record:
        opened = self._opened(index)
        stored = opened.images[index]
        return self._record(stored if self._layout.encoded else self._layout.upright(stored), index)

    def bulk(self, indices: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64]] | None:
        """All images, NxHxWxC, and the labels of these; None where they are not uint8 with their channels together."""
        whole = self._opened(int(indices[0])).whole
        return None if whole is None else (whole, self.targets[indices])

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        if not len(indices):
            return []
        opened = self._opened(indices[0])
        places, back = np.unique(np.asarray(indices, dtype=np.intp), return_inverse=True)
        images = np.asarray(opened.images[places])  # in the order of the file: half as much time again without
        found = list(images) if self._layout.encoded else list(self._layout.upright(images))
        return [self._record(found[place], index) for place, index in zip(back.tolist(), indices, strict=True)]

    def _record(self, found: Any, index: int) -> Record:
        return Record(found.tobytes() if self._layout.encoded else found, int(self.targets[index]), self.path(index))

    def _opened(self, index: int) -> _Opened:
        """The images, of the file as it was when the source was made; else a DecodeError of the sample."""
        path = self.path(index)
        opened = self._handle.get_for(path, index, self._open)
        opened.file.require_unchanged(path, index)
        return opened

    def _open(self) -> _Opened:
        file = _watched(self.file, self._state)
        images = _load(file, self._image_key, False).images
        return _Opened(file, images, self._whole(images))

    def _whole(self, images: NDArray[Any]) -> NDArray[np.uint8] | None:
        if self._layout.axes not in ("NHW", "NHWC") or images.dtype != np.uint8:
            return None
        upright = self._layout.upright(images).view(np.ndarray)  # a memmap's views are slower to make
        return upright if upright.strides[2:] == (upright.shape[3], 1) else None

    def __repr__(self) -> str:
        return f"ArraySource({self.file!r}, {self._layout})"


def _watched(file: str, state: State | None = None) -> WatchedFile:
    if not os.path.isfile(file):
        raise DataError(f"no such file: {file}")
    try:
        return WatchedFile(file, state)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from error


def _load(file: WatchedFile, image_key: str | None, labels: Labels) -> _Found:
    load = _load_npz if file.path.lower().endswith(".npz") else _load_npy
    try:
        found = load(file, image_key, labels)
    except UNREADABLE as error:
        raise DataError(f"cannot read {file.path} as a NumPy file: {error}") from error
    if is_encoded(found.images.shape, found.images.dtype):  # NumPy would take zeros off the end of an S
        return found._replace(images=found.images.view(f"V{found.images.dtype.itemsize}"))
    return found


def _load_npz(file: WatchedFile, image_key: str | None, labels: Labels) -> _Found:
    with Npz(file) as arrays:
        images = arrays.open(_pick(file.path, arrays, image_key, IMAGE_KEYS, "images"))
        if labels is False:
            return _Found(images, None, None)
        if labels is None or isinstance(labels, str):
            labels = arrays.read(_pick(file.path, arrays, labels, LABEL_KEYS, "labels"))
        names = names_in(arrays.read("classes")) if "classes" in arrays.names else None
        return _Found(images, np.asarray(labels), names)


def _pick(file: str, arrays: Npz, asked: str | None, usual: tuple[str, ...], what: str) -> str:
    keys = usual if asked is None else (asked,)
    for key in keys:
        if key in arrays.names:
            return key
    found = ", ".join(arrays.names) or "nothing"
    hint = f"; name them with {what}=" + (", or say labels=False" if what == "labels" else "")
    raise DataError(f"no {what} in {file}: looked for {', '.join(keys)}, found {found}{hint}")


def _load_npy(file: WatchedFile, image_key: str | None, labels: Labels) -> _Found:
    if image_key is not None:
        raise DataError(f"{file.path} is one array and has no names: leave out images={image_key!r}")
    images = open_npy(file)
    if labels is False:
        return _Found(images, None, None)
    if labels is None or isinstance(labels, str):
        labels = np.array(open_npy(WatchedFile(_beside(Path(file.path), labels))))
    return _Found(images, np.asarray(labels), None)


def _beside(file: Path, asked: str | None) -> str:
    """The file of the labels of ``file``."""
    beside = [file.with_suffix(".labels.npy"), file.with_name("labels.npy")] if asked is None else [file.parent / asked]
    for path in beside:
        if path.is_file() and path != file:
            return str(path)
    raise DataError(
        f"no labels beside {file}: looked for {' and '.join(map(str, beside))}; name them with labels=, "
        "or say labels=False"
    )
