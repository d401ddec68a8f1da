"""An object of the Hugging Face ``datasets`` library with a column of images, as it is."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.types import UNLABELLED, Record, Spec

_LABELS = ("label", "labels", "target")
_WHOLE = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
_MOST_CLASSES = 2**24


def is_huggingface(data: object) -> bool:
    """Whether it is an object of the ``datasets`` library, which is not imported to tell."""
    return any(kind.__module__.split(".")[0] == "datasets" for kind in type(data).__mro__)


class HuggingFaceSource:
    """The images of a ``datasets.Dataset`` as encoded bytes, and the labels of one of its columns.

    The dataset's own order, selection and shuffling count; its format and transforms do not, and nothing is decoded.
    It is pickled as ``datasets`` does it: one in Arrow files as their paths, one in memory by value, images and all.
    Arrow files are mapped: one that is deleted is still read by who has it open, but must not be shortened.

    Args:
        dataset: a ``datasets.Dataset``.
        image: the column of images; the only one by default.
        label: the column of labels: a ClassLabel, whole numbers or texts. By default the only ClassLabel, else one
            called label, labels or target, else there are none and every label is ``UNLABELLED``, as it is where a
            row has none.

    Raises:
        DataError: a DatasetDict, an IterableDataset, no such column, more than one that it could be, or labels that
            are no classes.
    """

    has_files = False
    groups = None
    spec = Spec(None, None, None)

    def __init__(self, dataset: Any, image: str | None = None, label: str | None = None) -> None:
        _check_kind(dataset)
        self._image = _image_column(dataset.features, image)
        self._label = _label_column(dataset.features, label)
        columns = [self._image] if self._label is None else [self._image, self._label]
        self._lock = threading.Lock()
        self._pickled: bytes | None = None
        self._dataset: Any = dataset.with_format("arrow", columns=columns)  # rows as they are stored
        self._count = len(dataset)
        self._name = "/".join(str(part) for part in (dataset.info.dataset_name, dataset.split) if part) or "dataset"
        self.classes, self._numbers = self._find_classes(dataset.features)
        self._targets: NDArray[np.int64] | None = None
        _check_targets(self._name, self.targets, len(self.classes))

    def _find_classes(self, features: Any) -> tuple[list[str], dict[Any, int] | None]:
        """The names of the classes, and where labels are texts the number of each."""
        if self._label is None:
            return [], None
        if _is(features[self._label], "ClassLabel"):
            return list(features[self._label].names), None
        values = _distinct(self._column())
        if all(isinstance(value, str) for value in values):
            names = sorted(values)
            return names, {name: number for number, name in enumerate(names)}
        if not all(isinstance(value, int) and value <= _MOST_CLASSES for value in values):
            raise DataError(
                f"labels must be whole numbers up to {_MOST_CLASSES} or texts, "
                f"and those of column {self._label!r} of {self._name} are not"
            )
        return [str(number) for number in range(max(values, default=-1) + 1)], None

    def _column(self) -> list[Any]:
        values: list[Any] = self._opened().select_columns([self._label])[:][self._label].to_pylist()
        return values

    @property
    def targets(self) -> NDArray[np.int64]:
        """The label of every row, read from its column without the images; in each process anew."""
        if self._targets is None:
            values = [None] * self._count if self._label is None else self._column()
            self._targets = np.fromiter(map(self._number, values), np.int64, self._count)
        return self._targets

    def _number(self, value: Any) -> int:
        if value is None:
            return UNLABELLED
        return int(value) if self._numbers is None else self._numbers[value]

    def __len__(self) -> int:
        return self._count

    def path(self, index: int) -> str:
        return self._place(index, self._rows([index])[0][self._image])

    def __getitem__(self, index: int) -> Record:
        return self.read_batch([index])[0]

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self._record(int(index), row) for index, row in zip(indices, self._rows(indices), strict=True)]

    def _rows(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """The rows as stored, from one gather."""
        outside = next((index for index in indices if not 0 <= index < self._count), None)
        if outside is not None:
            raise IndexError(f"no row {outside} among {self._count}")
        if not len(indices):
            return []
        rows: list[dict[str, Any]] = self._opened()[[int(index) for index in indices]].to_pylist()
        return rows

    def _record(self, index: int, row: dict[str, Any]) -> Record:
        stored = row[self._image]
        place = self._place(index, stored)
        label = UNLABELLED if self._label is None else self._number(row[self._label])
        try:
            return Record(_data(stored), label, place)
        except DecodeError as error:
            raise error.at(place, index) from error

    def _place(self, index: int, stored: Mapping[str, Any] | None) -> str:
        path = (stored or {}).get("path")
        return f"{self._name}[{index}]" + (f" {path}" if path else "")

    def _opened(self) -> Any:
        with self._lock:
            if self._dataset is None:
                try:
                    self._dataset = pickle.loads(self._pickled or b"")  # what __getstate__ made
                except OSError as error:
                    raise DataError(f"the files of {self._name} are gone: {error}") from error
                self._pickled = None
            return self._dataset

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            pickled = self._pickled if self._dataset is None else pickle.dumps(self._dataset)
        return {**self.__dict__, "_lock": None, "_dataset": None, "_pickled": pickled, "_targets": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"HuggingFaceSource({self._name!r}, image={self._image!r}, label={self._label!r})"


def _data(stored: Mapping[str, Any] | None) -> bytes:
    """The encoded image of a row: in it, or in the file that it names."""
    data, path = (stored or {}).get("bytes"), (stored or {}).get("path")
    if data is not None:
        return bytes(data)
    if path is None:
        raise DecodeError("the row has no image", "empty")
    if "://" in path:
        raise DecodeError("the row names an address and holds no bytes: load the dataset to the disk", "unreadable")
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise DecodeError(error.strerror or str(error), "unreadable") from error


def _check_kind(dataset: Any) -> None:
    if isinstance(dataset, Mapping):
        raise DataError(f"a DatasetDict holds splits: give one of them: {', '.join(map(repr, dataset)) or 'none'}")
    if _is(dataset, "IterableDataset"):
        raise DataError("an IterableDataset has no length and no index: load it without streaming=True")
    if not _is(dataset, "Dataset"):
        raise DataError(f"expected a datasets.Dataset, not {type(dataset).__name__}")
    if len(dataset) == 0:
        raise DataError("the dataset has no rows")


def _is(thing: object, name: str) -> bool:
    """Whether it is of the class of that name of ``datasets``."""
    return is_huggingface(thing) and any(kind.__name__ == name for kind in type(thing).__mro__)


def _image_column(features: Mapping[str, Any], asked: str | None) -> str:
    images = [name for name, feature in features.items() if _is(feature, "Image")]
    if asked is None and len(images) == 1:
        return images[0]
    if asked in images:
        return asked
    what = f"column {asked!r} is no column of images" if asked is not None else "say which column holds the images"
    raise DataError(f"{what}: image columns are {images or 'missing'}, all columns {list(features)}")


def _label_column(features: Mapping[str, Any], asked: str | None) -> str | None:
    if asked is not None:
        if asked not in features:
            raise DataError(f"no column {asked!r}: the columns are {list(features)}")
        return asked
    found = [name for name, feature in features.items() if _is(feature, "ClassLabel")]
    plain = [name for name in _LABELS if getattr(features.get(name), "dtype", None) in _WHOLE | {"string"}]
    usual = [name for name in _LABELS if name in (found or plain)]
    if not usual and len(found) > 1:
        raise DataError(f"say which column holds the labels: {found}")
    return next(iter(usual or found), None)


def _distinct(values: list[Any]) -> set[Any]:
    try:
        return {value for value in values if value is not None}
    except TypeError as error:
        raise DataError(f"labels must be whole numbers or texts: {error}") from error


def _check_targets(name: str, targets: NDArray[np.int64], count: int) -> None:
    if targets.min() < UNLABELLED or targets.max() >= count:
        raise DataError(
            f"labels of {name} must be from 0 to {count - 1}, or {UNLABELLED} for none, "
            f"and they go from {targets.min()} to {targets.max()}"
        )
