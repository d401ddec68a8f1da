"""Arrays of images: ``.npz`` with images and labels, ``.npy`` memory-mapped with its labels beside it."""

from __future__ import annotations

import os
import threading
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.types import Image, Record, Spec

IMAGE_KEYS = ("images", "image", "x", "X", "data", "arr_0")
_MOST_CLASSES = 2**24
LABEL_KEYS = ("labels", "label", "y", "Y", "targets", "arr_1")


class ArraySource:
    """Images as one uint8 array, NxHxW or NxHxWxC with 1 to 4 channels, and one whole number a sample as label.

    An ``.npz`` holds both, by the names ``images`` (or image, x, X, data, arr_0) and ``labels`` (or label, y, Y,
    targets, arr_1), and if it likes ``classes``, the names of the classes. An ``.npy`` is memory-mapped; its labels
    lie beside it as ``NAME.labels.npy`` or ``labels.npy``. Without names a class is called by its number.
    Only the path is pickled: each process opens the file itself. Nothing in it is unpickled.

    Args:
        path: the ``.npz`` or ``.npy`` file.
        classes: names of the classes, in place of those in the file.
        groups: one value a sample where samples belong together.

    Raises:
        DataError: no such file, no images or labels in it, or arrays of the wrong shape or type.
    """

    has_files = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        classes: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
    ) -> None:
        self.file = os.path.abspath(path)
        self.groups = groups
        self._lock = threading.Lock()
        self._images: NDArray[np.uint8] | None = None
        images, labels, names = _load(self.file)
        _check_images(self.file, images)
        self._images = images
        self.targets = _check_labels(self.file, labels, len(images))
        self.classes = _class_names(self.file, self.targets, classes if classes is not None else names)
        if groups is not None and len(groups) != len(images):
            raise DataError(f"groups must have one value an image, {len(images)} for {self.file}, not {len(groups)}")
        _, height, width, channels = images.shape
        self.spec = Spec(height, width, channels)

    def __len__(self) -> int:
        return len(self.targets)

    def path(self, index: int) -> str:
        return f"{self.file}[{index}]"

    def __getitem__(self, index: int) -> Record:
        return Record(self._opened()[index], int(self.targets[index]), self.path(index))

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        images = self._opened()[np.asarray(indices, dtype=np.intp)]
        return [
            Record(image, int(self.targets[index]), self.path(index))
            for image, index in zip(images, indices, strict=True)
        ]

    def _opened(self) -> NDArray[np.uint8]:
        with self._lock:
            if self._images is None:
                self._images = _load(self.file)[0]
            return self._images

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_images": None, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"ArraySource({self.file!r})"


def _load(file: str) -> tuple[Image, NDArray[Any], list[str] | None]:
    """Images (NxHxWxC), labels and class names, if the file has them."""
    if not os.path.isfile(file):
        raise DataError(f"no such file: {file}")
    try:
        found = _load_npz(file) if file.lower().endswith(".npz") else _load_npy(file)
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"cannot read {file} as a NumPy file: {error}") from error
    images, labels, names = found
    return (images[..., np.newaxis] if images.ndim == 3 else images), labels, names


def _load_npz(file: str) -> tuple[Image, NDArray[Any], list[str] | None]:
    with open(file, "rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        if isinstance(arrays, np.ndarray):
            raise ValueError("it holds one array and no names")
        with arrays:
            images = _pick(file, arrays, IMAGE_KEYS, "images")
            labels = _pick(file, arrays, LABEL_KEYS, "labels")
            names = _names(arrays["classes"]) if "classes" in arrays else None
    return images, labels, names


def _names(array: NDArray[Any]) -> list[str]:
    if array.ndim != 1:
        raise ValueError("its classes are not a row of names")
    return [name.decode() if isinstance(name, bytes) else str(name) for name in array]


def _array(file: str | os.PathLike[str], **options: Any) -> NDArray[Any]:
    """The one array in the file, and nothing else that ``np.load`` would take."""
    array = np.load(file, allow_pickle=False, **options)
    if not isinstance(array, np.ndarray):
        array.close()
        raise ValueError("it is an archive and not one array")
    return array


def _pick(file: str, arrays: Any, keys: tuple[str, ...], what: str) -> NDArray[Any]:
    for key in keys:
        if key in arrays:
            picked: NDArray[Any] = arrays[key]
            return picked
    raise DataError(f"no {what} in {file}: looked for {', '.join(keys)}, found {', '.join(arrays) or 'nothing'}")


def _load_npy(file: str) -> tuple[Image, NDArray[Any], None]:
    images = _array(file, mmap_mode="r")
    beside = [Path(file).with_suffix(".labels.npy"), Path(file).with_name("labels.npy")]
    labels = next((path for path in beside if path.is_file() and str(path) != file), None)
    if labels is None:
        raise DataError(f"no labels beside {file}: looked for {' and '.join(str(path) for path in beside)}")
    return images, _array(labels), None


def _check_images(file: str, images: Image) -> None:
    if images.ndim != 4 or images.shape[3] not in (1, 2, 3, 4) or 0 in images.shape or images.dtype != np.uint8:
        raise DataError(
            f"images in {file} must be uint8 of shape NxHxW or NxHxWxC with 1 to 4 channels and at least one "
            f"image, not {images.dtype} of shape {'x'.join(map(str, images.shape))}"
        )


def _check_labels(file: str, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
    fits = labels.shape == (count,) and labels.dtype.kind in "iu"
    if not fits or labels.min() < 0 or labels.max() > _MOST_CLASSES:
        raise DataError(
            f"labels of {file} must be {count} whole numbers from 0 to {_MOST_CLASSES}, one an image, "
            f"not {labels.dtype} of shape {'x'.join(map(str, labels.shape))}"
        )
    return labels.astype(np.int64)


def _class_names(file: str, targets: NDArray[np.int64], names: Sequence[str] | None) -> list[str]:
    needed = int(targets.max()) + 1
    if names is None:
        return [str(number) for number in range(needed)]
    if len(names) < needed:
        raise DataError(f"labels of {file} go up to {needed - 1}, but there are {len(names)} class names")
    return list(names)
