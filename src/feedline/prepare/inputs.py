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
from feedline.dataset import ImageDataset
from feedline.errors import DataError
from feedline.sources import CifarSource, MnistSource
from feedline.sources.class_folders import holds_splits
from feedline.sources.saved import state_of
from feedline.store import StoreSource, is_store
from feedline.store.manifest import WHOLE
from feedline.subsets import Subset
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
        inside = self.base and path.startswith(self.base)
        short = path[len(self.base) :].lstrip("/:!") if inside else os.path.basename(path)
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
        for place in spaced(len(self), _LOOKED_AT):
            path = f"{self.origin(place).path(int(self.indices[place]))}\0{self.group(place)}\0"
            found.update(path.encode("utf-8", "surrogateescape"))
        return found.hexdigest()

    def state(self) -> str:
        """What else tells that these are the very inputs that an earlier process read: files' sizes and times.

        It depends on the machine, and is for the journal of an unfinished job alone.
        """
        found = hashlib.blake2b(digest_size=16)
        for origin in self.origins:
            found.update(f"{origin.name}\0{_state_of(origin.base)}\0".encode("utf-8", "surrogateescape"))
        for place in spaced(len(self), _LOOKED_AT):
            origin = self.origin(place)
            if origin.source.has_files:
                path = origin.source.path(int(self.indices[place]))
                found.update(f"{_state_of(path)}\0".encode("utf-8", "surrogateescape"))
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


def spaced(count: int, most: int) -> list[int]:
    """Some of so many places, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64)).tolist()  # type: ignore[no-any-return]


def _state_of(path: str) -> str:
    """Size and time of change of a file; of a folder nothing, for its files tell."""
    try:
        return "" if os.path.isdir(path) else state_of(path)
    except OSError:
        return ""


def inputs_of(data: Any, **how: Any) -> Inputs:
    """All samples of what :func:`feedline.open` takes; of a folder or store with splits, those of all of them.

    Args:
        data: a path, a URL, a source, a dataset of feedline's or a part of one, ...
        how: what its source takes.

    Raises:
        DataError: nothing that opens, or splits of different classes.
    """
    if isinstance(data, Subset):
        whole = inputs_of(data.dataset, **how)
        return whole.chosen(data.indices, whole.splits[data.indices], whole.splits[:1].tolist())
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
        source = data.source if isinstance(data, ImageDataset) else open_dataset(data, **how).source
        base = _base(source)
        yield WHOLE, Origin(source, os.path.basename(base) or type(source).__name__, base)
        return
    path = os.fsdecode(data)
    base = path.rstrip("/") if "://" in path else os.path.abspath(path)
    name = os.path.basename(base)
    for split in _splits(path, how):
        source = _opened(path, split, how)
        begin = os.path.join(base, split) if split is not None and os.path.isdir(os.path.join(base, split)) else base
        yield (split or WHOLE).lower(), Origin(source, name, begin)


def _opened(path: str, split: str | None, how: Mapping[str, Any]) -> Source:
    own: dict[str, Any] = {**how} if split is None else {**how, "split": split}
    return open_dataset(path, **own).source


def _base(source: Any) -> str:
    """What the paths of an opened source begin with: its folder or file, or that of the source that it is around."""
    for name in ("root", "file", "_file"):
        if isinstance(getattr(source, name, None), str):
            return str(getattr(source, name))
    inner = getattr(source, "a", None) or getattr(source, "source", None)
    files = getattr(source, "files", None)
    return _base(inner) if inner is not None else str(files[0]) if files else ""


def _splits(path: str, how: Mapping[str, Any]) -> Sequence[str | None]:
    """The names of its splits; of what has none, or of which one was named, None alone."""
    if "split" in how:
        return [None]
    if is_store(path) or path.rstrip("/").endswith(".feed"):
        names = StoreSource(path, WHOLE).splits
        return [None] if len(names) == 1 else names
    folders = sorted(entry.name for entry in Path(path).iterdir() if entry.is_dir()) if os.path.isdir(path) else []
    if holds_splits(folders):
        return sorted(folders, key=lambda name: (_RANK.get(name.lower()[:2], len(_RANK)), name))
    return _named(path, how)


_RANK = {"tr": 0, "va": 1, "te": 2}


def _named(path: str, how: Mapping[str, Any]) -> Sequence[str | None]:
    """Of what is opened by the name of a split, or is a published set in two files, the names that there are."""
    try:
        alone: Any = open_dataset(path, **how).source
    except DataError as error:
        found = [split for split in _USUAL if _opens(path, split, how)]
        if not found:
            raise error
        return found
    both = isinstance(alone, CifarSource | MnistSource) and os.path.isdir(path) and _opens(path, "test", how)
    return ["train", "test"] if both else [None]


_USUAL = ("train", "val", "test")


def _opens(path: str, split: str, how: Mapping[str, Any]) -> bool:
    try:
        _opened(path, split, how)
    except (DataError, TypeError):
        return False
    return True
