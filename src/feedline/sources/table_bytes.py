"""Encoded images in a column of a Parquet file, read by row group."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.errors import DataError, DecodeError
from feedline.sources.table_read import parquet_file

_KEPT = 2
"""Row groups that a process remembers."""


class ParquetImages:
    """The bytes in a column of binary, or of structs with ``bytes`` and ``path`` as Hugging Face writes them.

    Each process opens the file itself, at the first read; only names and the file's state are pickled. A row group is
    read as a whole, and the last two are remembered: files with small row groups are read faster at random.
    """

    def __init__(self, file: str, column: str, state: tuple[int, int]) -> None:
        self._file, self._column, self._state = file, column, state
        self._forget()

    def _forget(self) -> None:
        self._locks: dict[int, threading.Lock] = {}  # by process: one that was held during a fork is held for ever
        self._process = -1
        self._stream: Any = None
        self._parquet: Any = None
        self._begins: NDArray[np.int64] = np.zeros(1, np.int64)
        self._groups: OrderedDict[int, Any] = OrderedDict()

    def read(self, row: int, path: str, index: int) -> tuple[bytes | None, str | None]:
        """The bytes and the path in a row, of which one may be missing.

        Raises:
            DecodeError: unreadable: the file is gone, was changed since it was opened, or is damaged.
        """
        arrow = require("pyarrow", "table")
        try:
            with self._locks.setdefault(os.getpid(), threading.Lock()):
                self._open()
                group = int(np.searchsorted(self._begins, row, side="right")) - 1
                value = self._group(group)[row - int(self._begins[group])].as_py()
        except (OSError, ValueError, IndexError, arrow.ArrowException) as error:
            raise DecodeError(f"cannot read the row: {error}", "unreadable", path=path, index=index) from error
        if isinstance(value, dict):
            return value.get("bytes"), value.get("path")
        return value, None

    def _open(self) -> None:
        """Opens the file, anew after a fork: no two processes may move one position."""
        if self._process == os.getpid():
            return
        self._stream = require("pyarrow", "table").OSFile(self._file, "rb")
        self._check()
        self._parquet = require("pyarrow.parquet", "table").ParquetFile(self._stream, pre_buffer=False)
        meta = self._parquet.metadata
        counts = [meta.row_group(group).num_rows for group in range(meta.num_row_groups)]
        self._begins = np.cumsum([0, *counts])[:-1]
        self._groups.clear()
        self._process = os.getpid()

    def _group(self, group: int) -> Any:
        if group in self._groups:
            self._groups.move_to_end(group)
            return self._groups[group]
        column = self._parquet.read_row_group(group, columns=[self._column], use_threads=False).column(self._column)
        self._check()
        self._groups[group] = column
        while len(self._groups) > _KEPT:
            self._groups.popitem(last=False)
        return column

    def _check(self) -> None:
        """What was opened and read is the file that the index is of."""
        status = os.fstat(self._stream.fileno())
        if (status.st_size, status.st_mtime_ns) != self._state:
            raise OSError("the file was changed since it was opened: open it again")

    def __getstate__(self) -> dict[str, Any]:
        return {"_file": self._file, "_column": self._column, "_state": self._state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


def has_bytes(file: str, column: str) -> bool:
    """Whether a column of a Parquet file holds encoded images, and not paths; raises DataError for any other."""
    types = require("pyarrow", "table").types
    kind = parquet_file(file).schema_arrow.field(column).type
    if types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    elif types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_binary(kind) or types.is_large_binary(kind):
        return True
    if types.is_string(kind) or types.is_large_string(kind):
        return False
    raise DataError(f"column {column!r} of {file} must hold paths, bytes, or structs with bytes, not {kind}")
