"""CIFAR-10 and CIFAR-100 as they are published."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.cifar_files import SHAPE, Labels, Part, find_files, read_names, read_part
from feedline.sources.handle import Handle
from feedline.sources.labels import KeptLabels, checked_groups, class_names
from feedline.sources.watched import State
from feedline.types import Record, Spec


class CifarSource:
    """CIFAR-10 or CIFAR-100, binary (memory-mapped) or pickled for Python (loaded by each process): 32x32x3 uint8.

    The pickles are read without running what they ask for. Names of the classes come from the files beside the images;
    without them a class is called by its number. Of CIFAR-100 a record's ``extra`` has both labels, ``fine`` and
    ``coarse``.

    Args:
        path: the folder (``cifar-10-batches-bin``, ``cifar-100-python``, ...), or one of its files.
        split: "train" or "test", of a folder.
        labels: "fine", or "coarse" for the twenty groups of CIFAR-100.
        classes: names of the classes, in place of those beside the images.
        groups: one value a sample where samples belong together.

    Raises:
        DataError: nothing there, not all files of the split, a file of another size, form or with other labels, or a
            pickle that asks for more than plain data. On access, where a file was written to meanwhile, or another one
            lies there when a process opens it, a DecodeError.
        ValueError: an unknown split or kind of labels.
    """

    has_files = False
    spec = Spec(*SHAPE[1:], SHAPE[0])

    def __init__(
        self,
        path: str | os.PathLike[str],
        split: Literal["train", "test"] = "train",
        *,
        labels: Labels = "fine",
        classes: Sequence[str] | None = None,
        groups: Sequence[Any] | None = None,
    ) -> None:
        if split not in ("train", "test"):
            raise ValueError(f"split must be 'train' or 'test', not {split!r}")
        if labels not in ("fine", "coarse"):
            raise ValueError(f"labels must be 'fine' or 'coarse', not {labels!r}")
        self._files = find_files(os.path.abspath(path), split)
        self._states: list[State | None] = [None] * len(self._files)
        self._handle: Handle[list[Part]] = Handle(inherited=True)
        parts = self._handle.get(self._open)
        self._states = [part.file.state for part in parts]
        self._ends: list[int] = np.cumsum([len(part.images) for part in parts]).tolist()
        hundred = parts[0].hundred
        if labels == "coarse" and not hundred:
            raise DataError(f"{self._files[0]} has no coarse labels: only CIFAR-100 has")
        targets = np.concatenate([part.labels[labels] for part in parts])
        self._labels = KeptLabels(targets, f"{self._files}", labels)
        names = read_names(os.path.dirname(self._files[0]), labels, hundred) if classes is None else classes
        self.classes = class_names(self._files[0], self.targets, names)
        self.groups = checked_groups(self._files[0], groups, len(self))

    def __len__(self) -> int:
        return self._ends[-1]

    @property
    def targets(self) -> NDArray[np.int64]:
        """The class of each sample, read-only."""
        return self._labels.targets

    def path(self, index: int) -> str:
        part, place = self._place(index)
        return f"{self._files[part]}[{place}]"

    def __getitem__(self, index: int) -> Record:
        number, place = self._place(index)
        path = f"{self._files[number]}[{place}]"
        part = self._handle.get_for(path, index, self._open)[number]
        part.file.require_unchanged(path, index)
        extra = {name: int(row[place]) for name, row in part.labels.items()} if part.hundred else {}
        return Record(np.moveaxis(part.images[place], 0, -1), int(self.targets[index]), path, extra=extra)

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def _place(self, index: int) -> tuple[int, int]:
        """The file, and the place in it."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"no image {index} among {count} in {os.path.dirname(self._files[0])}")
        place = int(index) % count
        number = int(np.searchsorted(self._ends, place, side="right"))
        return number, place - (self._ends[number - 1] if number else 0)

    def _open(self) -> list[Part]:
        parts = [read_part(file, state) for file, state in zip(self._files, self._states, strict=True)]
        if len({part.hundred for part in parts}) > 1:
            raise DataError(f"{self._files[0]} and those beside it are not of one set")
        return parts

    def __repr__(self) -> str:
        return f"CifarSource({self._files[0]!r}{', ...' if len(self._files) > 1 else ''}, {len(self)} images)"
