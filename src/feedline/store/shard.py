"""One Arrow file of a store, opened: its batches, checked when they are first touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.errors import DecodeError
from feedline.native.checksum import crc32c
from feedline.sources.handle import Handle
from feedline.store.columns import Columns, schema_of
from feedline.store.extra import extra_of
from feedline.store.gaps import holes_of, sum_of
from feedline.store.manifest import Batch, Shard, gaps, gaps_of
from feedline.store.objects import objects_of
from feedline.store.view import View
from feedline.types import UNLABELLED, Objects

_FAULTS = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, MemoryError, OSError)
"""What Arrow, JSON and NumPy raise where something is not of the form that was told; Arrow's own are among them."""


class Rows:
    """A record batch: what its rows hold.

    Args:
        batch: a ``pyarrow.RecordBatch`` in the view's memory.
        view: the file.
        columns: which there are.
    """

    def __init__(self, batch: Any, view: View, columns: Columns) -> None:
        self.batch = batch
        self.labels: NDArray[np.int64] = batch.column("label").to_numpy()
        self.checksums: NDArray[np.uint32] = batch.column("crc32c").to_numpy()
        self._view, self._columns = view, columns

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def value(self, name: str, row: int) -> Any:
        """What a column says of a row, as a Python object; None where there is no such column."""
        return self.batch.column(name)[row].as_py() if name in self.batch.schema.names else None

    def path(self, row: int) -> str:
        """The path that the sample had."""
        if self._columns.shape is not None:
            return self.value("path", row) or ""
        return self.batch.column("image").field("path")[row].as_py() or ""

    def images(self) -> Iterator[bytes]:
        """The bytes of each row's image, encoded or raw; raises DecodeError where they are not what was written."""
        for row in range(len(self)):
            yield (self.encoded("image", row) or b"") if self._columns.shape is None else self.pixels(row).tobytes()

    def pixels(self, row: int) -> NDArray[np.uint8]:
        """Height x width x channels.

        Raises:
            DecodeError: corrupt: they are not what was written.
        """
        assert self._columns.shape is not None
        data = self._view.image(*self.place("pixels", row))
        self.compare(data, "pixels", row)
        return np.frombuffer(data, np.uint8).reshape(self._columns.shape)

    def has(self, name: str, row: int) -> bool:
        """Whether there is such a column, and something of this row in it."""
        return name in self.batch.schema.names and bool(self.batch.column(name)[row].is_valid)

    def encoded(self, name: str, row: int) -> bytes | None:
        """The bytes of a row's "image", "mask" or "partner"; None where it has none.

        Raises:
            DecodeError: corrupt: they are not what was written.
        """
        if not self.has(name, row):
            return None
        data = self._view.image(*self.place(name, row))
        self.compare(data, name, row)
        return data

    def compare(self, data: Any, name: str, row: int) -> None:
        """Raises DecodeError where these are not the bytes of a row's "pixels", "image", "mask" or "partner"."""
        expected = self.value(f"{name}_crc32c", row) if name in ("mask", "partner") else int(self.checksums[row])
        found = crc32c(data)
        if found != expected:
            told = "is not told" if expected is None else f"must be {expected:08x}"
            raise DecodeError(
                f"the {name} was damaged in {self._view.name}: its CRC-32C is {found:08x} and {told} "
                "(feedline verify names all that is damaged)"
            )

    def place(self, name: str, row: int) -> tuple[int, int]:
        """Where the bytes of an image, or raw pixels, begin in the file, and how many they are."""
        if name == "pixels":
            column = self.batch.column(name)
            size = int(column.type.list_size)
            return column.buffers()[-1].address - self._view.memory.address + row * size, size
        _, ends, data = self.batch.column(name).field("bytes").buffers()
        offsets = memoryview(ends).cast("i")
        start = data.address - self._view.memory.address if data is not None and data.size else 0  # else it is nowhere
        return start + offsets[row], offsets[row + 1] - offsets[row]

    def objects(self, row: int) -> Objects | None:
        """Raises DecodeError where what is told of them is of another form."""
        with _formed(self._view.name):
            return objects_of(self.value("objects", row))

    def extra(self, row: int) -> dict[str, Any]:
        """Whatever else is known; raises DecodeError where what is told of it is of another form."""
        with _formed(self._view.name):
            return extra_of(self.value("extra", row))


class OpenShard:
    """Gives the batches of a shard, for all threads of a process.

    Args:
        view: its file.
        shard: what the manifest says of it.
        columns: which the store has.

    Raises:
        DecodeError: its schema or its end was damaged.
    """

    def __init__(self, view: View, shard: Shard, columns: Columns) -> None:
        self.view = view
        self._shard, self._columns = shard, columns
        self._gaps = gaps(shard)
        self._good: set[int] = set()
        self._rows: list[Handle[Rows]] = [Handle(inherited=True) for _ in shard.batches]
        for number in (0, len(self._gaps) - 1):
            self._check(number)
        with _formed(view.name):
            arrow = require("pyarrow", "table")
            self._file = arrow.ipc.open_file(arrow.BufferReader(view.memory))
            same = self._file.schema.equals(schema_of(columns, ()))
            if not same or self._file.num_record_batches != len(shard.batches):
                raise ValueError("it has other columns or batches than its manifest says")

    def rows(self, number: int) -> Rows:
        """A batch; raises DecodeError where what it says beside its images was damaged."""
        return self._rows[number].get(lambda: self._opened(number))

    def _opened(self, number: int) -> Rows:
        for gap in gaps_of(self._gaps, number):
            self._check(gap)
        with _formed(self.view.name):
            batch = self._file.get_batch(number)
            batch.validate(full=True)  # whoever wrote it: no offset leads out of it
            _require_as_told(batch, self._shard.batches[number], self.view, len(self._shard.labels))
            return Rows(batch, self.view, self._columns)

    def _check(self, number: int) -> None:
        """What lies between image bytes, before this batch's or at the end, is what was written."""
        if number in self._good:
            return
        parts, expected = self._gaps[number]
        self.view.bring(parts)
        found = sum_of(memoryview(self.view.memory), parts)
        if found != expected:
            first, behind = (parts[0][0], parts[-1][1]) if parts else (0, 0)
            raise DecodeError(
                f"{self.view.name} was damaged between bytes {first} and {behind}: their CRC-32C is {found:08x} and "
                f"must be {expected:08x} (feedline verify names all that is damaged)"
            )
        self._good.add(number)


def _require_as_told(batch: Any, told: Batch, view: View, classes: int) -> None:
    """Raises ValueError where a batch is not what the manifest says, or is of classes that there are not."""
    if batch.num_rows != told.rows or holes_of(batch, view.memory.address) != told.holes:
        raise ValueError("its rows and images are not where the manifest says")
    labels = batch.column("label").to_numpy()
    if classes and len(labels) and not UNLABELLED <= labels.min() <= labels.max() < classes:
        raise ValueError(f"its labels are none of {classes} classes")


@contextmanager
def _formed(name: str) -> Iterator[None]:
    """Whatever is raised where something is not of its form is a DecodeError that names the file."""
    try:
        yield
    except _FAULTS as error:
        raise DecodeError(f"{name} is no shard of its store: {type(error).__name__}: {error}") from error
