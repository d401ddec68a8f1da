"""The files that CIFAR-10 and CIFAR-100 are published in, binary and pickled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.layout import by
from feedline.sources.plain_pickle import read_plain_pickle
from feedline.sources.watched import State, WatchedFile

Labels = Literal["fine", "coarse"]

SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_COUNTS = {"fine": 100, "coarse": 20}
_TENS = 10

_FILES = {
    "train": (tuple(f"data_batch_{number}" for number in range(1, 6)), ("train",)),
    "test": (("test_batch",), ("test",)),
}
_NAMES = {
    ("fine", False): (("batches.meta.txt", None), ("batches.meta", b"label_names")),
    ("fine", True): (("fine_label_names.txt", None), ("meta", b"fine_label_names")),
    ("coarse", True): (("coarse_label_names.txt", None), ("meta", b"coarse_label_names")),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One file: images N x 3 x 32 x 32 uint8, and labels, of CIFAR-100 by both names. Binary ones are mapped."""

    file: WatchedFile
    images: NDArray[np.uint8]
    labels: dict[str, NDArray[np.int64]]

    @property
    def hundred(self) -> bool:
        return "coarse" in self.labels


def find_files(path: str, split: str) -> list[str]:
    """The files of the split in the folder, in their order; or the one file that ``path`` is.

    Raises:
        DataError: nothing is there, or not all files of the split.
    """
    if os.path.isfile(path):
        return [path]
    if not os.path.isdir(path):
        raise DataError(f"no such file or folder: {path}")
    sets = [[name + ending for name in names] for names in _FILES[split] for ending in (".bin", "")]
    there = set(os.listdir(path))
    started = [names for names in sets if there.intersection(names)]
    if len(started) != 1:
        raise DataError(
            f"{path} must hold the {split} part of CIFAR-10 or CIFAR-100, one of "
            f"{' or '.join(names[0] for names in sets)}, and holds {'several' if started else 'none'} of them"
        )
    missing = sorted(set(started[0]) - there)
    if missing:
        raise DataError(f"{path} lacks {', '.join(missing)}: fetch the whole set")
    return [os.path.join(path, name) for name in started[0]]


def read_part(path: str, state: State | None = None) -> Part:
    """One file, binary where it ends in ``.bin``, in the state in which it was opened first.

    Raises:
        DecodeError: it is in another state.
        DataError: not of the published form: a size that is no multiple of an image's, other keys, arrays or labels.
    """
    file = _watched(path, state)
    return _binary(file) if path.endswith(".bin") else _pickled(file)


def _watched(path: str, state: State | None) -> WatchedFile:
    try:
        return WatchedFile(path, state)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _binary(file: WatchedFile) -> Part:
    """Records of one label, or of a coarse and a fine one, and the pixels channel by channel."""
    hundred = _is_hundred(file)
    record = np.dtype([("label", np.uint8, (1 + hundred,)), ("image", np.uint8, SHAPE)])
    if not file.size or file.size % record.itemsize:
        raise DataError(
            f"{file.path} must hold records of {record.itemsize} bytes, and has {file.size} bytes: fetch it again"
        )
    with file.stream() as stream:
        records: Any = np.memmap(stream, record, "r")
    columns = ("coarse", "fine") if hundred else ("fine",)
    rows = np.array(records["label"], np.int64)
    return _checked(file, records["image"], {name: rows[:, number] for number, name in enumerate(columns)})


def _is_hundred(file: WatchedFile) -> bool:
    """Whether each record has two labels: by the file's name, else by its size."""
    name = os.path.basename(file.path)
    if name in ("train.bin", "test.bin"):
        return True
    return "batch" not in name and file.size % (_PIXELS + 1) != 0


def _pickled(file: WatchedFile) -> Part:
    content = read_plain_pickle(file.path)
    _watched(file.path, file.state)  # it was read by its name, which another file may have got meanwhile
    if not isinstance(content, dict) or not isinstance(content.get(b"data"), np.ndarray):
        raise DataError(f"{file.path} must hold a dictionary with data, an array, and labels, as CIFAR is published")
    images = np.asarray(content[b"data"])
    if images.ndim != 2 or images.shape[1] != _PIXELS or not len(images) or images.dtype != np.uint8:
        raise DataError(f"data of {file.path} must be uint8, Nx{_PIXELS}, not {images.dtype}, {by(images.shape)}")
    keys = {b"labels": "fine", b"fine_labels": "fine", b"coarse_labels": "coarse"}
    labels = {name: _whole(file.path, content[key]) for key, name in keys.items() if key in content}
    return _checked(file, images.reshape(-1, *SHAPE), labels)


def _whole(path: str, labels: Any) -> NDArray[np.int64]:
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DataError(f"labels of {path} must be a list of whole numbers")
    return np.array(labels, dtype=np.int64)


def _checked(file: WatchedFile, images: NDArray[np.uint8], labels: dict[str, NDArray[np.int64]]) -> Part:
    part = Part(file, images, labels)
    if "fine" not in labels:
        raise DataError(f"{file.path} holds no labels: expected labels, or fine_labels and coarse_labels")
    for name, row in labels.items():
        count = _COUNTS[name] if part.hundred else _TENS
        if len(row) != len(images) or row.min() < 0 or row.max() >= count:
            raise DataError(
                f"{name} labels of {file.path} must be {len(images)} numbers below {count}, not {len(row)} from "
                f"{row.min(initial=count)} to {row.max(initial=0)}: fetch it again"
            )
    return part


def read_names(folder: str, labels: str, hundred: bool) -> Sequence[str] | None:
    """The names of the classes from the files beside the images; None where there are none."""
    for name, key in _NAMES[labels, hundred]:
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            continue
        if key is None:
            with open(path, encoding="utf-8", errors="replace") as stream:
                return [line.strip() for line in stream.read(2**16).splitlines() if line.strip()]
        content = read_plain_pickle(path)
        names = content.get(key) if isinstance(content, dict) else None
        if not isinstance(names, list) or not all(isinstance(each, bytes) for each in names):
            raise DataError(f"{path} must hold a dictionary with {key.decode()}, a list of names")
        return [each.decode("utf-8", "replace") for each in names]
    return None
