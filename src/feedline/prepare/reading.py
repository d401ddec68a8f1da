"""A recipe's source, fetched and read: all of it that can be, in a store of its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from feedline._atomic import write_whole
from feedline.errors import DataError
from feedline.prepare.extract import extract
from feedline.prepare.fetch import fetch
from feedline.prepare.grouping import groups_by
from feedline.prepare.inputs import Inputs, inputs_of
from feedline.prepare.looking import columns_of, looked_at, mode_of
from feedline.prepare.making import How, RowMaker
from feedline.prepare.packed import Packed
from feedline.prepare.recipe import File, Recipe, Source
from feedline.prepare.writing import write_rows
from feedline.store import Columns, Manifest, StoreWriter, verify
from feedline.store import manifest as manifests
from feedline.types import Record

Tell = Callable[[str], None]
_COMPRESSED = (".tgz", ".gz", ".bz2", ".xz", ".txz")


def read_source(plan: Recipe, source: Source, archives: Path, work: Path, progress: bool, told: Tell) -> Packed:
    """Everything of a source that can be read, in a store in ``work``: as it is where nothing has changed.

    Raises:
        DataError: it cannot be fetched, or is not what the recipe expects.
        OSError: something cannot be written.
    """
    files = [_fetched(file, archives, progress) for file in source.files]
    told(f"{source.name}: {', '.join(path.name for path in files)}")
    inputs = _opened(plan, source, files, work, progress)
    first = looked_at(inputs)
    how = _how(plan, first)
    made = _made(inputs, how, columns_of(how, first), work / f"{source.name}.feed", progress)
    told(f"{source.name}: {made.read:,} of {made.inputs:,} images read now, {len(made.broken):,} broken")
    return made


def _fetched(file: File, folder: Path, progress: bool) -> Path:
    """Where it lies; a folder of the user's is taken as it is."""
    if os.path.isdir(file.url):
        return Path(file.url)
    return fetch(file.url, folder, size=file.size, sha256=file.sha256, progress=progress)


def _opened(plan: Recipe, source: Source, files: Sequence[Path], work: Path, progress: bool) -> Inputs:
    """What is in the files, as the recipe expects it."""
    place = files[0] if len(files) == 1 else files[0].parent
    if any(file.parent != files[0].parent for file in files):
        raise DataError(f"the files of {source.name} must lie in one folder, not {', '.join(map(str, files))}")
    if source.extract:
        place = _only(extract(place, work / f"{source.name}.files", progress=progress))
    how = {"convert": True} if place.is_file() and place.suffix in _COMPRESSED else {}
    inputs = inputs_of(place, **how)
    _require_classes(plan, inputs, place)
    if plan.group_by is not None:
        inputs = replace(inputs, groups=groups_by(inputs, plan.group_by))
    return inputs


def _require_classes(plan: Recipe, inputs: Inputs, place: Path) -> None:
    wanted, found = plan.classes, list(inputs.classes)
    if isinstance(wanted, int) and len(found) != wanted:
        raise DataError(f"{place} must have {wanted} classes, and has {len(found)}: {', '.join(found)}")
    if not isinstance(wanted, int) and wanted and found != list(wanted):
        raise DataError(
            f"{place} must have the {len(wanted)} classes {', '.join(wanted)}, and has {len(found)}: {', '.join(found)}"
        )


def _only(folder: Path) -> Path:
    """The folder, or the only one in it."""
    inside = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _how(plan: Recipe, first: list[Record]) -> How:
    raw = None if plan.raw is None else (plan.raw[1], plan.raw[0])
    how = How(raw=raw, hash=plan.near > 0, check=True, size=plan.size)
    return replace(how, mode=plan.mode or mode_of(None, raw, first))


def _made(inputs: Inputs, how: How, columns: Columns, path: Path, progress: bool) -> Packed:
    """The store of these inputs: made anew where they, or what is done to them, or the store, are not what they were.

    What it is of lies beside it, for that has times in it, and no store has.
    """
    recipe = plain_values({"read": asdict(how), "inputs": inputs.digest()})
    of, said = path.with_suffix(".json"), json.dumps({**recipe, "files": inputs.state()}) + "\n"
    there = manifests.found(path) if path.is_dir() else None
    same = of.is_file() and of.read_text(encoding="utf-8") == said
    if same and there is not None and not verify(path, progress=progress):
        return Packed(path, there, len(inputs), 0, there.left_out)
    if path.is_dir() and (there is not None or not same):
        shutil.rmtree(path)  # our own
    write_whole(of, said)
    with StoreWriter(path, columns, inputs.classes, job=recipe, recipe=recipe) as writer:
        read = write_rows(writer, inputs, RowMaker(inputs, how, columns), "skip", progress)
        return Packed(path, writer.commit(), len(inputs), read, tuple(writer.notes))


def is_whole(path: Path, manifest: Manifest) -> bool:
    """Whether all files of a store have their sizes."""
    places = [(path / shard.file, shard.bytes) for shard in manifest.shards]
    return all(place.is_file() and place.stat().st_size == size for place, size in places)


def plain_values(said: dict[str, Any]) -> dict[str, Any]:
    """As a manifest gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(said))
    return found
