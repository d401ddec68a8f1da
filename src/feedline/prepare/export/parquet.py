"""Parquet as Hugging Face lays it out: a column of images, and one of labels whose classes the file names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from feedline._optional import require
from feedline.prepare.export.names import ending_of
from feedline.prepare.export.pixels import encoded, require_png
from feedline.prepare.export.split import Split
from feedline.store.columns import image_type

CARRIES: frozenset[str] = frozenset()
ROW_GROUP = 32 * 2**20
"""Bytes of images after which a row group ends: whoever wants one image reads its row group."""


def write(split: Split, stream: BinaryIO) -> Iterator[str]:
    """Writes ``image``, a struct of bytes and path, and ``label``, -1 without a class."""
    require_png(split)
    schema = _schema(split)
    parquet = require("pyarrow.parquet", "table")
    with parquet.ParquetWriter(stream, schema, compression="none", use_dictionary=False) as writer:
        for table in _groups(split, schema):
            writer.write_table(table, row_group_size=table.num_rows)
    yield from ()


def _groups(split: Split, schema: Any) -> Iterator[Any]:
    """Tables of about the size of a row group."""
    arrow = require("pyarrow", "table")
    rows: list[dict[str, Any]] = []
    size = 0
    for sample in split.samples():
        data, form = encoded(sample)
        rows.append({"image": {"bytes": data, "path": _path(sample.path, form)}, "label": sample.label})
        size += len(data)
        if size >= ROW_GROUP:
            yield arrow.Table.from_pylist(rows, schema)
            rows, size = [], 0
    if rows:
        yield arrow.Table.from_pylist(rows, schema)


def _path(path: str, form: str) -> str:
    """The path that the image had, with an ending that fits its format."""
    ending = ending_of(path, form)
    return path if path.endswith(ending) else f"{path.rpartition('.')[0] or path}{ending}"


def _schema(split: Split) -> Any:
    arrow = require("pyarrow", "table")
    features: dict[str, Any] = {"image": {"_type": "Image"}, "label": {"dtype": "int64", "_type": "Value"}}
    if split.classes:
        features["label"] = {"names": list(split.classes), "_type": "ClassLabel"}
    fields = [arrow.field("image", image_type()), arrow.field("label", arrow.int64())]
    return arrow.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})
