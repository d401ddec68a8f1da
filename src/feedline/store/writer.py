"""A store that is written: whole or not at all, and gone on with where it was interrupted."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from feedline._atomic import write_whole
from feedline._optional import require
from feedline._version import __version__
from feedline.errors import DataError
from feedline.native.checksum import crc32c
from feedline.store import journal as journals
from feedline.store import manifest as manifests
from feedline.store.columns import Columns, schema_of
from feedline.store.folder import locked, sync
from feedline.store.journal import Journal, Progress, Step
from feedline.store.manifest import Manifest, Shard
from feedline.store.part import Part, part_of
from feedline.store.rows import Row, record_batch

Left = tuple[Mapping[str, Any], Progress] | None
"""A job that was left unfinished: what it was, and how far it is."""
_NAMED = re.compile(r"\w[\w.]*")
SHARD = 256 * 2**20
"""Bytes after which a shard is closed."""


class StoreWriter:
    """Writes samples into a store, batch by batch; ``commit`` makes them a store, or a part of the one that is there.

    Until then nobody sees them. What a process wrote that was killed, or met a full disk, is there for the next one
    that is given the same job: ``done`` says how many inputs it need not read again. To be used in a ``with`` block,
    in which nobody else can write into the folder.

    Args:
        path: the folder of the store; made where there is none.
        columns: which rows have.
        classes: their names. Of a store that is there, its own must be the first of them.
        job: what is done, in plain values: a job that was interrupted is gone on with where these are equal.
        recipe: how the samples were made, for the manifest.
        normalize: what images are meant to be scaled by: see :class:`Manifest`.
        append: adds to the store that is there; without it there must be none.
        restart: throws away what another job left unfinished.
        shard_bytes: after which a shard is closed.

    Raises:
        DataError: a store is there, or none to append to, or one of other columns or classes; another job was not
            finished; or another process writes into the folder.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        columns: Columns,
        classes: Sequence[str],
        *,
        job: Mapping[str, Any],
        recipe: Mapping[str, Any] | None = None,
        normalize: Mapping[str, Any] | None = None,
        append: bool = False,
        restart: bool = False,
        shard_bytes: int = SHARD,
    ) -> None:
        self.path = Path(os.path.abspath(path))
        self.columns, self.classes, self.recipe = columns, tuple(classes), dict(recipe or {})
        self._normalize, self._append, self._restart, self._limit = normalize, append, restart, shard_bytes
        own = {"append": append, "shard_bytes": shard_bytes, "columns": columns.as_dict(), "classes": list(classes)}
        self._job: Mapping[str, Any] = json.loads(json.dumps({**job, **own}))  # as a journal gives it back
        self._schema = schema_of(columns, classes)
        self._part: Part | None = None
        self._split = ""
        self.finished: Manifest | None = None

    def __enter__(self) -> StoreWriter:
        with ExitStack() as stack:
            stack.enter_context(locked(self.path))
            self._begin(stack)
            self._stack = stack.pop_all()
        return self

    def _begin(self, stack: ExitStack) -> None:
        there, left = manifests.found(self.path), None if self._restart else journals.read(self.path)
        self.finished = _committed(there, left, self._job)
        if self.finished is not None and left is not None:
            self._progress = left[1]
            return
        self._base = self._checked(there, left is not None)
        self._progress = self._resumed(None if _of_store(there, left) else left)
        self._journal = Journal(self.path, self._said_job(), self._progress)
        stack.callback(self._journal.close)
        _clean(self.path, self._base, self._progress)
        self._open_again(self._progress.steps)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if self._part is not None:
                self._part.close()

    @property
    def done(self) -> int:
        """How many inputs are behind what was written."""
        return self._progress.done

    @property
    def notes(self) -> list[Any]:
        """What was noted of these inputs, by this process and those before it."""
        return self._progress.notes

    def write(self, rows: Sequence[Row], split: str, done: int, notes: Sequence[Any] = ()) -> None:
        """Adds a record batch; splits come one behind the other.

        Args:
            rows: samples; of none, only the notes are kept.
            split: the part of the whole that they are in.
            done: how many inputs are behind this batch.
            notes: what is to be reported of its inputs, plain values.

        Raises:
            OSError: it cannot be written; what was written before stays.
        """
        if not _NAMED.fullmatch(split):
            raise ValueError(f"a split must be called by letters, digits, '_' and '.', not {split!r}")
        if self._part is not None and (split != self._split or self._part.size >= self._limit):
            self._close_shard()
        if self._part is None:
            self._split = split
            self._part = Part(self.path / self._name(split), self._schema)
        written = self._part.write(record_batch(rows, split, self.columns, self._schema))
        step = Step(self._part.path.name, written, done, tuple(row.label for row in rows), tuple(notes))
        self._note(step)

    def commit(self) -> Manifest:
        """Makes all that was written a store, at once; gives its manifest.

        Raises:
            DataError: there is no sample.
            OSError: it cannot be written; what was written before stays.
        """
        manifest = self.finished
        if manifest is None:
            if self._part is not None:
                self._close_shard()
            manifest = self._manifest()
            if not self._progress.shards:
                raise DataError(f"there is no sample to write to {self.path}")
            write_whole(self.path / manifests.NAME, manifest.text())
            sync(self.path)
        (self.path / journals.NAME).unlink()
        return manifest

    def _checked(self, there: Manifest | None, begun: bool) -> Manifest | None:
        """The store to append to; None where there is none yet."""
        if there is None:
            if self._append and not begun:
                raise DataError(f"there is no store at {self.path} to append to")
            return None
        if not self._append:
            raise DataError(f"{self.path} is a store already: append to it, give another name, or remove it first")
        self._check_fit(there)
        return there

    def _check_fit(self, found: Manifest) -> None:
        if found.columns != self.columns:
            raise DataError(
                f"the rows of {self.path} have {found.columns}, and those to append {self.columns}: "
                "only rows of the same columns can be appended"
            )
        if found.classes != self.classes[: len(found.classes)]:
            raise DataError(
                f"the classes of {self.path} are {', '.join(found.classes)}, and those to append to it "
                f"{', '.join(self.classes)}: they must begin with the same"
            )

    def _said_job(self) -> dict[str, Any]:
        return {**self._job, "base": None if self._base is None else crc32c(self._base.text().encode())}

    def _resumed(self, left: Left) -> Progress:
        """What an earlier process has done of this job."""
        if left is None:
            return Progress()
        job, progress = left
        if differing := _differing(job, self._said_job()):
            raise DataError(
                f"{self.path} holds an unfinished job that differs in {', '.join(differing)}: give that command again "
                "to finish it, or throw it away with restart (--restart)"
            )
        return progress

    def _open_again(self, steps: Sequence[Step]) -> None:
        if not steps:
            return
        path = self.path / steps[0].file
        self._part = Part(path, self._schema, [step.written for step in steps])
        self._split = path.name.rpartition("-")[0]

    def _name(self, split: str) -> str:
        shards = (*(self._base.shards if self._base else ()), *self._progress.shards)
        number = sum(shard.split == split for shard in shards)
        return f"{split}-{number:05}.arrow"

    def _close_shard(self) -> None:
        """The file is whole, then the journal says so, then it takes its place."""
        assert self._part is not None
        size, batches, tail = self._part.finish()
        path, self._part = self._part.path, None
        labels = Counter(label for step in self._progress.steps for label in step.labels)
        counts = tuple(labels[label] for label in range(len(self.classes)))
        self._note(Shard(path.name, self._split, size, counts, batches, tail))
        os.replace(part_of(path), path)

    def _note(self, event: journals.Event) -> None:
        self._journal.add(event)
        self._progress = Progress((*self._progress.events, event))

    def _manifest(self) -> Manifest:
        arrow = require("pyarrow", "table")
        before = self._base
        return Manifest(
            self.classes,
            self.columns,
            (*(before.shards if before else ()), *self._progress.shards),
            self.recipe if before is None else _appended(before.recipe, self.recipe),
            self._normalize if before is None else before.normalize,
            {"feedline": __version__, "pyarrow": arrow.__version__, "numpy": np.__version__},
            (*(before.left_out if before else ()), *self.notes),
        )


