"""A table whose rows name images, or hold them: CSV, TSV, JSON lines, Parquet."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.sources.files import LocalFiles
from feedline.sources.objects import objects_at
from feedline.sources.problems import Finding, unpacked, warn_of
from feedline.sources.saved import saved, stamp_of
from feedline.sources.table_bytes import ParquetImages, has_bytes
from feedline.sources.table_columns import choose_columns
from feedline.sources.table_index import TableIndex
from feedline.sources.table_read import TableFile, open_table
from feedline.sources.texts import text_at
from feedline.sources.url_files import UrlFiles
from feedline.sources.url_reader import is_url
from feedline.sources.url_table import fetched, folder_of
from feedline.types import Record, Spec


class TableSource:
    """A row a sample: the path of its image, relative to the table's folder, and its label, targets or boxes.

    Columns are found by their usual names, in any case (``image``, ``path``, ``file_name`` ...; ``label``, ``class``,
    ``target`` ...; ``xmin``, ``ymin``, ``xmax``, ``ymax`` ...); ``repr`` shows which. What the file is, its content
    says: Parquet, JSON lines (an object a line), else CSV, whose separator (comma, semicolon, tab or bar) is
    the one that the first line has most of. Spaces around paths and labels are dropped, and a backslash in a path
    is a slash.

    Labels that are all whole numbers (3, or 3.0 as a column with gaps is written) are the classes' numbers from 0; all
    others are names, ``01`` too, and classes are in the order of their names. Where it is empty, NaN or -1, a row
    has no class (UNLABELLED). ``targets`` are columns of numbers to be learnt:
    ``record.extra["targets"]`` is a float32 array, NaN where one is empty.

    With boxes, all rows of one path are one sample with several objects, whose ids are the rows' lines, and its label
    is the class of its largest box; a row without a box adds no object. Several rows of one path without
    boxes stay samples of their own, and are reported in ``problems``, as are boxes that are wrong.

    Parquet may hold the images: a column of bytes, or of structs of ``bytes`` and ``path``. They are read by row group,
    when they are asked for.

    A file that is missing is an error when it is read (DecodeError, with the line); ``missing()`` looks for all.
    A table behind a URL is fetched into the user's cache, once for each state of it; paths are then relative to its
    folder there, and an image is one request. Over http names are quoted, and whole URLs in the table are not.

    The index is saved in the user's cache until size or time of the table change.

    Args:
        path: the table, a file or a URL.
        root: the folder that paths are relative to, or its URL; that of the table by default.
        image: the column of paths or bytes.
        label: the column of classes.
        targets: the column or columns of numbers.
        boxes: four columns, or one of lists of four; none with ``()``.
        box_format: "xyxy" (left, top, right, bottom; the default for four columns), "xywh" or "cxcywh"; in pixels.
        classes: names of all classes, in order: labels are names among them, or numbers that count from 0.
        separator: that of a CSV.
        encoding: that of a CSV.
        allow_outside: whether paths may lead out of ``root``; below a URL also to other URLs.
        storage_options: what fsspec shall know where ``path`` or ``root`` is a URL.

    Raises:
        DataError: no such file or column, a damaged table, values that do not fit, or a path that leads out of root.
    """

    groups = None
    spec = Spec(None, None, None)

    def __init__(
        self,
        path: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        *,
        image: str | None = None,
        label: str | None = None,
        targets: str | Sequence[str] = (),
        boxes: str | Sequence[str] | None = None,
        box_format: str | None = None,
        classes: Sequence[str] | None = None,
        separator: str | None = None,
        encoding: str = "utf-8",
        allow_outside: bool = False,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        local, self.file, state = _here(os.fspath(path), storage_options)
        status = os.stat(local)
        stamp = (status.st_size, status.st_mtime_ns)
        self._files = _files(_folder(self.file) if root is None else os.fspath(root), storage_options)
        self.root = self._files.root
        self._allow_outside = allow_outside
        with _named(local, self.file):
            self._table: TableFile = replace(open_table(local, separator, encoding), url=self.file)
            targets, boxes = _listed(targets), None if boxes is None else _listed(boxes)
            self.columns = choose_columns(self.file, self._table.names, image, label, targets, boxes, box_format)
            stored = self._table.form == "parquet" and has_bytes(local, self.columns.image)
            self._images = ParquetImages(local, self.columns.image, stamp) if stored else None
            self.has_files = not stored
            how = (self.root, self.columns, classes, replace(self._table, path=""), allow_outside)
            make = TableIndex(self._table, self.columns, classes)
            self._table = replace(self._table, names=[])  # a table may have thousands, and they would be pickled
            self._index = saved(
                f"table 2 {self.file} {how}", state or stamp_of(status), lambda: make.arrays(self._inside, stored)
            )
        self.classes: list[str] = json.loads(self._index["about"].tobytes())["classes"]
        warn_of(self.problems, self.file)

    def __len__(self) -> int:
        return len(self._index["labels"])

    @property
    def targets(self) -> NDArray[np.int64]:
        """The class of each sample; UNLABELLED (-1) where it has none."""
        labels: NDArray[np.int64] = self._index["labels"]
        return labels

    @property
    def problems(self) -> list[Finding]:
        """What was found wrong in the table when it was read."""
        return unpacked(self._index["findings"])

    def missing(self) -> list[Finding]:
        """A finding for every image whose file is not there; asks the disk for each."""
        return self._files.missing(len(self), self.path) if self.has_files else []

    def path(self, index: int) -> str:
        if self._images is None:
            return self._files.place(text_at(self._index["names"], self._index["name_places"], index))
        if not 0 <= index < len(self):
            raise IndexError(f"index {index} is out of range for {len(self)} samples")
        return f"{self.file}[{index}]"

    def __getitem__(self, index: int) -> Record:
        path = self.path(index)
        data = self._file(path, index) if self._images is None else self._stored(self._images, path, int(index))
        extra = {"targets": self._index["targets"][index].copy()} if "targets" in self._index else {}
        objects = objects_at(self._index, index) if "first" in self._index else None
        return Record(data, int(self.targets[index]), path, objects=objects, extra=extra)

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        """In the order of the rows, so that a row group is read once; handed back in the order of ``indices``."""
        order = sorted(range(len(indices)), key=lambda place: indices[place])
        found = {place: self[indices[place]] for place in order}
        return [found[place] for place in range(len(indices))]

    def _file(self, path: str, index: int) -> bytes:
        return self._files.read(path, index, f" ({self._where(index)})")

    def _stored(self, images: ParquetImages, path: str, index: int) -> bytes:
        data, name = images.read(index, path, index)
        if data is not None:
            return data
        if not name:
            raise DecodeError(f"no image in the row ({self._where(index)})", "empty", path=path, index=index)
        try:
            name = self._inside(name, self._where(index))
        except DataError as error:
            raise DecodeError(str(error), "unreadable", path=path, index=index) from error
        return self._file(self._files.place(name), index)

    def _inside(self, name: str, where: str) -> str:
        return self._files.inside(name, where, self._allow_outside)

    def _where(self, index: int) -> str:
        return self._table.where(int(self._index["lines"][index]))

    def __repr__(self) -> str:
        separator = f", separator={self._table.separator!r}" if self._table.form == "csv" else ""
        count = int(self._index["finding_count"][0])
        problems = f", {count:,} problems" if count else ""
        return f"TableSource({self.file!r}, {self.columns.text}{separator}{problems})"


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _here(path: str, options: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Where the table lies on this machine, what it is called, and the state of one behind a URL; raises DataError."""
    if is_url(path):
        local, state = fetched(path, options)
        return str(local), path, state
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise DataError(f"no such file: {path}")
    return path, path, ""


def _folder(file: str) -> str:
    return folder_of(file) if is_url(file) else os.path.dirname(file)


def _files(root: str, options: Mapping[str, Any] | None) -> LocalFiles | UrlFiles:
    return UrlFiles(root, options) if is_url(root) else LocalFiles(os.path.abspath(root))


@contextmanager
def _named(local: str, name: str) -> Iterator[None]:
    """Errors of a table that was fetched name its URL."""
    try:
        yield
    except DataError as error:
        if local == name or name in str(error):
            raise
        raise DataError(f"{name}, fetched as a file: {error}") from error
