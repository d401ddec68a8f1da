"""A shard that is being written, and that another process can go on with."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from feedline._optional import require
from feedline.errors import DataError
from feedline.native.checksum import crc32c
from feedline.store.folder import naming
from feedline.store.gaps import described
from feedline.store.manifest import Batch

_MAGIC = 8
"""Bytes of an Arrow file before the stream of its messages begins."""


class Written(NamedTuple):
    """What a part's file holds up to the end of one of its batches."""

    end: int
    crc32c: int


class _Summed:
    """A file that is written onward, and the CRC-32C of all that was."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.end = 0
        self.crc32c = 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._stream.write(view)
        self.crc32c = crc32c(view, self.crc32c)
        self.end += view.nbytes
        return view.nbytes

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Arrow's wish; the part closes its file itself."""


class Part:
    """A shard under way, in a file beside its place.

    Args:
        path: where the shard will be.
        schema: of its rows.
        kept: of an earlier part of the same name the ends of its good batches, which this one begins with.

    Raises:
        OSError: it cannot be written, or there is no room.
        DataError: the batches of the earlier part become other bytes.
    """

    def __init__(self, path: Path, schema: Any, kept: Sequence[Written] = ()) -> None:
        self.path = path
        self._file = part_of(path)
        begun = path.with_name(f".{path.name}.begun")
        self._stream = open(begun, "wb", buffering=1 << 20)  # noqa: SIM115  closed by finish or close
        self._summed = _Summed(self._stream)
        try:
            with naming(self._file):
                self._writer = require("pyarrow.ipc", "table").new_file(self._summed, schema)
            self._begin_with(kept)
            os.replace(begun, self._file)
        except BaseException:
            self.close()
            raise

    def _begin_with(self, kept: Sequence[Written]) -> None:
        """A writer of Arrow files cannot go on with one: it has to have written all that its end tells of."""
        for batch, expected in zip(_batches(self._file, kept), kept, strict=True):
            if self.write(batch) != expected:
                raise DataError(
                    f"what {self._file} holds of an unfinished job becomes other bytes when it is written again: "
                    "begin the job anew with restart (--restart)"
                )

    @property
    def size(self) -> int:
        """Bytes that were written."""
        return self._summed.end

    def write(self, batch: Any) -> Written:
        """Adds a ``pyarrow.RecordBatch``; when this returns, a process that is killed has not lost it."""
        with naming(self._file):
            self._writer.write_batch(batch)
            self._stream.flush()
        return Written(self._summed.end, self._summed.crc32c)

    def finish(self) -> tuple[int, tuple[Batch, ...], int]:
        """Ends the file, which is on the disk then, still beside its place: its size, batches and tail's checksum."""
        with naming(self._file):
            self._writer.close()
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
        with open(self._file, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as memory:
            found = _described(memory)
        return self._summed.end, *found

    def close(self) -> None:
        """Lets go of the file; what it holds stays."""
        with suppress(OSError):  # of what could not be written before, and no journal tells of
            self._stream.close()


def part_of(path: Path) -> Path:
    """Where a shard lies while it is written."""
    return path.with_name(f".{path.name}.part")


def good(path: Path, written: Sequence[Written]) -> int:
    """How many of the batches that were written are in the part's file as they were."""
    file = part_of(path)
    if not file.is_file():
        return 0
    with open(file, "rb") as stream:
        value, end = 0, 0
        for number, batch in enumerate(written):
            value = crc32c(stream.read(batch.end - end), value)
            if stream.tell() != batch.end or value != batch.crc32c:
                return number
            end = batch.end
    return len(written)


def _described(memory: mmap.mmap) -> tuple[tuple[Batch, ...], int]:
    """Of the whole file; nothing holds its memory afterwards."""
    return described(require("pyarrow", "table").py_buffer(memory))


def _batches(file: Path, kept: Sequence[Written]) -> Any:
    """The batches of an earlier part: an Arrow file without its end is a stream behind its first bytes."""
    if not kept:
        return
    arrow = require("pyarrow", "table")
    with open(file, "rb") as stream:
        stream.seek(_MAGIC)
        reader = arrow.ipc.open_stream(stream)
        for _ in kept:
            yield reader.read_next_batch()
