"""A store as a source: samples where they lie in its shards."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.native.segments import Segments
from feedline.sources.handle import Handle
from feedline.sources.saved import saved
from feedline.sources.url_reader import UrlReader
from feedline.store import journal
from feedline.store.manifest import NAME, WHOLE, Manifest, Shard, read, stamp_of
from feedline.store.segments import SegmentTable
from feedline.store.shard import OpenShard, Rows
from feedline.store.view import view_of
from feedline.types import Record, Spec

_FEW = 8
"""Shards that are looked at as a whole sooner than it is found which of them a batch touches."""

_KEPT = {"restarts": "restart_offsets", "hash": "phash", "mean": "mean", "std": "std"}
"""What of a row is made from its image, and the columns that it is in."""


class StoreSource:
    """The samples of a store that ``feedline pack`` or ``feedline prepare`` wrote, mapped into memory, or behind a URL.

    What is not image bytes is compared with its checksums when a batch of rows is first touched, images whenever they
    are read: what was damaged is a DecodeError of its samples, as any broken file is.

    Args:
        path: the folder, or its URL.
        split: which part of it; "all" for all of them, one behind the other. Not needed where there is but one.
        storage_options: what fsspec shall know of the URL.

    Raises:
        DataError: no store is there, or one that was not finished; its manifest was damaged; no such split, or none
            was named where there are several.
    """

    has_files = False

    def __init__(
        self,
        path: str | os.PathLike[str],
        split: str | None = None,
        *,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        given = os.fspath(path)
        self.root = given.rstrip("/") if "://" in given else os.path.abspath(given)
        self._options = storage_options
        self._take(self._read(), split)

    def _read(self) -> Manifest:
        return read(manifest_text(self.root, self._options), f"{self.root}/{NAME}")

    def _take(self, manifest: Manifest, split: str | None) -> None:
        self.manifest = manifest
        self.split = _chosen(self.manifest, split, self.root)
        self._shards: list[Shard] = [shard for shard in self.manifest.shards if self.split in (WHOLE, shard.split)]
        self.classes = list(self.manifest.classes)
        rows = [batch.rows for shard in self._shards for batch in shard.batches]
        self._starts: NDArray[np.int64] = np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)
        self._places = [
            (number, place) for number, shard in enumerate(self._shards) for place in range(len(shard.batches))
        ]
        self._opened: list[Handle[OpenShard]] = [Handle(inherited=True) for _ in self._shards]
        self._ends: NDArray[np.int64] = np.cumsum([shard.rows for shard in self._shards])
        self._segments = SegmentTable(self._starts, self.manifest.columns, self._rows)
        shape = self.manifest.columns.shape
        self.spec = Spec(None, None, None) if shape is None else Spec(*shape)

    @cached_property
    def _stamp(self) -> int:
        """Of what the samples are."""
        return stamp_of(self._shards, self.manifest.classes, self.manifest.columns)

    @property
    def splits(self) -> list[str]:
        """The names of all splits of the store."""
        return self.manifest.splits

    def split_names(self) -> NDArray[np.str_]:
        """The split of each sample."""
        shards = self._shards
        return np.repeat([shard.split for shard in shards], [shard.rows for shard in shards])

    @property
    def normalize(self) -> Mapping[str, Any] | None:
        """{"mean": [...], "std": [...]} that the images are meant to be scaled by, where white is 1: for Normalize."""
        return self.manifest.normalize

    def __len__(self) -> int:
        return int(self._starts[-1])

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """The class of each sample, read-only; UNLABELLED (-1) where it has none. Mapped from the user's cache.

        Raises:
            DecodeError: a batch's labels were damaged.
        """
        what = f"store labels 1 {self.root} {self.split}"
        kept = saved(what, str(self._stamp), lambda: {"labels": self._all_labels()})
        labels: NDArray[np.int64] = kept["labels"].view()
        labels.flags.writeable = False
        return labels

    def _all_labels(self) -> NDArray[np.int64]:
        return np.concatenate([self._rows(number).labels for number in range(len(self._places))])

    @cached_property
    def groups(self) -> Sequence[Any] | None:
        """What each sample belongs together by; None where none has a group."""
        found: list[Any] = []
        for number in range(len(self._places)):
            found += self._rows(number).batch.column("group").to_pylist()
        return None if all(group is None for group in found) else found

    def path(self, index: int) -> str:
        number, row = self._locate(index)
        place = f"{self.root}[{int(index)}]"
        try:
            name = self._rows(number).path(row)
        except DecodeError:
            return place
        return f"{place} {name}" if name else place

    def origin(self, index: int) -> tuple[str, str]:
        """The path that a sample had, and what it came from; raises DecodeError where that was damaged."""
        number, row = self._locate(index)
        rows = self._rows(number)
        return rows.path(row), rows.value("source", row) or ""

    def kept(self, index: int) -> dict[str, Any]:
        """What a row has beside image, label, objects and so on, by the names of ``Row``; None where it has none.

        "restarts" is a list of offsets in bytes, "hash" a whole number, "mean" and "std" are lists of a number a
        channel, where white is 1.

        Raises:
            DecodeError: what the row says was damaged.
        """
        number, row = self._locate(index)
        rows = self._rows(number)
        return {name: rows.value(column, row) for name, column in _KEPT.items()}

    def batches(self) -> Iterator[Rows]:
        """The record batches, in order; raises DecodeError where one was damaged."""
        return map(self._rows, range(len(self._places)))

    def __getitem__(self, index: int) -> Record:
        number, row = self._locate(index)
        try:
            return self._record(self._rows(number), row, self.path(index))
        except DecodeError as error:
            raise error.at(self.path(index), int(index)) from error

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def bulk(self, indices: NDArray[np.int64]) -> tuple[Segments, NDArray[np.int64]] | None:
        """Where the images of these samples lie in memory, for the kernel, and their labels.

        None behind a URL, and where samples have numbers in the place of a label.
        """
        if "://" in self.root or self.manifest.columns.targets:
            return None
        self._segments.open(indices)
        few = len(self._shards) <= _FEW
        touched = range(len(self._shards)) if few else np.unique(np.searchsorted(self._ends, indices, side="right"))
        try:
            for number in touched:
                self._unchanged(int(number))
        except DecodeError as error:
            raise error.at(self.root, None) from error
        return Segments(self._segments.table, self._opened), self.targets[indices]

    def _record(self, rows: Rows, row: int, path: str) -> Record:
        pixels = self.manifest.columns.shape is not None
        data = rows.pixels(row) if pixels else rows.encoded("image", row) or b""
        mask, partner = (rows.encoded(name, row) for name in ("mask", "partner"))
        extra = rows.extra(row)
        targets = rows.value("targets", row)
        if targets is not None:
            extra["targets"] = np.array(targets, np.float32)
        return Record(data, int(rows.labels[row]), path, rows.objects(row), mask, partner, extra)

    def _locate(self, index: int) -> tuple[int, int]:
        """The batch among all, and the row in it."""
        if not 0 <= index < len(self):
            raise IndexError(f"no sample {index} among {len(self)} in {self.root}")
        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        return number, int(index - self._starts[number])

    def _rows(self, number: int) -> Rows:
        """A batch, of those of all shards; raises DecodeError where it was damaged."""
        shard, place = self._places[number]
        try:
            return self._unchanged(shard).rows(place)
        except DecodeError as error:  # the cause names the shard alone
            raise error.at(self.root, None) from error

    def _unchanged(self, number: int) -> OpenShard:
        """A shard, where its file was not written to since it was opened; raises DecodeError."""
        opened = self._shard(number)
        opened.view.require_unchanged()
        return opened

    def _shard(self, number: int) -> OpenShard:
        return self._opened[number].get(lambda: self._open(self._shards[number]))

    def _open(self, shard: Shard) -> OpenShard:
        view = view_of(f"{self.root}/{shard.file}", shard.bytes, self._options)
        return OpenShard(view, shard, self.manifest.columns)

    def __getstate__(self) -> dict[str, Any]:
        known = {"shards": len(self.manifest.shards), "classes": len(self.manifest.classes), "stamp": self._stamp}
        return {"root": self.root, "split": self.split, "options": self._options, **known}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """The same samples, whatever was appended since: shards and classes are only added, and behind the others."""
        self.root, self._options = kept["root"], kept["options"]
        found = self._read()
        shards, classes = found.shards[: kept["shards"]], found.classes[: kept["classes"]]
        self._take(replace(found, shards=shards, classes=classes), kept["split"])
        if self._stamp != kept["stamp"]:
            raise DataError(f"{self.root} was changed after it was opened: open it again")

    def __repr__(self) -> str:
        split = "" if self.split == WHOLE else f", split={self.split!r}"
        return f"StoreSource({self.root!r}{split}, {len(self)} samples)"


def is_store(path: str | os.PathLike[str]) -> bool:
    """Whether a store, finished or not, is in the folder."""
    return any(Path(path, name).is_file() for name in (NAME, journal.NAME)) and not Path(path, "Annotations").is_dir()


def manifest_text(root: str, options: Mapping[str, Any] | None) -> bytes:
    """The content of a store's manifest; raises DataError where there is none, or it cannot be read."""
    place = f"{root}/{NAME}"
    try:
        if "://" in root:
            reader = UrlReader(place, options)
            return reader.read(0, reader.size)
        return Path(place).read_bytes()
    except FileNotFoundError as error:
        if "://" not in root and Path(root, journal.NAME).is_file():
            raise DataError(
                f"the store {root} was not finished: give the command that writes it again, and it goes on"
            ) from error
        raise DataError(f"no store is at {root}: it has no {NAME}") from error
    except OSError as error:
        raise DataError(f"cannot read {place}: {error.strerror or error}") from error


def _chosen(manifest: Manifest, split: str | None, root: str) -> str:
    """The split to open."""
    names = manifest.splits
    if split is None and len(names) > 1:
        raise DataError(
            f'{root} has the splits {", ".join(names)}: say which one with split="{names[0]}", or split="all" for all'
        )
    if split is None or split == WHOLE:
        return WHOLE
    if split not in names:
        raise DataError(f"{root} has no split {split!r}: its splits are {', '.join(names)}")
    return split
