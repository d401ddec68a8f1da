"""What a store says of itself, in plain values; and how far a job is that was not finished."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from feedline.errors import DataError
from feedline.sources.url_reader import is_url
from feedline.store import Manifest, StoreSource, journal
from feedline.store import manifest as manifests
from feedline.store.columns import schema_of
from feedline.store.part import part_of


def summary(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Of the manifest and the journal alone; no shard is opened.

    The keys are "store" (None where nothing is finished) and "unfinished" (None where no job is), and below "store":
    rows, shards, bytes (of the shards), splits (by name: rows, shards, bytes, unlabelled, and classes by name), image
    ("encoded", or "raw" with its shape), columns, normalize, recipe, versions, missing (shards that are not there, or
    not of their size).

    Args:
        path: the folder of a store, or its URL.

    Raises:
        DataError: no store is there and none was begun, or its manifest was damaged.
    """
    given = os.fspath(path)
    if is_url(given):
        return {"store": _store(StoreSource(given, manifests.WHOLE).manifest, None), "unfinished": None}
    folder = Path(os.path.abspath(given))
    manifest, left = manifests.found(folder), journal.read(folder)
    if manifest is None and left is None:
        raise DataError(f"no store is at {folder}: it has no {manifests.NAME}")
    store = None if manifest is None else _store(manifest, folder)
    return {"store": store, "unfinished": None if left is None else _unfinished(folder, *left)}


def _store(manifest: Manifest, folder: Path | None) -> dict[str, Any]:
    shape = manifest.columns.shape
    return {
        "rows": len(manifest),
        "shards": len(manifest.shards),
        "bytes": sum(shard.bytes for shard in manifest.shards),
        "splits": {name: _split(manifest, name) for name in manifest.splits},
        "image": {"kind": "encoded"} if shape is None else {"kind": "raw", "shape": list(shape), "dtype": "uint8"},
        "columns": schema_of(manifest.columns, ()).names,
        "normalize": manifest.normalize,
        "recipe": manifest.recipe,
        "versions": manifest.versions,
        "missing": [] if folder is None else _missing(manifest, folder),
    }


def _split(manifest: Manifest, name: str) -> dict[str, Any]:
    shards = [shard for shard in manifest.shards if shard.split == name]
    rows, counts = sum(shard.rows for shard in shards), manifest.counts(name)
    return {
        "rows": rows,
        "shards": len(shards),
        "bytes": sum(shard.bytes for shard in shards),
        "unlabelled": rows - int(counts.sum()),
        "classes": dict(zip(manifest.classes, counts.tolist(), strict=True)),
    }


def _missing(manifest: Manifest, folder: Path) -> list[str]:
    def is_there(file: str, size: int) -> bool:
        place = folder / file
        return place.is_file() and place.stat().st_size == size

    return [shard.file for shard in manifest.shards if not is_there(shard.file, shard.bytes)]


def _unfinished(folder: Path, job: Mapping[str, Any], progress: journal.Progress) -> dict[str, Any]:
    """Of a job: what it is, and how many inputs, rows and bytes are done."""
    steps = [event for event in progress.events if isinstance(event, journal.Step)]
    whole = sum(shard.bytes for shard in progress.shards)
    part = progress.steps[-1].written.end if progress.steps else 0
    return {
        "job": job,
        "done": progress.done,
        "rows": sum(len(step.labels) for step in steps),
        "shards": len(progress.shards),
        "bytes": whole + part,
        "part": part_of(folder / progress.steps[0].file).name if progress.steps else None,
    }
