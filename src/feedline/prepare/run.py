"""A recipe carried out: each step is left out where its result is there and still holds, and gone on with where not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.native.checksum import crc32c
from feedline.prepare.inputs import Inputs, Origin
from feedline.prepare.looking import columns_of, looked_at
from feedline.prepare.making import How, RowMaker
from feedline.prepare.packed import Packed
from feedline.prepare.pool import Chosen, choose, digest
from feedline.prepare.reading import Tell, is_whole, plain_values, read_source
from feedline.prepare.recipe import Recipe, Source, load
from feedline.prepare.reports import are_there, write_reports
from feedline.prepare.writing import write_rows
from feedline.store import Manifest, StoreSource, StoreWriter
from feedline.store import manifest as manifests
from feedline.store.writer import SHARD

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

    def lines(self, *, lasting: bool = False) -> list[str]:
        """The report, for people; what is ``lasting`` of it is the same however often the work was interrupted."""
        found = [line for packed in self.read.values() for line in packed.lines(lasting=lasting)]
        if self.chosen is not None:
            found += [line.rstrip(":") for line in self.chosen.duplicates.lines()[:_COUNTS]]
            found += [*self.chosen.merged, *self.chosen.balance.lines()]
        found += self.store.lines(lasting=lasting)
        return found if lasting else [*found, f"pictures, counts, and lists of what is left out: {self.reports}"]


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
    work.mkdir(parents=True, exist_ok=True)
    archives_folder = folder / "archives" / plan.name
    read = {
        source.name: read_source(plan, source, archives_folder / source.name, work, progress, told)
        for source in plan.sources
    }
    return _saved(plan, read, store, _Way(restart, shard_bytes, progress, told))


@dataclass(frozen=True, slots=True)
class _Way:
    restart: bool
    shard_bytes: int
    progress: bool
    told: Tell


def _pool(plan: Recipe, read: dict[str, Packed]) -> Inputs:
    """All that was read, as inputs of the store: of a source's split, else of that which it says itself."""
    stores = [StoreSource(packed.path, "all") for packed in read.values()]
    for name, store in zip(read, stores, strict=True):
        if store.classes != stores[0].classes:
            raise DataError(
                f"sources of one store have the same classes: {name} has {', '.join(store.classes)}, and "
                f"{plan.sources[0].name} has {', '.join(stores[0].classes)}"
            )
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


def _saved(plan: Recipe, read: dict[str, Packed], store: Path, way: _Way) -> Prepared:
    """The store, and its reports."""
    reports = store.with_name(f"{store.stem}.report")
    said = plain_values({"prepare": {**plan.as_dict(), "read": [_stamp(each) for each in read.values()]}})
    left_out = tuple(problem for packed in read.values() for problem in packed.broken)
    there = manifests.found(store) if store.is_dir() else None
    if there is not None and there.recipe != said:
        raise DataError(f"{store} is a store already, made otherwise: remove it, or give another name with out (--out)")
    if there is not None and not is_whole(store, there):
        raise DataError(
            f"{store} was damaged (feedline verify names what): remove it, and the same command makes it anew"
        )
    if there is not None and are_there(reports):
        way.told(f"{store} is there already")
        return Prepared(Packed(store, there, len(there), 0, ()), read, None, reports)
    pool = _pool(plan, read)
    chosen = choose(plan, pool, *_marks(plan, pool))
    if there is None:
        there = _write(plan, chosen, said, left_out, store, way)
    made = Prepared(Packed(store, there, len(chosen.inputs), len(chosen.inputs), ()), read, chosen, reports)
    write_reports(reports, made.lines(lasting=True), left_out, pool, chosen, plan.sheet, plan.seed)
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
