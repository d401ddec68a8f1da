"""Anything that opens, packed into a store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from feedline.codecs import probe
from feedline.errors import DataError, DecodeError
from feedline.native.chunk import AVAILABLE as CAN_RESTART
from feedline.prepare.grouping import groups_by
from feedline.prepare.inputs import Inputs, inputs_of
from feedline.prepare.making import How, RowMaker, plain
from feedline.prepare.packed import Estimate, Packed
from feedline.prepare.splits import TRAIN
from feedline.prepare.splits import split as split_names
from feedline.prepare.writing import OnError, samples_of, write_rows
from feedline.store import Columns, StoreWriter
from feedline.store.manifest import WHOLE
from feedline.store.writer import SHARD
from feedline.types import Mode, Record

_LOOKS = 64
_OVERHEAD = 200
"""Bytes a row takes beside its image, about."""


def pack(
    data: Any,
    out: str | os.PathLike[str],
    *,
    on_error: OnError = "raise",
    short_side: int | None = None,
    quality: int = 90,
    raw: tuple[int, int] | None = None,
    mode: Mode | None = None,
    restart_markers: bool = False,
    split: Mapping[str, float] | None = None,
    group_by: str | None = None,
    seed: int = 0,
    hash: bool = False,
    stats: bool = False,
    check: bool = False,
    append: bool = False,
    restart: bool = False,
    shard_bytes: int = SHARD,
    progress: bool = True,
    told: Any = None,
) -> Packed:
    """Packs samples into a store, a folder that :func:`feedline.open` opens; encoded files go in as they are.

    Files that cannot be an image by their first bytes, or that do not end as their format does and cannot be decoded,
    are broken; ``check`` decodes every file to know. A pack that was interrupted is gone on with by the same call.

    Args:
        data: what :func:`feedline.open` takes. Of a folder or store of splits, and of MNIST's and CIFAR's folders, all
            splits go in.
        out: the folder of the store, by custom NAME.feed; its parent must be there.
        on_error: "raise" ends at the first broken sample, "skip" leaves broken ones out and names them.
        short_side: makes images smaller whose shorter side is longer than so many pixels; all else stays as it is.
        quality: of the JPEGs that are written for that, 1 to 100.
        raw: (height, width): decodes everything to raw pixels of this size. Arrays of images are raw in any case.
        mode: of raw pixels "RGB" or "L"; by default "L" where the images are grey.
        restart_markers: rewrites JPEGs without loss so that a region of one can be decoded alone.
        split: shares of splits, {"val": 0.1, "test": 0.1}; the rest is "train". Stratified by class, and by group.
        group_by: what keeps samples on one side: see :func:`groups_by`.
        seed: of the split.
        hash: adds a perceptual hash to each row.
        stats: adds mean and standard deviation of each channel to each row.
        check: decodes every image.
        append: adds to the store that is at ``out``.
        restart: throws away what another, unfinished job left at ``out``.
        shard_bytes: after which a file of the store is closed.
        progress: shows a bar with rate and ETA where standard error is a terminal.
        told: is called with an :class:`Estimate` before the work begins.

    Returns:
        What went in, and what was left out.

    Raises:
        DataError: nothing that opens, a store that is there already, or options that do not fit the data.
        DecodeError: a broken sample, where ``on_error`` is "raise".
        OSError: the store cannot be written; what was written before stays, and the same call goes on.
    """
    inputs = inputs_of(data)
    if group_by is not None:
        inputs = replace(inputs, groups=groups_by(inputs, group_by))
    if split is not None:
        inputs = _split(inputs, split, seed)
    how = How(short_side, quality, raw, mode or "unchanged", restart_markers, hash, stats, check)
    first = looked_at(inputs)
    how = replace(how, mode=mode_of(mode, raw, first))
    _check(how, first)
    columns = columns_of(how, first)
    recipe = {"pack": {**asdict(how), "split": split, "group_by": group_by, "seed": seed}}
    job = {"inputs": inputs.digest(), **recipe}
    maker = RowMaker(inputs, how, columns)
    with StoreWriter(
        out,
        columns,
        inputs.classes,
        job=job,
        recipe=recipe,
        append=append,
        restart=restart,
        shard_bytes=shard_bytes,
    ) as writer:
        begin = writer.done
        if told is not None and not begin:
            told(_estimate(maker, len(inputs), shard_bytes, Path(out)))
        read = write_rows(writer, inputs, maker, on_error, progress)
        manifest = writer.commit()
        return Packed(Path(out), manifest, len(inputs), read, tuple(writer.notes))


def _split(inputs: Inputs, shares: Mapping[str, float], seed: int) -> Inputs:
    if set(inputs.splits.tolist()) != {WHOLE}:
        raise DataError(
            f"the data have splits already ({', '.join(dict.fromkeys(inputs.splits.tolist()))}): leave out the shares"
        )
    names = split_names(inputs.labels, shares, groups=inputs.groups, seed=seed)
    return inputs.chosen(np.arange(len(inputs)), names, [TRAIN, *shares])


def looked_at(inputs: Inputs) -> list[Record]:
    """Some samples that can be read, evenly spaced: what the rest is like."""
    found = []
    for place in samples_of(len(inputs), _LOOKS):
        try:
            found.append(inputs.origin(place).source[int(inputs.indices[place])])
        except DecodeError:
            continue
    if not found:
        raise DataError("none of the samples that were looked at can be read")
    return found


def mode_of(mode: Mode | None, raw: tuple[int, int] | None, seen: list[Record]) -> Mode:
    """Of raw pixels out of files: grey where all that were looked at are."""
    if mode is not None or not isinstance(seen[0].data, bytes):
        return mode or "unchanged"
    if raw is None:
        return "unchanged"
    return "L" if all(_channels(record) <= 2 for record in seen) else "RGB"


def _channels(record: Record) -> int:
    if not isinstance(record.data, bytes):
        return int(record.data.shape[2])
    try:
        return probe(record.data).channels
    except DecodeError:
        return 0


def _check(how: How, seen: list[Record]) -> None:
    arrays = not isinstance(seen[0].data, bytes)
    if arrays and how.short_side is not None:
        raise DataError("arrays of images are packed as raw pixels: give raw (--raw WxH) in place of short_side")
    if arrays and how.mode == "unchanged" and np.asarray(seen[0].data).dtype != np.uint8:
        raise DataError(
            f'raw pixels are 8 bits, and these are {np.asarray(seen[0].data).dtype}: give mode="L" or "RGB", which '
            "makes them so"
        )
    if how.raw is not None and how.short_side is not None:
        raise DataError("raw says the size: leave out short_side")
    if not 1 <= how.quality <= 100:
        raise ValueError(f"quality must be from 1 to 100, not {how.quality}")
    if how.restart_markers and not CAN_RESTART:
        raise DataError("restart markers are written by the C kernel, which was not built here: leave them out")


def columns_of(how: How, seen: list[Record]) -> Columns:
    """What rows will have, by what some samples have."""
    arrays = not isinstance(seen[0].data, bytes)
    shape = None
    if how.raw is not None or arrays:
        size = how.raw or np.asarray(seen[0].data).shape[:2]
        channels = {"RGB": 3, "RGBA": 4, "L": 1}.get(how.mode) or int(np.asarray(seen[0].data).shape[2])
        shape = (int(size[0]), int(size[1]), channels)
    targets = {len(record.extra["targets"]) for record in seen if "targets" in record.extra}
    apart = shape is not None or how.short_side is not None
    return Columns(
        shape,
        mask=any(record.mask is not None for record in seen),
        partner=any(record.partner is not None or (apart and "side_by_side" in record.extra) for record in seen),
        objects=any(record.objects is not None for record in seen),
        targets=max(targets, default=0),
        extra=any(plain(record.extra) for record in seen),
        restarts=how.restart_markers,
        hash=how.hash,
        stats=how.stats,
    )


def _estimate(maker: RowMaker, count: int, shard_bytes: int, out: Path) -> Estimate:
    """From a few rows that are made and thrown away."""
    sizes = []
    for place in samples_of(count, min(_LOOKS, max(1, count // 50))):
        try:
            sizes.append(maker(place).nbytes + _OVERHEAD)
        except DecodeError:
            continue
    size = int(count * np.mean(sizes)) if sizes else 0
    return Estimate(count, size, -(-size // shard_bytes), shutil.disk_usage(out).free)
