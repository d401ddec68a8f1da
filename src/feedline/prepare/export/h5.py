"""An HDF5 file: the files as they are, or one array of all images; with labels and classes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from feedline._optional import require
from feedline.prepare.export.split import Split

CARRIES: frozenset[str] = frozenset()
_CHUNK = 2**20
"""Bytes of pixels in a chunk, of which each is read as a whole."""
_ROWS = 1024
"""Files, or labels, in a chunk."""


def write(split: Split, stream: BinaryIO) -> Iterator[str]:
    """Writes ``images``, ``labels`` (N int64, -1 without a class) and ``classes`` (names).

    Images are NxHxWxC where the store holds pixels or they are scaled, else N encoded files.

    Raises:
        ImportError: h5py is not installed.
    """
    h5py = require("h5py", "h5")
    with os.fdopen(os.dup(stream.fileno()), "r+b") as both, h5py.File(both, "w") as file:  # HDF5 reads what it wrote
        if split.columns.shape is None and not split.scaled:
            _put_files(h5py, file, split)
        else:
            _put_arrays(file, split)
        labels = file.create_dataset("labels", (len(split),), np.int64, chunks=(min(_ROWS, len(split)),))
        for begin, part in _placed(rows.labels for _, rows in split.batches()):
            labels[begin : begin + len(part)] = part
        if split.classes:
            file.create_dataset("classes", data=list(split.classes), dtype=h5py.string_dtype())
    yield from ()


def _put_files(h5py: Any, file: Any, split: Split) -> None:
    images = file.create_dataset("images", (len(split),), h5py.vlen_dtype(np.uint8), chunks=(min(_ROWS, len(split)),))
    for place, sample in enumerate(split.samples()):
        images[place] = np.frombuffer(bytes(sample.data), np.uint8)


def _put_arrays(file: Any, split: Split) -> None:
    shape, dtype = split.one_shape()
    many = max(1, _CHUNK // (int(np.prod(shape)) * dtype.itemsize))
    images = file.create_dataset("images", (len(split), *shape), dtype, chunks=(min(many, len(split)), *shape))
    for begin, part in _placed(split.arrays(shape, dtype)):
        images[begin : begin + len(part)] = part


def _placed(parts: Any) -> Iterator[tuple[int, Any]]:
    """Where each part begins, and the part."""
    begin = 0
    for part in parts:
        yield begin, part
        begin += len(part)
