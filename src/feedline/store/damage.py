"""One shard of a store, looked at to the end whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import accumulate
from typing import Any

from feedline.errors import DecodeError
from feedline.native.checksum import crc32c
from feedline.store.columns import Columns
from feedline.store.manifest import Shard, gaps, gaps_of
from feedline.store.shard import OpenShard, Rows
from feedline.store.view import Pieces, View, view_of

_PIECE = 8 * 2**20
"""Bytes that a thread reads at once, unless an image is larger."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in a store that is not what was written.

    Attributes:
        file: which one, of those in the store's folder.
        what: which part of it, with its bytes from and to (behind the last).
        index: of the sample, or of the first one that cannot be read for it, among all splits; -1: of none.
        path: the path that the sample had, where that can still be read.
        cause: what is wrong.
    """

    file: str
    what: str
    index: int
    path: str
    cause: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def damage_of(root: str, shard: Shard, columns: Columns, first: int, pool: Executor) -> Iterator[Damage]:
    """What of a shard is not as it was written.

    Args:
        root: folder or URL of the store.
        shard: what the manifest says of it.
        columns: which the store has.
        first: index of its first sample among all.
        pool: threads to look with.
    """
    starts = [*accumulate((batch.rows for batch in shard.batches), initial=first)]
    try:
        view = view_of(f"{root}/{shard.file}", shard.bytes, None)
    except DecodeError as error:
        yield Damage(shard.file, f"the file, bytes 0 to {shard.bytes}", first, "", _lost(error.cause, starts))
        return
    causes = dict(enumerate(pool.map(partial(_wrong, view), gaps(shard))))
    broken = {number: cause for number, cause in causes.items() if cause}
    yield from (_gap(shard, starts, number, cause) for number, cause in broken.items())
    if not broken.keys().isdisjoint((0, len(shard.batches))):  # the schema or the end: nothing can be told of rows
        return
    try:
        opened = OpenShard(view, shard, columns)
    except DecodeError as error:
        yield Damage(shard.file, "schema and record batches", first, "", _lost(error.cause, starts))
        return
    yield from _of_batches(opened, shard, starts, broken.keys(), pool)


def _lost(cause: str, starts: Sequence[int]) -> str:
    """The cause, and which samples cannot be read for it."""
    return f"{cause}; samples {starts[0]} to {starts[-1] - 1} cannot be read"


def _wrong(view: View, gap: tuple[Pieces, int]) -> str:
    """What is wrong with what lies between image bytes; "" where nothing is."""
    value = 0
    try:
        for begin, end in gap[0]:
            for place in range(begin, end, _PIECE):
                value = crc32c(view.image(place, min(_PIECE, end - place)), value)
    except DecodeError as error:
        return error.cause
    return "" if value == gap[1] else f"their CRC-32C is {value:08x} and must be {gap[1]:08x}"


def _gap(shard: Shard, starts: Sequence[int], number: int, cause: str) -> Damage:
    """Of a damaged gap: the samples whose labels, paths or places lie in it; all where it is the schema or the end."""
    found, count = gaps(shard), len(shard.batches)
    parts = found[number][0]
    hit = [batch for batch in range(count) if number in (0, count) or number in gaps_of(found, batch)]
    rows = starts[hit[0] : hit[-1] + 2] if hit else starts[-1:]
    where = f"between images, bytes {parts[0][0]} to {parts[-1][1]}" if parts else "between images, no bytes"
    return Damage(shard.file, where, rows[0] if hit else -1, "", _lost(cause, rows) if hit else cause)


def _of_batches(
    opened: OpenShard, shard: Shard, starts: Sequence[int], broken: Any, pool: Executor
) -> Iterator[Damage]:
    """Of the images of those batches whose rows can be told."""
    for number, batch in enumerate(shard.batches):
        if not broken.isdisjoint(gaps_of(gaps(shard), number)):
            continue
        try:
            rows = opened.rows(number)
        except DecodeError as error:
            where = f"record batch {number}"
            yield Damage(shard.file, where, starts[number], "", _lost(error.cause, starts[number : number + 2]))
            continue
        looks = [(name, *run) for name in _names(rows) for run in _runs(rows, name, batch.rows)]
        for found in pool.map(lambda look: _of_images(opened.view, rows, *look), looks):  # noqa: B023  ends in the loop
            yield from (Damage(shard.file, what, starts[number] + row, path, why) for row, what, path, why in found)


def _names(rows: Rows) -> list[str]:
    return [name for name in ("pixels", "image", "mask", "partner") if name in rows.batch.schema.names]


def _runs(rows: Rows, name: str, count: int) -> Iterator[tuple[int, int]]:
    """(first row, row behind the last) of images that are read at once."""
    begin = size = 0
    for row in range(count):
        length = rows.place(name, row)[1]
        if size and size + length > _PIECE:
            yield begin, row
            begin, size = row, 0
        size += length
    if count:
        yield begin, count


def _of_images(view: View, rows: Rows, name: str, begin: int, end: int) -> list[tuple[int, str, str, str]]:
    """(row, what, path, cause) of each damaged image of these rows."""
    places = [rows.place(name, row) for row in range(begin, end)]
    start = places[0][0]
    try:
        data = memoryview(view.image(start, sum(places[-1]) - start))
    except DecodeError as error:
        what = f"{name}s, bytes {start} to {sum(places[-1])}"
        return [(begin, what, "", f"{error.cause}; {end - begin} of them cannot be read")]
    found = []
    for row, (first, length) in zip(range(begin, end), places, strict=True):
        try:
            if rows.has(name, row):
                rows.compare(data[first - start : first - start + length], name, row)
        except DecodeError as error:
            found.append((row, f"{name}, bytes {first} to {first + length}", rows.path(row), error.cause))
    return found
