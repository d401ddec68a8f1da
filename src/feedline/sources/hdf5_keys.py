"""Which datasets of an HDF5 file are the images, the labels and the names of the classes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

import numpy as np

from feedline.errors import DataError
from feedline.sources.hdf5_file import Hdf5File
from feedline.sources.labels import names_in
from feedline.sources.layout import Axes, Layout, layout_of

IMAGE_NAMES = ("images", "image", "imgs", "img", "x", "data")
LABEL_NAMES = ("labels", "label", "y", "targets", "target")
CLASS_NAMES = ("classes", "class_names", "label_names", "list_classes")

_PARTNERS = (("images", "labels"), ("image", "label"), ("x", "y"), ("X", "Y"), ("X", "y"))
_SPLITS = ("train", "test", "val", "valid", "set")


def image_layout(file: str, dataset: Any, h5py: Any, axes: Axes | None) -> Layout:
    """How the images lie in the dataset; raises a DataError where it holds none that can be read."""
    where = f"{dataset.name} of {file}"
    shape: tuple[int, ...] = tuple(dataset.shape or ())
    dtype: np.dtype[Any] = dataset.dtype
    kind = h5py.check_vlen_dtype(dtype)
    if kind is not None and kind == np.uint8 and len(shape) == 1 and shape[0]:
        return Layout(shape[0], "N", "bytes")
    text = h5py.check_string_dtype(dtype)
    if text is not None and text.length is None:
        raise DataError(
            f"{where} holds text of variable length, which ends at the first zero byte and so holds no images: "
            "write them with h5py.vlen_dtype('uint8')"
        )
    return layout_of(where, shape, dtype, axes)


def guess_images(file: Hdf5File, axes: Axes | None) -> str:
    """The one dataset that has a usual name and can be images, else the one that can be.

    Raises:
        DataError: there is none, or several.
    """
    able = [str(dataset.name) for dataset in file.datasets() if _can_be_images(file, dataset, axes)]
    usual = [name for name in able if _rank(name, IMAGE_NAMES) is not None]
    best = min((_rank(name, IMAGE_NAMES) or 0 for name in usual), default=0)
    for names in ([name for name in usual if _rank(name, IMAGE_NAMES) == best], [] if usual else able):
        if len(names) == 1:
            return names[0]
        if names:
            raise DataError(f"{file.watched.path} holds images in {' and '.join(names)}: say images={names[0]!r}")
    raise DataError(
        f"no images in {file.watched.path}: looked for {', '.join(IMAGE_NAMES)} and for any dataset of the shape of "
        f"images; {file.listing()}; name them with images="
    )


def _can_be_images(file: Hdf5File, dataset: Any, axes: Axes | None) -> bool:
    try:
        layout = image_layout(file.watched.path, dataset, file.h5py, axes)
    except DataError:
        return False
    return not layout.encoded or dataset.dtype.kind != "S" or _rank(str(dataset.name), IMAGE_NAMES) is not None


def _rank(name: str, usual: tuple[str, ...]) -> int | None:
    """The place of the dataset's name among the usual ones, whatever split it names too (``x_train``)."""
    words = [word for word in posixpath.basename(name).lower().split("_") if word not in _SPLITS]
    return usual.index(words[0]) if len(words) == 1 and words[0] in usual else None


def guess_labels(file: Hdf5File, images: str) -> str:
    """The dataset of labels beside the images; raises a DataError where there is none."""
    folder = posixpath.dirname(images)
    beside = {posixpath.basename(str(each.name)): str(each.name) for each in file.datasets() if _is_in(each, folder)}
    for name in _label_names(posixpath.basename(images)):
        if name in beside and beside[name] != images:
            return beside[name]
    raise DataError(
        f"no labels beside {images} in {file.watched.path}: {file.listing()}; name them with labels=, or say "
        "labels=False"
    )


def _label_names(images: str) -> Iterator[str]:
    """What the labels of images of this name may be called, the likeliest first: of ``x_train``, ``y_train``."""
    words = images.split("_")
    for of_images, of_labels in _PARTNERS:
        if of_images in words:
            yield "_".join(of_labels if word == of_images else word for word in words)
    for name in LABEL_NAMES:
        yield from (name, name.upper())


def _is_in(dataset: Any, folder: str) -> bool:
    return posixpath.dirname(str(dataset.name)) == folder


def find_names(file: Hdf5File, images: str, labels: str | None) -> list[str] | None:
    """Names of the classes: an attribute of the labels, the images or the file, or a dataset beside them."""
    places = [file.dataset(name) for name in (labels, images) if name is not None]
    for holder in [*places, file.root]:
        for name in CLASS_NAMES:
            if name in holder.attrs and (found := _as_names(holder.attrs[name])) is not None:
                return found
    for folder in (posixpath.dirname(images), "/"):
        for dataset in file.datasets():
            if _is_in(dataset, folder) and posixpath.basename(str(dataset.name)) in CLASS_NAMES:
                found = _as_names(file.dataset(str(dataset.name))[...])
                if found is not None:
                    return found
    return None


def _as_names(value: Any) -> list[str] | None:
    """A row of text; None of anything else, which means something else."""
    row = np.asarray(value)
    is_text = row.ndim == 1 and all(isinstance(name, bytes | str) for name in row.tolist())
    return names_in(row) if is_text else None
