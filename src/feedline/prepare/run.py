"""A recipe carried out: each step is left out where its result is there and still holds, and gone on with where not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.native.checksum import crc32c
from feedline.prepare.extract import extract
from feedline.prepare.fetch import fetch
from feedline.prepare.grouping import groups_by
from feedline.prepare.inputs import Inputs, Origin, inputs_of
from feedline.prepare.making import How, RowMaker
from feedline.prepare.pack import columns_of, looked_at, mode_of
from feedline.prepare.packed import Packed
from feedline.prepare.pool import Chosen, choose, digest
from feedline.prepare.recipe import File, Recipe, Source, load
from feedline.prepare.reports import REPORT, write_reports
from feedline.prepare.writing import write_rows
from feedline.store import Columns, Manifest, StoreSource, StoreWriter
from feedline.store import manifest as manifests
from feedline.store.writer import SHARD
from feedline.types import Record

Tell = Callable[[str], None]
_COUNTS = 3
"""Lines that count duplicates, before those that name them, which the reports do by their paths."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a preparation made.

    Attributes:
        store: the store.
        read: by source, what was read of it: see :class:`Packed`.
        chosen: which samples the store is made of; None where it was there already.
        reports: the folder of its pictures and tables.
    """

    store: Packed
    read: dict[str, Packed]
    chosen: Chosen | None
    reports: Path

    def lines(self) -> list[str]:
        """The report, for people."""
        found = [line for packed in self.read.values() for line in packed.lines()]
        if self.chosen is not None:
            found += [*self.chosen.duplicates.lines()[:_COUNTS], *self.chosen.merged, *self.chosen.balance.lines()]
        return [
            *found,
            *self.store.lines(),
            f"pictures, counts, and lists of what is left out: {self.reports}",
        ]


def prepare(
    recipe: Recipe | str | os.PathLike[str],
    root: str | os.PathLike[str] = "data",
    *,
    archives: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    restart: bool = False,
    shard_bytes: int = SHARD,
    progress: bool = True,
    told: Tell = lambda _: None,
) -> Prepared:
    """Carries out a recipe: fetch, extract, expect, read, drop duplicates, draw, balance, split, shuffle, save, show.

    Each step can be interrupted, and the same call goes on: files that are there and right are not fetched again, and
    images that were read are not read again. The same inputs and recipe give the same bytes.

    Args:
        recipe: one, the name of one of feedline's own ("notmnist", "mnist", "cifar10"), or a YAML file.
        root: the folder that everything is put into; made where it is not there.
        archives: local files in the place of what the recipe fetches: see :meth:`Recipe.with_archives`.
        out: the store; by default NAME.feed in ``root``.
        restart: throws away what another, unfinished preparation left.
        shard_bytes: after which a file of the store is closed.
        progress: shows bars with rate and ETA where standard error is a terminal.
        told: is called with a line for each step.

    Raises:
        DataError: a file that cannot be fetched or is another than expected, other classes than the recipe's, classes
            with too few images, or a store that is there and was made otherwise.
        OSError: something cannot be written.
    """
    plan = recipe if isinstance(recipe, Recipe) else load(recipe)
    plan = plan.with_archives(archives)
    folder = Path(root)
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / f"{plan.name}.feed" if out is None else Path(out)
    work = store.with_name(f"{store.stem}.work")
    work.mkdir(exist_ok=True)
    read = {source.name: _read(plan, source, folder, work, restart, progress, told) for source in plan.sources}
    pool = _pool(plan, read)
    return _saved(plan, pool, read, store, _Way(restart, shard_bytes, progress, told))


@dataclass(frozen=True, slots=True)
class _Way:
    restart: bool
    shard_bytes: int
    progress: bool
    told: Tell


def _read(plan: Recipe, source: Source, folder: Path, work: Path, restart: bool, progress: bool, told: Tell) -> Packed:
    """Everything of a source that can be read, in a store of its own."""
    files = [_fetched(file, folder / "archives" / plan.name, progress) for file in source.files]
    told(f"{source.name}: {', '.join(path.name for path in files)}")
    inputs = _opened(plan, source, files, work, progress)
    first = looked_at(inputs)
    how = _how(plan, first)
    columns = columns_of(how, first)
    sizes = [path.stat().st_size for path in files if path.is_file()]
    job = _plain({"job": {"inputs": inputs.digest(), "bytes": sizes, "read": asdict(how)}})
    made = _made(inputs, how, columns, work / f"{source.name}.feed", job, _Way(restart, SHARD, progress, told))
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
    if source.extract:
        place = _only(extract(place, work / f"{source.name}.files", progress=progress))
    compressed = len(files) == 1 and not source.extract and place.suffix in (".tgz", ".gz", ".bz2", ".xz", ".txz")
    inputs = inputs_of(place, **({"convert": True} if compressed and place.is_file() else {}))
    if plan.classes and list(inputs.classes) != list(plan.classes):
        raise DataError(
            f"{place} must have the {len(plan.classes)} classes {', '.join(plan.classes)}, and has "
            f"{len(inputs.classes)}: {', '.join(inputs.classes)}"
        )
    if plan.group_by is not None:
        inputs = replace(inputs, groups=groups_by(inputs, plan.group_by))
    return inputs


def _only(folder: Path) -> Path:
    """The folder, or the only one in it."""
    inside = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _how(plan: Recipe, first: list[Record]) -> How:
    raw = None if plan.raw is None else (plan.raw[1], plan.raw[0])
    how = How(raw=raw, hash=plan.near > 0, check=True, size=plan.size)
    return replace(how, mode=plan.mode or mode_of(None, raw, first))


def _made(inputs: Inputs, how: How, columns: Columns, path: Path, recipe: dict[str, Any], way: _Way) -> Packed:
    """The store of these inputs: as it is where this recipe made it."""
    there = manifests.found(path) if path.is_dir() else None
    if there is not None and there.recipe == recipe:
        return Packed(path, there, len(inputs), 0, there.left_out)
    if there is not None:
        shutil.rmtree(path)  # our own, of another recipe
    writer = StoreWriter(path, columns, inputs.classes, job=recipe, recipe=recipe, restart=way.restart)
    with writer:
        read = write_rows(writer, inputs, RowMaker(inputs, how, columns), "skip", way.progress)
        return Packed(path, writer.commit(), len(inputs), read, tuple(writer.notes))


def _pool(plan: Recipe, read: dict[str, Packed]) -> Inputs:
    """All that was read, as inputs of the store: of a source's split, else of that which it says itself."""
    stores = [StoreSource(packed.path, "all") for packed in read.values()]
    counts = [len(store) for store in stores]
    groups = [store.groups or [None] * len(store) for store in stores]
    return Inputs(
        [Origin(store, source.name, store.root) for source, store in zip(plan.sources, stores, strict=True)],
        np.repeat(np.arange(len(stores)), counts),
        np.concatenate([np.arange(count) for count in counts]),
        np.concatenate([_splits(source, store) for source, store in zip(plan.sources, stores, strict=True)]),
        np.concatenate([store.targets for store in stores]),
        stores[0].classes,
        None if plan.group_by is None else [group for each in groups for group in each],
    )


