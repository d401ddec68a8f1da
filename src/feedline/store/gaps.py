"""Where image bytes lie in an Arrow file, and checksums of all that lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feedline._optional import require
from feedline.native.checksum import crc32c
from feedline.store.columns import IMAGES
from feedline.store.manifest import Batch, pieces


def holes_of(batch: Any, start: int) -> tuple[tuple[int, int], ...]:
    """(first byte, bytes) of each run of image bytes of a record batch, from ``start``, in their order; empty ones not.

    Args:
        batch: a ``pyarrow.RecordBatch`` that lies in a file's memory.
        start: address of that memory.
    """
    buffers = [_data(batch, name) for name in ("pixels", *IMAGES) if name in batch.schema.names]
    found = [(buffer.address - start, length) for buffer, length in buffers if length]
    return tuple(sorted(found))


def _data(batch: Any, name: str) -> tuple[Any, int]:
    """The buffer of a column's image bytes, and how many of it are theirs."""
    column = batch.column(name)
    if name == "pixels":
        return column.buffers()[-1], batch.num_rows * column.type.list_size
    data = column.field("bytes")
    ends = data.buffers()[1]
    length = memoryview(ends).cast("i")[batch.num_rows] if batch.num_rows else 0
    return data.buffers()[2], length


def described(memory: Any) -> tuple[tuple[Batch, ...], int]:
    """Of a whole Arrow file in memory: its batches with the checksums before each, and that of its tail.

    Args:
        memory: a ``pyarrow.Buffer`` of the file.
    """
    file = require("pyarrow", "table").ipc.open_file(memory)
    view, found, begin = memoryview(memory), [], 0
    for number in range(file.num_record_batches):
        batch = file.get_batch(number)
        holes = holes_of(batch, memory.address)
        end = max([begin, *(first + length for first, length in holes)])
        found.append(Batch(batch.num_rows, holes, sum_of(view, pieces(holes, begin, end))))
        begin = end
    return tuple(found), sum_of(view, pieces((), begin, memory.size))


def sum_of(view: memoryview, parts: Sequence[tuple[int, int]]) -> int:
    """CRC-32C of these parts of the memory, one behind the other."""
    value = 0
    for first, behind in parts:
        value = crc32c(view[first:behind], value)
    return value
