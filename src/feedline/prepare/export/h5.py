"""An HDF5 file: the files as they are, or one array of all images; with labels and classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.prepare.export.split import Split
from feedline.prepare.export.steady import SteadyFile, steady

CARRIES: frozenset[str] = frozenset()
_CHUNK = 2**20
"""Bytes of pixels in a chunk, of which each is read as a whole."""
_ROWS = 1024
"""Files, or labels, in a chunk."""


def write(split: Split, stream: BinaryIO) -> Iterator[str]:
    """Writes ``images``, ``labels`` (N int64, -1 without a class) and ``classes`` (names).

    Images are NxHxWxC where the store holds pixels or they are scaled, else N encoded files.

    Args:
        split: what to write.
        stream: a file that can be read as well.

    Yields:
        What is not in it as it was, in words.

    Raises:
        ImportError: h5py is not installed.
        OSError: it cannot be written.
    """
    h5py = require("h5py", "h5")
    with steady(stream.fileno()) as place, h5py.File(place, "w") as file:
        if split.columns.shape is None and not split.scaled:
            _put_files(h5py, file, place, split)
        else:
            _put_arrays(file, place, split)
        labels = file.create_dataset("labels", (len(split),), np.int64, chunks=(min(_ROWS, len(split)),))
        _fill(labels, place, (rows.labels for _, rows in split.batches()))
        if split.classes:
            names = [_utf8(name) for name in split.classes]
            file.create_dataset("classes", data=names, dtype=h5py.string_dtype())
    odd = sum(_utf8(name) != name for name in split.classes)
    if odd:
        yield f"{odd} names of classes of {split.name} as they are: HDF5 has text in UTF-8 alone, and they are escaped"


def _utf8(name: str) -> str:
    """The name; what has no place in UTF-8, as of a folder that was called in another code, as JSON writes it."""
    # readers of HDF5 refuse all names where one is no UTF-8
    return name.encode("utf-8", "backslashreplace").decode()


def _put_arrays(file: Any, place: SteadyFile, split: Split) -> None:
    shape, dtype = split.one_shape()
    many = max(1, _CHUNK // (int(np.prod(shape)) * dtype.itemsize))
    images = file.create_dataset("images", (len(split), *shape), dtype, chunks=(min(many, len(split)), *shape))
    _fill(images, place, split.arrays(shape, dtype))


def _put_files(h5py: Any, file: Any, place: SteadyFile, split: Split) -> None:
    few = (min(_ROWS, len(split)),)
    images = file.create_dataset("images", (len(split),), h5py.vlen_dtype(np.uint8), chunks=few)
    for row, sample in enumerate(split.samples()):
        images[row] = np.frombuffer(bytes(sample.data), np.uint8)
        place.check()


def _fill(dataset: Any, place: SteadyFile, parts: Iterable[NDArray[Any]]) -> None:
    """Puts the parts into the dataset, one behind the other."""
    begin = 0
    for part in parts:
        dataset[begin : begin + len(part)] = part
        place.check()
        begin += len(part)