def _committed(there: Manifest | None, left: Left, job: Mapping[str, Any]) -> Manifest | None:
    """The store, where this very job wrote it and was killed before it could take its journal away."""
    if left is None or not _of_store(there, left) or _differing({**left[0], "base": None}, {**job, "base": None}):
        return None
    return there


def _of_store(there: Manifest | None, left: Left) -> bool:
    """Whether all that is left of a job is in the store."""
    if there is None or left is None or left[1].steps or not left[1].shards:
        return False
    return set(left[1].shards) <= set(there.shards)


def _clean(folder: Path, base: Manifest | None, progress: Progress) -> None:
    """Shards that were closed get their place; files that are no part of the store or of the job are removed."""
    for shard in progress.shards:
        place = folder / shard.file
        if not place.exists():
            os.replace(part_of(place), place)
    whole = {shard.file for shard in (*progress.shards, *(base.shards if base else ()))}
    parts = {part_of(folder / step.file).name for step in progress.steps}
    for path in folder.iterdir():
        if path.name.endswith((".arrow", ".arrow.part", ".arrow.begun")) and path.name not in whole | parts:
            path.unlink()


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of what is not equal in the two."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


def _appended(recipe: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe of a store that something was appended to."""
    return {**recipe, "appended": [*recipe.get("appended", ()), more]}
