"""The record batches of a store for the kernel: where their images lie in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DecodeError
from feedline.native.segments import SEGMENT
from feedline.store.columns import Columns
from feedline.store.shard import Rows

_HALVES = '"side_by_side"'
"""In what is known of a picture that holds another beside it, and is cut in Python."""


class SegmentTable:
    """One segment a batch, opened when a sample of it is first asked for; for all threads of a process.

    Args:
        starts: of each batch its first row, and behind the last how many rows there are.
        columns: which the store has.
        open_rows: gives a batch; raises DecodeError where it was damaged.
    """

    def __init__(self, starts: NDArray[np.int64], columns: Columns, open_rows: Callable[[int], Rows]) -> None:
        self.table: NDArray[Any] = np.zeros(len(starts) - 1, SEGMENT)
        self.table["start"], self.table["count"] = starts[:-1], np.diff(starts)
        self._starts, self._columns, self._open_rows = starts, columns, open_rows
        self._tried: NDArray[np.bool_] = np.zeros(len(self.table), np.bool_)
        self._whole = False
        self._lock = threading.Lock()

    def open(self, indices: NDArray[np.int64]) -> None:
        """The batches that these samples are in can be read by the kernel, but those that were damaged."""
        if self._whole:
            return
        numbers = np.searchsorted(self._starts, indices, side="right") - 1
        inside = numbers[(numbers >= 0) & (numbers < len(self.table))]
        for number in np.unique(inside[~self._tried[inside]]).tolist():
            with self._lock:
                self._fill(number)
        self._whole = bool(self._tried.all())

    def _fill(self, number: int) -> None:
        if self._tried[number]:
            return
        try:
            segment = _segment(self._open_rows(number), self._columns)
        except DecodeError:  # said by whoever asks for one of its samples alone
            segment = {}
        for name, value in segment.items():
            self.table[number][name] = value
        self._tried[number] = True


def _segment(rows: Rows, columns: Columns) -> dict[str, int]:
    """The fields of a segment but its place among the others; none where the kernel shall leave it alone."""
    batch = rows.batch
    if columns.extra and any(_HALVES in (text or "") for text in batch.column("extra").to_pylist()):
        return {}
    found = {"checksums": _address(batch.column("crc32c").buffers()[1])}
    if columns.shape is not None:
        data = batch.column("pixels").buffers()[-1]
        found |= dict(zip(("height", "width", "channels"), columns.shape, strict=True))
    else:
        _, offsets, data = batch.column("image").field("bytes").buffers()
        found["offsets"] = _address(offsets)
    if columns.restarts:
        found |= _restarts(batch.column("restart_offsets"))
    return {**found, "data": _address(data), "size": 0 if data is None else data.size}


def _restarts(column: Any) -> dict[str, int]:
    _, starts, _, values = column.buffers()
    count = len(column.values)
    return {"restart_starts": _address(starts), "restarts": _address(values), "restart_count": count}


def _address(buffer: Any) -> int:
    return 0 if buffer is None else int(buffer.address)
