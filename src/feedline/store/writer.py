"""A store that is written: whole or not at all, and gone on with where it was interrupted."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
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
from feedline.store.columns import Columns, differing_columns, schema_of
from feedline.store.folder import locked, naming, sync
from feedline.store.journal import Journal, Progress, Step
from feedline.store.left import Left, clean, committed, differing, left_in, of_store, require_own
from feedline.store.manifest import SPLIT_NAME, Manifest, Shard
from feedline.store.part import Part, Written, part_of
from feedline.store.rows import Row, record_batch
from feedline.types import UNLABELLED

SHARD = 256 * 2**20
"""Bytes after which a shard is closed."""
_MOST = 2**31


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
        left_out: what could not be read before, for the manifest.
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
        left_out: Sequence[Mapping[str, Any]] = (),
        append: bool = False,
        restart: bool = False,
        shard_bytes: int = SHARD,
    ) -> None:
        self.path = Path(os.path.abspath(path))
        self.columns, self.classes, self._versions = columns, tuple(classes), _versions()
        self._append, self._restart, self._limit = append, restart, shard_bytes
        how = {"append": append, "shard_bytes": shard_bytes, "columns": columns.as_dict(), "classes": list(classes)}
        what = {"recipe": dict(recipe or {}), "normalize": normalize, "versions": self._versions}
        self._job: Mapping[str, Any] = json.loads(json.dumps({**job, **how, **what}))  # as a journal gives it back
        self.recipe, self._normalize = self._job["recipe"], self._job["normalize"]
        self._left_out = tuple(left_out)
        self._schema = schema_of(columns, classes)
        self._part: Part | None = None
        self._split = ""
        self._closed = False
        self.finished: Manifest | None = None

    def __enter__(self) -> StoreWriter:
        if self._append and not self.path.is_dir():
            raise DataError(f"there is no store at {self.path} to append to")
        with ExitStack() as stack:
            stack.enter_context(locked(self.path))
            self._begin(stack)
            self._stack = stack.pop_all()
        return self

    def _begin(self, stack: ExitStack) -> None:
        there, left = manifests.found(self.path), left_in(self.path, restart=self._restart)
        self.finished = committed(there, left, self._job)
        if self.finished is not None and left is not None:
            self._progress, self._closed = left[1], True
            return
        self._base = self._checked(there, left is not None)
        self._progress = self._resumed(None if self._restart or of_store(there, left) else left)
        require_own(self.path)
        self._journal = Journal(self.path, self._said_job(), self._progress)
        stack.callback(self._journal.close)
        sync(self.path)
        sync(self.path.parent)
        clean(self.path, self._base, self._progress)
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
            OSError: it cannot be written; what was written before stays, for a new writer of the same job.
            ValueError: the split cannot be called so, a label is none of the classes, the images have 2 GiB or more
                together, or the writer has committed, or could not write, before.
            TypeError: something in a row's ``extra`` cannot be kept; names it.
        """
        _require_fit(rows, split, len(self.classes))
        with self._writing():
            if not rows:
                self._note(Step("", Written(0, 0), done, (), tuple(notes)))
                return
        batch = record_batch(rows, split, self.columns, self._schema)
        with self._writing():
            part = self._part_for(split)
            written = part.write(batch)
            self._note(Step(part.path.name, written, done, tuple(row.label for row in rows), tuple(notes)))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """What was not written to its end is sorted out when the job is opened anew, and never written behind."""
        if self._closed:
            raise ValueError(f"this writer of {self.path} has committed, or could not write: open another one")
        try:
            yield
        except BaseException:
            self._closed = True
            raise

    def _part_for(self, split: str) -> Part:
        """The shard under way that the next batch of a split goes into."""
        if self._part is not None and (split != self._split or self._part.size >= self._limit):
            self._close_shard()
        if self._part is None:
            self._split = split
            self._part = Part(self.path / self._name(split), self._schema)
        return self._part

    def commit(self) -> Manifest:
        """Makes all that was written a store, at once; gives its manifest.

        Raises:
            DataError: there is no sample.
            OSError: it cannot be written; what was written before stays, for a new writer of the same job.
            ValueError: the writer could not write before.
        """
        if self.finished is None:
            with self._writing():
                self._commit()
            self._closed = True
        (self.path / journals.NAME).unlink(missing_ok=True)
        assert self.finished is not None
        return self.finished

    def _commit(self) -> None:
        if self._part is not None:
            self._close_shard()
        if not self._progress.shards:
            raise DataError(f"there is no sample to write to {self.path}")
        manifest, place = self._manifest(), self.path / manifests.NAME
        sync(self.path)  # no manifest lasts longer than the names of the shards that it tells of
        with naming(place):
            write_whole(place, manifest.text())
        sync(self.path)
        self.finished = manifest

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
            differ = differing_columns(found.columns, self.columns)
            raise DataError(f"the rows of {self.path} {differ}: pack with the same options as before")
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
        job, said = left
        if other := differing(job, self._said_job()):
            raise DataError(
                f"{self.path} holds an unfinished job that differs in {', '.join(other)}: give that command again "
                "to finish it, or throw it away with restart (--restart)"
            )
        return journals.borne_out(self.path, said.events)

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
        before = self._base
        return Manifest(
            self.classes,
            self.columns,
            (*(before.shards if before else ()), *self._progress.shards),
            self.recipe if before is None else _appended(before.recipe, self.recipe),
            self._normalize if before is None else before.normalize,
            self._versions,
            (*(before.left_out if before else ()), *self._left_out, *self.notes),
        )


def _versions() -> dict[str, str]:
    """Of what decides how a row becomes bytes."""
    return {"feedline": __version__, "pyarrow": require("pyarrow", "table").__version__, "numpy": np.__version__}


def _require_fit(rows: Sequence[Row], split: str, classes: int) -> None:
    """Raises ValueError where these rows cannot be a batch of a split of a store of so many classes."""
    if not SPLIT_NAME.fullmatch(split):
        raise ValueError(f"a split must be called by letters, digits, '_' and '.', not {split!r}")
    wrong = next((row.label for row in rows if classes and not UNLABELLED <= row.label < classes), None)
    if wrong is not None:
        raise ValueError(f"a label must be below {classes}, the number of classes, not {wrong}")
    if (size := sum(row.nbytes for row in rows)) >= _MOST:
        raise ValueError(f"the images of a batch must have less than 2 GiB together, not {size} bytes")


def _appended(recipe: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe of a store that something was appended to."""
    return {**recipe, "appended": [*recipe.get("appended", ()), more]}
