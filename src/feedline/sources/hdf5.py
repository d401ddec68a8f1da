"""Images in an HDF5 file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.sources.array import Labels
from feedline.sources.handle import Handle
from feedline.sources.hdf5_file import DAMAGED, Hdf5File, chunk_bytes, readable
from feedline.sources.hdf5_keys import find_names, guess_images, guess_labels, image_layout
from feedline.sources.labels import KeptLabels, checked_groups, labelled
from feedline.sources.layout import Axes, Layout, by
from feedline.types import Record

_LONGEST_NAME = 1024
"""Bytes of a label that is text."""


class _Opened(NamedTuple):
    file: Hdf5File
    images: Any


class _Found(NamedTuple):
    images: str
    labels: str | None
    layout: Layout
    chunk: int
    values: NDArray[Any] | None
    names: list[str] | None


class HDF5Source:
    """Images as one dataset of an HDF5 file, chunked and compressed as it likes, and a label each.

    The dataset is an array, NxHxW, NxHxWxC or NxCxHxW of uint8, uint16, float32, float64 or bool (as in an
    ``ArraySource``), or N encoded files: of variable length (``h5py.vlen_dtype("uint8")``), or of fixed length (opaque
    or text), which are handed on with the zeros that pad them. The names of the classes are an attribute or a dataset,
    ``classes`` or ``class_names``; else a class is called by its number. Labels are numbers or text, as those of an
    ``ArraySource``.

    Each process opens the file for itself, also after a fork, and without a lock, so that read-only media will do. The
    labels are kept in the user's cache and shared.
    A batch is read in the order of the file. Links to other files are not followed.

    Args:
        path: the file.
        images: the path of the images in it; guessed by the usual names, and shown by ``repr``.
        labels: the path of the labels; guessed as those beside the images. Or the labels themselves, or False for
            images without classes.
        classes: names of the classes, in place of those in the file.
        groups: one value a sample where samples belong together.
        layout: "NHWC" or "NCHW", where the guess is wrong.

    Raises:
        DataError: no HDF5 file, no images or labels in it or several that could be meant, arrays of the wrong shape or
            type, values outside of the file, or a filter that is not installed. On access, where one sample cannot be
            read, the file was written to meanwhile, or another one lies there when it is opened, a DecodeError.
        ImportError: h5py is not installed.
    """

    has_files = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        images: str | None = None,
        labels: Labels = None,
        *,
        classes: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
        layout: Axes | None = None,
    ) -> None:
        self.file = os.path.abspath(path)
        self._handle: Handle[_Opened] = Handle(inherited=False)
        with readable(self.file):
            file = Hdf5File(self.file)
            self._state = file.watched.state
            found = _find(file, images, labels, layout)
        self.images, self.labels, self._layout, self._chunk = found.images, found.labels, found.layout, found.chunk
        count = found.layout.count
        names = found.names if classes is None else classes
        targets, self.classes = labelled(self.file, found.values, count, names)
        self._labels = KeptLabels(targets, self.file, self.images, labels, f"{self.classes}")
        self.groups = checked_groups(self.file, groups, count)
        self.spec = found.layout.spec

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def targets(self) -> NDArray[np.int64]:
        """The class of each sample, read-only; UNLABELLED (-1) where it has none."""
        return self._labels.targets

    def path(self, index: int) -> str:
        return f"{self.file}:{self.images}[{index}]"

    def __getitem__(self, index: int) -> Record:
        return self.read_batch([index])[0]

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        """The records in the order of ``indices``, read in that of the file, neighbours at once."""
        wanted = [self._place(index) for index in indices]
        if not wanted:
            return []
        opened = self._handle.get_for(self.path(wanted[0]), wanted[0], self._open)
        found: dict[int, Any] = {}
        for start, stop in _runs(sorted(set(wanted))):
            found.update(zip(range(start, stop), self._read(opened, start, stop), strict=True))
        return [Record(found[index], int(self.targets[index]), self.path(index)) for index in wanted]

    def _read(self, opened: _Opened, start: int, stop: int) -> list[Any]:
        """The images from ``start`` up to ``stop``; a run that fails is read again one by one, to name who did."""
        watched = opened.file.watched
        watched.require_unchanged(self.path(start), start)
        try:
            stored = opened.images[start:stop]
        except DAMAGED as error:
            watched.require_unchanged(self.path(start), start)
            if stop - start > 1:
                return [self._read(opened, index, index + 1)[0] for index in range(start, stop)]
            raise DecodeError(f"HDF5 cannot read it: {error}", path=self.path(start), index=start) from error
        watched.require_unchanged(self.path(start), start)
        if not self._layout.encoded:
            return list(self._layout.upright(stored))
        if stored.dtype.kind == "S":  # NumPy would take zeros off the end
            stored = stored.view(f"V{stored.dtype.itemsize}")
        return [item.tobytes() for item in stored]

    def _place(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"no image {index} among {len(self)} in {self.file}")
        return int(index) % len(self)

    def _open(self) -> _Opened:
        with readable(self.file):
            file = Hdf5File(self.file, self._chunk, self._state)
            return _Opened(file, file.dataset(self.images))

    def __repr__(self) -> str:
        return f"HDF5Source({self.file!r}, images={self.images!r}, labels={self.labels!r}, {self._layout})"


def _runs(indices: list[int]) -> Iterator[tuple[int, int]]:
    """(start, stop) of each run of neighbours among sorted indices; a slice a run is many times a list's speed."""
    start = previous = indices[0]
    for index in indices[1:]:
        if index != previous + 1:
            yield start, previous + 1
            start = index
        previous = index
    yield start, previous + 1


def _find(file: Hdf5File, images: str | None, labels: Labels, axes: Axes | None) -> _Found:
    path = file.watched.path
    dataset = file.dataset(guess_images(file, axes) if images is None else images)
    images = str(dataset.name)
    layout = image_layout(path, dataset, file.h5py, axes)
    _warn_of_gaps(path, dataset)
    key = guess_labels(file, images) if labels is None else labels if isinstance(labels, str) else None
    values = None if labels is False else np.asarray(labels if key is None else _labels(file, key, layout.count))
    names = None if labels is False else find_names(file, images, key)
    return _Found(images, key, layout, chunk_bytes(dataset), values, names)


def _labels(file: Hdf5File, name: str, count: int) -> NDArray[Any]:
    dataset = file.dataset(name)
    text = file.h5py.check_string_dtype(dataset.dtype) is not None and dataset.dtype.itemsize <= _LONGEST_NAME
    if dataset.shape not in ((count,), (count, 1)) or not (text or dataset.dtype.kind in "iuf"):
        raise DataError(  # before what it claims to hold is read
            f"labels of {file.watched.path} must be {count} whole numbers or names, one an image, and {dataset.name} "
            f"is {dataset.dtype} of shape {by(dataset.shape or ())}; name others with labels=, or say labels=False"
        )
    labels: NDArray[Any] = dataset[...]
    return labels


def _warn_of_gaps(file: str, dataset: Any) -> None:
    """Chunks that were never written read as images of one value, without an error."""
    if not dataset.chunks:
        return
    there = dataset.id.get_num_chunks()
    due = int(np.prod([-(-size // chunk) for size, chunk in zip(dataset.shape, dataset.chunks, strict=True)]))
    if there == 0:
        raise DataError(f"{dataset.name} of {file} was never written to: none of its {due} chunks is there")
    if there < due:
        warnings.warn(
            f"{due - there} of the {due} chunks of {dataset.name} of {file} were never written: what is read there "
            f"is {dataset.fillvalue} alone",
            stacklevel=4,
        )
