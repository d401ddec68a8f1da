"""Samples written into a store, row by row, on all cores: the order, the batches and the bytes are always the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from tqdm import tqdm

from feedline.codecs.check import Problem
from feedline.errors import DecodeError
from feedline.prepare.inputs import Inputs
from feedline.prepare.making import RowMaker
from feedline.store import Row, StoreWriter

OnError = Literal["raise", "skip"]
BATCH_BYTES = 32 * 2**20
"""Of images, after which a record batch is closed."""
_LEAST, _MOST, _BATCHES = 64, 8192, 64
_TASK = 16
"""Samples that a thread takes at once."""
_SPARE = 2
"""Tasks that wait, so that no thread does: of large files a few hundred MB."""


def batch_rows(count: int) -> int:
    """Samples in a record batch: about a 64th of all, so that an interrupted job loses little; a power of two."""
    return int(min(_MOST, max(_LEAST, 1 << max(0, (count // _BATCHES).bit_length() - 1))))


@dataclass
class Batch:
    """Rows that are written together.

    Attributes:
        split: theirs.
        done: how many inputs are behind them.
        rows: samples.
        broken: what could not be read.
        taken: inputs that went in.
        bytes: of their images.
    """

    split: str
    done: int
    rows: list[Row] = field(default_factory=list)
    broken: list[Problem] = field(default_factory=list)
    taken: int = 0
    bytes: int = 0

    def take(self, row: Row | Problem) -> None:
        self.done += 1
        self.taken += 1
        if isinstance(row, Problem):
            self.broken.append(row)
        else:
            self.rows.append(row)
            self.bytes += row.nbytes


def write_rows(
    writer: StoreWriter, inputs: Inputs, maker: RowMaker, on_error: OnError = "raise", progress: bool = True
) -> int:
    """Writes the inputs that are not yet behind what the writer has; gives how many were read for it.

    Raises:
        DecodeError: one is broken, and ``on_error`` is "raise".
        OSError: the store cannot be written. What was written before stays, and the same job goes on with it.
    """
    if writer.finished is not None:
        return 0
    begin, total = writer.done, len(inputs)
    with tqdm(total=total, initial=begin, desc="packing", unit=" images", disable=None if progress else True) as bar:
        for batch in _batches(inputs, maker, begin, batch_rows(total)):
            if batch.broken and on_error == "raise":
                first = batch.broken[0]
                hint = "on_error='skip' (--on-error skip) leaves it out; what was packed before it is not packed again"
                raise DecodeError(f"{first.cause}; {hint}", first.kind, path=first.path, index=first.index)
            writer.write(batch.rows, batch.split, batch.done, [problem.as_dict() for problem in batch.broken])
            bar.update(batch.taken)
    return total - begin


def _batches(inputs: Inputs, maker: RowMaker, begin: int, rows: int) -> Iterator[Batch]:
    """Closed after so many inputs or bytes, or where the split ends: by the inputs alone, never by threads."""
    batch: Batch | None = None
    for place, row in zip(range(begin, len(inputs)), _made(maker, begin, len(inputs)), strict=True):
        split = str(inputs.splits[place])
        if batch is not None and (batch.split != split or batch.taken >= rows or batch.bytes >= BATCH_BYTES):
            yield batch
            batch = None
        batch = batch or Batch(split, place)
        batch.take(row)
    if batch is not None:
        yield batch


def _made(maker: RowMaker, begin: int, end: int) -> Iterator[Row | Problem]:
    """In order, with a bounded number of them under way on all cores."""
    cores = os.cpu_count() or 1
    pool = ThreadPoolExecutor(cores)
    try:
        starts = iter(range(begin, end, _TASK))
        waiting: list[Future[Sequence[Row | Problem]]] = []
        for _ in range(-(-(end - begin) // _TASK)):
            room = cores + _SPARE - len(waiting)
            waiting += [
                pool.submit(_tried, maker, range(start, min(start + _TASK, end))) for start in islice(starts, room)
            ]
            yield from waiting.pop(0).result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _tried(maker: RowMaker, places: Sequence[int]) -> Sequence[Row | Problem]:
    return [_row_or_problem(maker, place) for place in places]


def _row_or_problem(maker: RowMaker, place: int) -> Row | Problem:
    try:
        return maker(place)
    except DecodeError as error:
        return Problem(error.path or "", place, error.kind, error.cause)
