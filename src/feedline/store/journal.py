"""What was done of an unfinished job: a line for each batch and each shard, appended as they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from feedline._atomic import write_whole
from feedline.errors import DataError
from feedline.store.folder import naming
from feedline.store.manifest import SHARD_NAME, Shard, as_dict, shard_of, whole
from feedline.store.part import Written, good, part_of

NAME = ".journal"


@dataclass(frozen=True, slots=True)
class Step:
    """Inputs that were dealt with: a batch that was written of them, or, where all were left out, notes alone.

    Attributes:
        file: of the batch's shard; "" where there is no batch.
        written: where it ends there.
        done: how many inputs are behind it.
        labels: of its rows; none where there is no batch.
        notes: what is to be reported of its inputs, plain values.
    """

    file: str
    written: Written
    done: int
    labels: tuple[int, ...]
    notes: tuple[Any, ...] = ()


Event = Step | Shard
"""Inputs were dealt with; a shard was closed, of all the batches before it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, in the order in which it happened."""

    events: tuple[Event, ...] = ()

    @property
    def shards(self) -> list[Shard]:
        """Those that are whole."""
        return [event for event in self.events if isinstance(event, Shard)]

    @property
    def steps(self) -> list[Step]:
        """Batches of the shard that is not whole."""
        last = max((place + 1 for place, event in enumerate(self.events) if isinstance(event, Shard)), default=0)
        return [event for event in self.events[last:] if isinstance(event, Step) and event.labels]

    @property
    def done(self) -> int:
        """How many inputs are behind all that."""
        return next((event.done for event in reversed(self.events) if isinstance(event, Step)), 0)

    @property
    def notes(self) -> list[Any]:
        return [note for event in self.events if isinstance(event, Step) for note in event.notes]


class Journal:
    """Appends to the journal of a folder.

    Args:
        folder: of the store.
        job: what is done, in plain values: another job does not go on with this one.
        before: how far it is: the journal begins with that.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any], before: Progress) -> None:
        self._path = folder / NAME
        with naming(self._path):
            write_whole(self._path, "".join(map(_line, [{"job": job}, *map(_said, before.events)])))
        self._stream: BinaryIO = open(self._path, "ab")  # noqa: SIM115  closed by close

    def add(self, event: Event) -> None:
        """Says that something was done; of a shard, it is on the disk when this returns."""
        with naming(self._path):
            self._stream.write(_line(_said(event)).encode())
            self._stream.flush()
            if isinstance(event, Shard):
                os.fsync(self._stream.fileno())

    def close(self) -> None:
        with suppress(OSError):  # of a line that could not be written before: the next reader drops what is torn
            self._stream.close()


def read(folder: Path) -> tuple[Mapping[str, Any], Progress] | None:
    """The unfinished job of a folder, and how far it says to be; None where there is none.

    Raises:
        DataError: its journal is none.
    """
    try:
        lines = list(_whole_lines((folder / NAME).read_bytes()))
    except FileNotFoundError:
        return None
    if not lines:
        return None
    try:
        job, events = dict(lines[0]["job"]), tuple(map(_event, lines[1:]))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{folder / NAME} is no journal of feedline's: {type(error).__name__}: {error}; begin anew with restart "
            "(--restart)"
        ) from error
    return job, Progress(events)


def borne_out(folder: Path, events: Sequence[Event]) -> Progress:
    """The first of these events, up to one whose file is gone or is not what was written."""
    lost = next((n for n, event in enumerate(events) if isinstance(event, Shard) and not _is_there(folder, event)), -1)
    if lost >= 0:
        last = max((n + 1 for n, event in enumerate(events[:lost]) if isinstance(event, Shard)), default=0)
        return Progress(tuple(events[:last]))
    steps = Progress(tuple(events)).steps
    kept = good(folder / steps[0].file, [step.written for step in steps]) if steps else 0
    return Progress(tuple(events if kept == len(steps) else events[: events.index(steps[kept])]))


def _is_there(folder: Path, shard: Shard) -> bool:
    """Whether a whole shard has its size, in its place or still beside it."""
    place = folder / shard.file
    return any(path.is_file() and path.stat().st_size == shard.bytes for path in (place, part_of(place)))


def _said(event: Event) -> Mapping[str, Any]:
    if isinstance(event, Shard):
        return {"shard": as_dict(event)}
    end, value = event.written
    batch = {"file": event.file, "end": end, "crc32c": value, "done": event.done}
    return {"batch": {**batch, "labels": event.labels, "notes": event.notes}}


def _event(line: Mapping[str, Any]) -> Event:
    if "shard" in line:
        return shard_of(line["shard"])
    said = line["batch"]
    written = Written(whole(said["end"]), whole(said["crc32c"]))
    step = Step(said["file"], written, whole(said["done"]), tuple(said["labels"]), tuple(said["notes"]))
    if step.labels and not SHARD_NAME.fullmatch(step.file):
        raise ValueError(f"a shard must be called SPLIT-00000.arrow, not {step.file!r}")
    return step


def _whole_lines(text: bytes) -> Iterator[Any]:
    """Those that were written to their end, up to the first that was not."""
    for line in text.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            return


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"
