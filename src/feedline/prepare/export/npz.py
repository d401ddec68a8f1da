"""One array of all images, with labels and classes, as NumPy and Keras read them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from feedline.prepare.export.split import Split

CARRIES: frozenset[str] = frozenset()
_OLDEST = (1980, 1, 1, 0, 0, 0)  # that a zip can say


def write(split: Split, stream: BinaryIO) -> Iterator[str]:
    """Writes ``images`` (NxHxWxC), ``labels`` (N int64, -1 without a class) and ``classes`` (names), not compressed."""
    shape, dtype = split.one_shape()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "images", (len(split), *shape), dtype, split.arrays(shape, dtype))
        labels = (rows.labels for _, rows in split.batches())
        _put(archive, "labels", (len(split),), np.dtype(np.int64), labels)
        if split.classes:
            names = np.array(split.classes, np.str_)
            _put(archive, "classes", names.shape, names.dtype, [names])
    yield from ()


def _put(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], parts: Iterable[NDArray[Any]]
) -> None:
    """A member that is one array, whose parts come one behind the other."""
    with archive.open(zipfile.ZipInfo(f"{name}.npy", _OLDEST), "w", force_zip64=True) as member:
        said = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(member, said)
        for part in parts:
            member.write(np.ascontiguousarray(part).data.cast("B"))