def _splits(source: Source, store: StoreSource) -> NDArray[np.str_]:
    shards = store.manifest.shards
    return np.repeat([source.split or shard.split for shard in shards], [shard.rows for shard in shards])


def _saved(plan: Recipe, pool: Inputs, read: dict[str, Packed], store: Path, way: _Way) -> Prepared:
    """The store, and its reports."""
    reports = store.with_name(f"{store.stem}.report")
    said = _plain({"prepare": {**plan.as_dict(), "read": [_stamp(each) for each in read.values()]}})
    left_out = tuple(problem for packed in read.values() for problem in packed.broken)
    there = manifests.found(store) if store.is_dir() else None
    if there is not None and there.recipe != said:
        raise DataError(f"{store} is a store already, made otherwise: remove it, or give another name with out (--out)")
    if there is not None and (reports / REPORT).is_file():
        way.told(f"{store} is there already")
        return Prepared(Packed(store, there, len(there), 0, ()), read, None, reports)
    chosen = choose(plan, pool, *_marks(plan, pool))
    if there is None:
        there = _write(plan, chosen, said, left_out, store, way)
    made = Prepared(Packed(store, there, len(chosen.inputs), len(chosen.inputs), ()), read, chosen, reports)
    write_reports(reports, made.lines(), left_out, pool, chosen, plan.sheet, plan.seed)
    return made


def _write(
    plan: Recipe, chosen: Chosen, said: dict[str, Any], left_out: Sequence[Any], store: Path, way: _Way
) -> Manifest:
    columns = columns_of(How(), looked_at(chosen.inputs))
    with StoreWriter(
        store,
        columns,
        chosen.inputs.classes,
        job={**said, "inputs": chosen.inputs.digest()},
        recipe=said,
        normalize=plan.normalize,
        left_out=left_out,
        restart=way.restart,
        shard_bytes=way.shard_bytes,
    ) as writer:
        write_rows(writer, chosen.inputs, RowMaker(chosen.inputs, How(), columns), "raise", way.progress)
        return writer.commit()


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    """As a manifest gives it back."""
    found: dict[str, Any] = json.loads(json.dumps(said))
    return found


def _stamp(packed: Packed) -> int:
    """What tells what was read from anything else."""
    return crc32c(packed.manifest.text().encode())


def _marks(plan: Recipe, pool: Inputs) -> tuple[list[bytes], NDArray[np.uint64] | None]:
    """A digest of each image, and where near duplicates are looked for its perceptual hash."""
    digests: list[bytes] = []
    hashes: list[NDArray[np.uint64]] = []
    for origin in pool.origins:
        assert isinstance(origin.source, StoreSource)
        for rows in origin.source.batches():
            digests += [digest(data) for data in rows.images()]
            if plan.near:
                hashes.append(rows.batch.column("phash").to_numpy())
    return digests, np.concatenate(hashes) if plan.near else None
