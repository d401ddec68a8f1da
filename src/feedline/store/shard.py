"""One Arrow file of a store, opened: its batches, checked when they are first touched."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.errors import DecodeError
from feedline.native.checksum import crc32c
from feedline.store.columns import Columns, schema_of
from feedline.store.gaps import sum_of
from feedline.store.manifest import Shard, gaps
from feedline.store.objects import objects_of
from feedline.store.view import View
from feedline.types import Objects


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

    def pixels(self, row: int) -> NDArray[np.uint8]:
        """Height x width x channels.

        Raises:
            DecodeError: corrupt: they are not what was written.
        """
        assert self._columns.shape is not None
        size = int(np.prod(self._columns.shape))
        first = self.batch.column("pixels").buffers()[-1].address - self._view.memory.address + row * size
        data = self._view.image(first, size)
        self._compare(data, int(self.checksums[row]), "pixels")
        return np.frombuffer(data, np.uint8).reshape(self._columns.shape)

    def encoded(self, name: str, row: int) -> bytes | None:
        """The bytes of a row's "image", "mask" or "partner"; None where it has none.

        Raises:
            DecodeError: corrupt: they are not what was written.
        """
        if name not in self.batch.schema.names or not self.batch.column(name)[row].is_valid:
            return None
        first, length = self.place(name, row)
        data = self._view.image(first, length)
        expected = self.checksums[row] if name == "image" else self.value(f"{name}_crc32c", row)
        self._compare(data, int(expected), name)
        return data

    def place(self, name: str, row: int) -> tuple[int, int]:
        """Where the bytes of an encoded image begin in the file, and how many they are."""
        _, ends, data = self.batch.column(name).field("bytes").buffers()
        offsets = memoryview(ends).cast("i")
        start = 0 if data is None else data.address - self._view.memory.address
        return start + offsets[row], offsets[row + 1] - offsets[row]

    def objects(self, row: int) -> Objects | None:
        return objects_of(self.value("objects", row))

    def _compare(self, data: bytes, expected: int, what: str) -> None:
        found = crc32c(data)
        if found != expected:
            raise DecodeError(
                f"the {what} was damaged in {self._view.name}: its CRC-32C is {found:08x} and must be {expected:08x} "
                "(feedline verify names all that is damaged)"
            )


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
        self._columns = columns
        self._gaps = gaps(shard)
        self._good: set[int] = set()
        self._rows: dict[int, Rows] = {}
        self._lock = threading.Lock()
        for number in (0, len(self._gaps) - 1):
            self._check(number)
        arrow = require("pyarrow", "table")
        self._file = arrow.ipc.open_file(arrow.BufferReader(view.memory))
        if not self._file.schema.equals(schema_of(columns, ())) or self._file.num_record_batches != len(shard.batches):
            raise DecodeError(f"{view.name} has other columns or batches than its manifest says")

    def rows(self, number: int) -> Rows:
        """A batch; raises DecodeError where what it says beside its images was damaged."""
        found = self._rows.get(number)
        if found is None:
            with self._lock:
                for gap in (number, number + 1):
                    self._check(gap)
                batch = self._file.get_batch(number)
                batch.validate(full=True)  # whoever wrote it: no offset leads out of it
                found = self._rows[number] = Rows(batch, self.view, self._columns)
        return found

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
