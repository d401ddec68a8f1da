"""What goes into a store, and in which order: samples of one or more sources, split by split."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._open import open as open_dataset
from feedline.errors import DataError
from feedline.sources import CifarSource, MnistSource
from feedline.sources.class_folders import holds_splits
from feedline.store import StoreSource, is_store
from feedline.store.manifest import WHOLE
from feedline.types import Source

_LOOKED_AT = 100_000
"""Paths that tell one set of inputs from another; of more, as many are taken, evenly spaced."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source, and what its samples are called by.

    Attributes:
        source: where they lie.
        name: the source in a word, without its place on this machine.
        base: what the paths of its samples begin with, which is left out of them.
    """

    source: Source
    name: str
    base: str

    def word(self, index: int) -> str:
        """What the sample came from: of a store what its row says, else the source."""
        return self.source.origin(index)[1] if isinstance(self.source, StoreSource) else self.name

    def path(self, index: int) -> str:
        """The path of a sample, from the source on: never an absolute one."""
        if isinstance(self.source, StoreSource):
            return self.source.origin(index)[0]
        path = self.source.path(index)
        short = path[len(self.base) :].lstrip("/:!") if path.startswith(self.base) else os.path.basename(path)
        return os.fsencode(short).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Samples in the order in which they are written.

    Attributes:
        origins: the sources.
        which: N, for each sample the number of its origin.
        indices: N, its index there.
        splits: N, its split; those of one split lie together.
        labels: N int64, its class among ``classes``.
        classes: their names.
        groups: N values that samples belong together by, or None.
    """

    origins: Sequence[Origin]
    which: NDArray[np.int64]
    indices: NDArray[np.int64]
    splits: NDArray[np.str_]
    labels: NDArray[np.int64]
    classes: Sequence[str]
    groups: Sequence[Any] | None = None

    def __len__(self) -> int:
        return len(self.indices)

    def origin(self, place: int) -> Origin:
        return self.origins[int(self.which[place])]

    def group(self, place: int) -> str | None:
        value = None if self.groups is None else self.groups[place]
        return None if value is None else str(value)

    def digest(self) -> str:
        """What tells these inputs from others: their number, order, labels, splits and paths; not what is in them."""
        found = hashlib.blake2b(digest_size=16)
        for array in (self.which, self.indices, self.labels, np.char.encode(self.splits, "utf-8")):
            found.update(np.ascontiguousarray(array).tobytes())
        for place in np.unique(np.linspace(0, len(self) - 1, _LOOKED_AT).astype(np.int64)).tolist():
            path = f"{self.origin(place).path(int(self.indices[place]))}\0{self.group(place)}\0"
            found.update(path.encode("utf-8", "surrogateescape"))
        return found.hexdigest()

    def chosen(self, places: NDArray[np.int64], splits: NDArray[np.str_], order: Sequence[str]) -> Inputs:
        """Some of these in other splits, which follow each other as ``order`` says."""
        rank = np.array([list(order).index(name) for name in splits.tolist()], np.int64)
        kept = np.argsort(rank, kind="stable")
        rows = places[kept]
        groups = None if self.groups is None else [self.groups[row] for row in rows.tolist()]
        return Inputs(
            self.origins, self.which[rows], self.indices[rows], splits[kept], self.labels[rows], self.classes, groups
        )


def inputs_of(data: Any, **how: Any) -> Inputs:
    """All samples of what :func:`feedline.open` takes; of a folder or store with splits, those of all of them.

    Args:
        data: a path, a URL, a source, ...
        how: what its source takes.

    Raises:
        DataError: nothing that opens, or splits of different classes.
    """
    parts = list(_parts(data, how))
    classes = parts[0][1].source.classes
    for name, origin in parts[1:]:
        if list(origin.source.classes) != list(classes):
            raise DataError(
                f"the split {name} of {data} has the classes {', '.join(origin.source.classes)}, and "
                f"{parts[0][0]} has {', '.join(classes)}: splits of one set have the same"
            )
    counts = [len(origin.source) for _, origin in parts]
    groups = [origin.source.groups for _, origin in parts]
    return Inputs(
        [origin for _, origin in parts],
        np.repeat(np.arange(len(parts)), counts),
        np.concatenate([np.arange(count) for count in counts]),
        np.repeat([name for name, _ in parts], counts),
        np.concatenate([origin.source.targets for _, origin in parts]),
        classes,
        None if any(each is None for each in groups) else [group for each in groups for group in each or ()],
    )


def _parts(data: Any, how: Mapping[str, Any]) -> Iterator[tuple[str, Origin]]:
    """Each split of the data by its name, or all of it."""
    if not isinstance(data, str | bytes | os.PathLike):
        source = open_dataset(data).source
        yield WHOLE, Origin(source, type(source).__name__, "")
        return
    path = os.fsdecode(data)
    base = path.rstrip("/") if "://" in path else os.path.abspath(path)
    name = os.path.basename(base)
    for split in _splits(path):
        source = _opened(path, split, how)
        begin = os.path.join(base, split) if split is not None and os.path.isdir(os.path.join(base, split)) else base
        yield (split or WHOLE).lower(), Origin(source, name, begin)


def _opened(path: str, split: str | None, how: Mapping[str, Any]) -> Source:
    own: dict[str, Any] = {**how} if split is None else {**how, "split": split}
    return open_dataset(path, **own).source


def _splits(path: str) -> Sequence[str | None]:
    """The names of its splits; of what has none, None alone."""
    if not os.path.isdir(path):
        return [None]
    if is_store(path):
        names = StoreSource(path, "all").splits
        return [None] if len(names) == 1 else names
    folders = sorted(entry.name for entry in Path(path).iterdir() if entry.is_dir())
    if holds_splits(folders):
        return sorted(folders, key=lambda name: (_RANK.get(name.lower()[:2], len(_RANK)), name))
    return ["train", "test"] if _has_both(path) else [None]


_RANK = {"tr": 0, "va": 1, "te": 2}


def _has_both(path: str) -> bool:
    """Whether it is a published set in its own files, with both of its splits."""
    try:
        sources = [open_dataset(path, split=split).source for split in ("train", "test")]
    except (DataError, TypeError):
        return False
    return all(isinstance(source, CifarSource | MnistSource) for source in sources)
