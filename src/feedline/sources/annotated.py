"""What the sources of images with boxes have in common: an index in flat arrays, and images in files."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.sources.files import missing_files
from feedline.sources.objects import Arrays, main_labels
from feedline.sources.problems import Finding, packed, unpacked
from feedline.sources.saved import SavedArrays
from feedline.sources.texts import pack_texts, text_at
from feedline.types import Record, Spec


class Annotated(ABC):
    """Images in files below ``root``, and objects in them; a subclass says how a record is made.

    Attributes:
        root: the folder that the paths are relative to.
        classes: names of the classes of objects.
    """

    has_files = True
    groups = None
    spec = Spec(None, None, None)

    def __init__(self, root: str, index: SavedArrays) -> None:
        self.root = root
        self._index = index
        self._about: dict[str, Any] = json.loads(index["about"].tobytes())
        self.classes: list[str] = self._about["classes"]

    def __len__(self) -> int:
        return len(self._index["labels"])

    @property
    def targets(self) -> NDArray[np.int64]:
        """For each sample the class of its largest box, the first of equals; UNLABELLED (-1) where it has none."""
        labels: NDArray[np.int64] = self._index["labels"]
        return labels

    @property
    def problems(self) -> list[Finding]:
        """What was found wrong in the annotations when they were read."""
        return unpacked(self._index["findings"])

    def missing(self) -> list[Finding]:
        """A finding for every image whose file is not there; asks the disk for each."""
        return missing_files(len(self), self.path)

    def path(self, index: int) -> str:
        return os.path.join(self.root, self._name(index))

    def _name(self, index: int) -> str:
        return text_at(self._index["names"], self._index["name_places"], index)

    def _size(self, index: int) -> dict[str, tuple[int, int]]:
        """For ``extra``: the width and height that the annotation claims its picture has, where it states both."""
        width, height = self._index["sizes"][index].tolist()
        return {"size": (width, height)} if width and height else {}

    @abstractmethod
    def __getitem__(self, index: int) -> Record: ...

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def __repr__(self) -> str:
        count = int(self._index["finding_count"][0])
        problems = f", {count:,} problems" if count else ""
        return f"{type(self).__name__}({self._title()}, root={self.root!r}{problems})"

    @abstractmethod
    def _title(self) -> str:
        """What was opened, for repr."""


def annotated_arrays(
    names: Sequence[str], objects: Arrays, findings: Sequence[Finding], about: dict[str, Any], **more: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """The index of an Annotated source."""
    texts, places = pack_texts(names)
    return {
        **objects,
        **more,
        **packed(sorted(findings, key=lambda finding: -1 if finding.index is None else finding.index)),
        "names": texts,
        "name_places": places,
        "labels": main_labels(objects),
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
    }
