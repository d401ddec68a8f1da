"""A table's columns to the flat arrays of its index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.errors import DataError
from feedline.sources.objects import box_fault, check_boxes, main_labels
from feedline.sources.problems import Finding, packed
from feedline.sources.table_columns import Columns
from feedline.sources.table_read import TableFile, class_names, parquet_file, read_columns, row_lines
from feedline.sources.table_values import Inside, box_lists, corners, label_numbers, numbers, plain_paths
from feedline.sources.texts import pack_arrow, text_at
from feedline.types import UNLABELLED


class TableIndex:
    """Reads the columns once; ``arrays`` is what a TableSource keeps."""

    def __init__(self, table: TableFile, columns: Columns, classes: Sequence[str] | None) -> None:
        self._table, self._columns = table, columns
        self._classes = classes
        self._findings: list[Finding] = []

    def arrays(self, inside: Inside, stored: bool) -> dict[str, NDArray[Any]]:
        """The index; with ``stored`` the images are bytes in the table, and there are no paths. Raises DataError."""
        columns = self._columns
        names = [name for name in (columns.label, *columns.targets, *columns.boxes, *columns.sizes) if name is not None]
        data = read_columns(self._table, names if stored else [columns.image, *names])
        count = self._count(data, stored)
        if count == 0:
            raise DataError(f"no row in {self._table.path} below its columns")
        self._lines = row_lines(self._table, count)
        labels, classes = self._labels(data, count)
        targets = [numbers(data.column(name), name, self._where).astype(np.float32) for name in columns.targets]
        found: dict[str, NDArray[Any]] = {"rows": np.arange(count), "labels": labels}
        names_of = None
        if not stored:
            names_of = plain_paths(data.column(columns.image), self._where, inside)
            found |= self._grouped(names_of, count)
        if columns.boxes:
            found |= self._objects(data, found.pop("samples", np.arange(count)), labels, len(found["rows"]))
            found["labels"] = main_labels(found)
        found["lines"] = self._lines[found["rows"]]
        if targets:
            found["targets"] = np.column_stack(targets)[found["rows"]]
        about = np.frombuffer(json.dumps({"classes": classes}).encode(), np.uint8)
        del data, names_of
        require("pyarrow", "table").default_memory_pool().release_unused()  # it would keep what the columns took
        return {**found, **packed(self._findings), "about": about}

    def _count(self, data: Any, stored: bool) -> int:
        if not stored or data.num_columns:
            return int(data.num_rows)
        return int(parquet_file(self._table.path).metadata.num_rows)

    def _labels(self, data: Any, count: int) -> tuple[NDArray[np.int64], list[str]]:
        name = self._columns.label
        if name is None:
            return np.full(count, UNLABELLED, np.int64), list(self._classes or ())
        classes = self._classes if self._classes is not None else class_names(self._table, name)
        return label_numbers(data.column(name), name, self._where, classes)

    def _grouped(self, paths: Any, count: int) -> dict[str, NDArray[Any]]:
        """With boxes, rows of one path are one sample; without them each is its own, and doubled ones are reported."""
        encoded = paths.dictionary_encode()
        samples = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        firsts = np.unique(samples, return_index=True)[1]
        if self._columns.boxes:
            texts, places = pack_arrow(encoded.dictionary)
            return {"rows": firsts, "samples": samples, "names": texts, "name_places": places}
        texts, places = pack_arrow(paths)
        repeated = np.ones(count, bool)
        repeated[firsts] = False
        for row in np.flatnonzero(repeated).tolist():
            cause = (
                f"{text_at(texts, places, row)!r} is there already, in line {self._lines[firsts[samples[row]]]}; kept"
            )
            self._findings.append(Finding(self._where(row), row, "doubled image", cause))
        return {"names": texts, "name_places": places}

    def _objects(
        self, data: Any, samples: NDArray[np.int64], labels: NDArray[np.int64], count: int
    ) -> dict[str, NDArray[Any]]:
        given = self._boxes(data)
        boxes = corners(given, self._columns.box_format)
        kept = np.isfinite(boxes).all(1)
        with np.errstate(invalid="ignore"):
            kept &= (boxes[:, 2:] >= boxes[:, :2]).all(1) & (np.abs(boxes) < 1e9).all(1)
        for row in np.flatnonzero(~kept & ~np.isnan(given).all(1)).tolist():
            cause = f"the box {given[row].tolist()} is left out: {box_fault(boxes[row].tolist())}"
            self._findings.append(Finding(self._where(row), int(samples[row]), "wrong box", cause))
        rows = np.flatnonzero(kept)
        order = rows[np.argsort(samples[rows], kind="stable")]
        found: dict[str, NDArray[Any]] = {
            "first": np.concatenate([[0], np.cumsum(np.bincount(samples[rows], minlength=count), dtype=np.int64)]),
            "boxes": boxes[order].astype(np.float32),
            "object_labels": labels[order].astype(np.int32),
            "ids": self._lines[order],
            "flags": np.zeros(len(order), np.uint8),
        }
        sizes = self._sizes(data, samples, count)
        self._findings += check_boxes(found, sizes, lambda _, line: self._table.where(line), 1e-3)
        if len(order) and boxes[order].max() <= 1 and boxes[order].min() >= 0 and (boxes[order] % 1).any():
            cause = "all boxes lie between 0 and 1, as shares of the picture do: places must be in pixels; kept"
            self._findings.append(Finding(self._table.path, None, "boxes in shares", cause))
        return found

    def _boxes(self, data: Any) -> NDArray[np.float64]:
        names = self._columns.boxes
        if len(names) == 1:
            return box_lists(data.column(names[0]), names[0], self._where)
        return np.column_stack([numbers(data.column(name), name, self._where) for name in names])

    def _sizes(self, data: Any, samples: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        sizes = np.zeros((count, 2), np.int64)
        if self._columns.sizes:
            given = np.column_stack([numbers(data.column(name), name, self._where) for name in self._columns.sizes])
            sizes[samples] = np.where((given > 0) & (given < 1e9), given, 0)
        return sizes

    def _where(self, row: int) -> str:
        return self._table.where(int(self._lines[row]))
