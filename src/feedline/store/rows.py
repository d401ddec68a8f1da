"""Rows as they are written: a sample each, as columns of a record batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from feedline._optional import require
from feedline.native.checksum import crc32c
from feedline.store.columns import IMAGES, Columns
from feedline.store.extra import text_of
from feedline.store.objects import rows_of
from feedline.types import UNLABELLED, Objects


@dataclass(frozen=True, slots=True)
class Part:
    """An encoded image: its bytes, and the path that it had."""

    data: bytes
    path: str


@dataclass(frozen=True, slots=True)
class Row:
    """One sample.

    Attributes:
        image: its encoded bytes, or raw pixels (height x width x channels, uint8), and its path.
        width, height: in pixels as stored.
        format: "jpeg", "png", ...; "raw" for pixels.
        label: its class, or ``UNLABELLED``.
        group: samples of equal groups belong together.
        source: what it came from, in a word.
        mask, partner: what belongs to it.
        objects: what is where in it.
        targets: numbers in the place of a label.
        extra: whatever else is known: what ``keepable`` says can be kept.
        restarts: where its restart intervals begin.
        hash: perceptual, 64 bits.
        mean, std: a number a channel, where white is 1.
    """

    image: Part
    width: int
    height: int
    format: str
    label: int = UNLABELLED
    group: str | None = None
    source: str = ""
    mask: Part | None = None
    partner: Part | None = None
    objects: Objects | None = None
    targets: Sequence[float] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    restarts: Sequence[int] | None = None
    hash: int | None = None
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None

    @property
    def nbytes(self) -> int:
        """Of its images."""
        return sum(len(part.data) for part in (self.image, self.mask, self.partner) if part is not None)


def record_batch(rows: Sequence[Row], split: str, columns: Columns, schema: Any) -> Any:
    """The rows as a ``pyarrow.RecordBatch`` of the schema.

    Args:
        rows: samples.
        split: the part of the whole that they are in.
        columns: which the schema has.
        schema: of the store.

    Raises:
        TypeError: something in ``extra`` cannot be kept; names it.
    """
    arrow = require("pyarrow", "table")
    values = {**_images(rows, columns), **_plain(rows, split), **_others(rows, columns)}
    arrays = [_array(arrow, values[named.name], named) for named in schema]
    return arrow.record_batch(arrays, schema=schema)


def _array(arrow: Any, values: Any, named: Any) -> Any:
    if named.name == "pixels":
        flat = arrow.py_buffer(b"".join(values))
        numbers = arrow.Array.from_buffers(arrow.uint8(), flat.size, [None, flat])
        return arrow.FixedSizeListArray.from_arrays(numbers, type=named.type)
    if named.name in IMAGES:
        return _images_array(arrow, values, named.type)
    if isinstance(values, np.ndarray):
        return arrow.Array.from_buffers(named.type, len(values), [None, arrow.py_buffer(values)])
    if named.type == arrow.string():
        return _texts(arrow, values, named.type)
    return arrow.array(values, named.type)


def _images_array(arrow: Any, parts: Sequence[Part | None], kind: Any) -> Any:
    whole = [part for part in parts if part is not None]
    if len(whole) == len(parts):
        paths = _texts(arrow, [part.path for part in whole], arrow.string())
        return arrow.StructArray.from_arrays(
            [_pieces(arrow, [part.data for part in whole], arrow.binary()), paths], fields=list(kind)
        )
    data = arrow.array([None if part is None else part.data for part in parts], arrow.binary())
    paths = arrow.array([None if part is None else part.path for part in parts], arrow.string())
    missing = arrow.array([part is None for part in parts])
    return arrow.StructArray.from_arrays([data, paths], fields=list(kind), mask=missing)


def _texts(arrow: Any, values: Sequence[str | None], kind: Any) -> Any:
    # pyarrow imports pandas, where there is one, to look at a list: half of the time that a few thousand files take
    if not any(value is not None for value in values):
        return arrow.nulls(len(values), kind)
    if any(value is None for value in values):
        return arrow.array(values, kind)
    return _pieces(arrow, [value.encode() for value in values if value is not None], kind)


def _pieces(arrow: Any, values: Sequence[bytes], kind: Any) -> Any:
    """An array of bytes or text, none of which is missing."""
    ends = np.cumsum([0, *map(len, values)]).astype(np.int32)  # a batch's images have less than 2 GiB together
    return arrow.Array.from_buffers(kind, len(values), [None, arrow.py_buffer(ends), arrow.py_buffer(b"".join(values))])


def _images(rows: Sequence[Row], columns: Columns) -> dict[str, Any]:
    found: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in columns.images}
    for name in ("mask", "partner"):
        if name in found:
            found[f"{name}_crc32c"] = [None if part is None else crc32c(part.data) for part in found[name]]
    if columns.shape is not None:
        found["pixels"] = [row.image.data for row in rows]
        found["path"] = [row.image.path for row in rows]
    return found


def _plain(rows: Sequence[Row], split: str) -> dict[str, Any]:
    return {
        "label": np.array([row.label for row in rows], np.int64),
        "group": [row.group for row in rows],
        "split": [split] * len(rows),
        "source": [row.source for row in rows],
        "width": np.array([row.width for row in rows], np.int32),
        "height": np.array([row.height for row in rows], np.int32),
        "format": [row.format for row in rows],
        "crc32c": np.array([crc32c(row.image.data) for row in rows], np.uint32),
    }


def _others(rows: Sequence[Row], columns: Columns) -> dict[str, Any]:
    wanted: dict[str, tuple[Any, Callable[[Row], Any]]] = {
        "objects": (columns.objects, lambda row: rows_of(row.objects)),
        "targets": (columns.targets, lambda row: row.targets),
        "extra": (columns.extra, lambda row: text_of(row.extra)),
        "restart_offsets": (columns.restarts, lambda row: row.restarts),
        "phash": (columns.hash, lambda row: row.hash),
        "mean": (columns.stats, lambda row: row.mean),
        "std": (columns.stats, lambda row: row.std),
    }
    return {name: [value(row) for row in rows] for name, (there, value) in wanted.items() if there}
