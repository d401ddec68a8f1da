"""Columns of CSV, TSV, JSON lines and Parquet files as Arrow arrays, and the line of each row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._optional import require
from feedline.errors import DataError

_SEPARATORS = ",;\t|"
_BLOCK = 2**24
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class TableFile:
    """What a table is: ``form`` is csv, jsonl or parquet; ``separator`` and ``encoding`` are those of csv.

    ``url`` is where the file at ``path`` was fetched from, if it was.
    """

    path: str
    form: str
    names: list[str]
    separator: str = ""
    encoding: str = "utf-8-sig"
    url: str = ""

    def where(self, line: int) -> str:
        return f"{self.url or self.path}, {'row' if self.form == 'parquet' else 'line'} {line}"


def open_table(path: str, separator: str | None, encoding: str) -> TableFile:
    """Looks at the beginning of the file: what it is, its content says. Raises DataError."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    if head[:4] == b"PAR1":
        return TableFile(path, "parquet", _distinct(path, parquet_file(path).schema_arrow.names))
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if (
        not text
        or text[:1] == b"["
        or head[:2] in (b"\x1f\x8b", b"PK")
        or (b"\0" in head and encoding.startswith("utf-8"))
    ):
        what = "empty" if not text else "a JSON list" if text[:1] == b"[" else "binary or compressed"
        raise DataError(f"{path} is {what}: a table is CSV, TSV, JSON lines (an object a line) or Parquet")
    if text[:1] == b"{":
        names = {name: None for _, row in zip(range(1000), _objects(path), strict=False) for name in row[1]}
        return TableFile(path, "jsonl", list(names))
    return _csv(path, separator, "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)


def read_columns(table: TableFile, names: Sequence[str]) -> Any:
    """The columns as an Arrow table; text of a CSV stays text. Raises DataError."""
    wanted = list(dict.fromkeys(names))
    if table.form == "parquet":
        return _parquet_columns(table, wanted)
    return _json_columns(table, wanted) if table.form == "jsonl" else _csv_columns(table, wanted)


def row_lines(table: TableFile, count: int) -> NDArray[np.int64]:
    """For each row its line in the file, from 1; of Parquet its number, from 0."""
    if table.form == "parquet":
        return np.arange(count)
    if table.form == "jsonl":
        return np.fromiter((number for number, _ in _text_lines(table.path)), np.int64, count)
    if _plain(table, count):
        return np.arange(2, count + 2)
    try:
        return np.fromiter((line for line, _ in _records(table)), np.int64, count + 1)[1:]
    except (csv.Error, UnicodeError, ValueError) as error:
        raise DataError(f"{table.path} has quotes that do not fit: {error}") from error


def class_names(table: TableFile, column: str) -> list[str] | None:
    """The names that the Hugging Face metadata of a Parquet file gives the numbers of a column."""
    if table.form != "parquet":
        return None
    text = (parquet_file(table.path).schema_arrow.metadata or {}).get(b"huggingface")
    try:
        names = json.loads(text)["info"]["features"][column]["names"] if text else None
    except (ValueError, KeyError, TypeError):
        return None
    return [str(name) for name in names] if isinstance(names, list) else None


def parquet_file(path: str) -> Any:
    """The opened file; raises DataError."""
    arrow = require("pyarrow", "table")
    try:
        return require("pyarrow.parquet", "table").ParquetFile(path)
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise DataError(f"cannot read {path} as Parquet: {error}") from error


def _parquet_columns(table: TableFile, names: list[str]) -> Any:
    arrow = require("pyarrow", "table")
    try:
        return parquet_file(table.path).read(columns=names, use_threads=False)
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise DataError(f"cannot read {table.path} as Parquet: {error}") from error


def _csv(path: str, separator: str | None, encoding: str) -> TableFile:
    try:
        with open(path, encoding=encoding, newline="") as stream:
            line = next((line for line in stream if line.strip()), "")
            separator = separator or max(_SEPARATORS, key=line.count)
            stream.seek(0)
            names = next((row for row in csv.reader(stream, delimiter=separator) if row), [])
    except (OSError, UnicodeError, LookupError, csv.Error, TypeError) as error:
        raise DataError(f"cannot read {path} as CSV: {error}; give encoding= if it is not in UTF-8") from error
    return TableFile(path, "csv", _distinct(path, names), separator, encoding)


def _distinct(path: str, names: list[str]) -> list[str]:
    if len(set(names)) == len(names):
        return names
    doubled = next(name for name in names if names.count(name) > 1)
    raise DataError(f"{path} has two columns called {doubled!r}: which is meant, nobody can tell; rename one")


def _csv_columns(table: TableFile, names: list[str]) -> Any:
    arrow, reader = require("pyarrow", "table"), require("pyarrow.csv", "table")
    encoding = "utf8" if table.encoding == "utf-8-sig" else table.encoding
    text = arrow.large_string()
    try:
        found = reader.read_csv(
            table.path,
            read_options=reader.ReadOptions(use_threads=False, block_size=_BLOCK, encoding=encoding),
            parse_options=reader.ParseOptions(delimiter=table.separator, newlines_in_values=True),
            convert_options=reader.ConvertOptions(
                column_types=dict.fromkeys(names, text), include_columns=names, strings_can_be_null=False
            ),
        )
    except (OSError, arrow.ArrowException, UnicodeError) as error:
        _say_wrong_line(table)
        raise DataError(f"cannot read {table.path}: {error}; give encoding= if it is not in UTF-8") from error
    if _quotes(table.path) % 2:
        _say_wrong_line(table)
    return found


def _say_wrong_line(table: TableFile) -> None:
    """Raises the DataError that names the first line that is wrong, where one can be found."""
    line = 1
    try:
        for line, row in _records(table):
            if len(row) != len(table.names):
                raise DataError(
                    f"{table.where(line)}: {len(row)} values for {len(table.names)} columns, separated by "
                    f"{table.separator!r}: {table.separator.join(row)[:80]!r}"
                )
    except (csv.Error, UnicodeError) as error:
        raise DataError(f"{table.path}, behind line {line}: {error}; a quote or the encoding is wrong") from error


def _records(table: TableFile) -> Iterator[tuple[int, list[str]]]:
    """(line that it begins on, values) of every record of a CSV, the header too; empty lines are none."""
    with open(table.path, encoding=table.encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=table.separator, strict=True)
        begin = 1
        for row in reader:
            if row:
                yield begin, row
            begin = reader.line_num + 1


def _plain(table: TableFile, count: int) -> bool:
    """Whether each row is one line: there are as many lines as rows and the header."""
    lines, last = 0, b"\n"
    with open(table.path, "rb") as stream:
        while block := stream.read(_BLOCK):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return lines + (last != b"\n") == count + 1


def _quotes(path: str) -> int:
    with open(path, "rb") as stream:
        return sum(block.count(b'"') for block in iter(lambda: stream.read(_BLOCK), b""))


def _text_lines(path: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    with open(path, encoding="utf-8-sig", newline="\n") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, line


def _objects(path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        for number, line in _text_lines(path):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("it is no object")
            yield number, row
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number}: expected one JSON object a line: {error}") from error


def _json_columns(table: TableFile, names: list[str]) -> Any:
    arrow = require("pyarrow", "table")
    chunks, rows = [], []
    for _, row in _objects(table.path):
        rows.append({name: row.get(name) for name in names})
        if len(rows) == _CHUNK:
            chunks.append(_chunk(table, rows, names))
            rows = []
    chunks.append(_chunk(table, rows, names))
    try:
        return arrow.concat_tables(chunks, promote_options="permissive")
    except arrow.ArrowException as error:
        raise DataError(f"a column of {table.path} holds values of different kinds: {error}") from error


def _chunk(table: TableFile, rows: list[dict[str, Any]], names: list[str]) -> Any:
    arrow = require("pyarrow", "table")
    columns = {}
    for name in names:
        try:
            columns[name] = arrow.array([row[name] for row in rows])
        except (arrow.ArrowException, OverflowError, UnicodeError) as error:
            raise DataError(f"column {name!r} of {table.path} holds values of different kinds: {error}") from error
    return arrow.table(columns)
