"""Anything that opens, packed into a store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from feedline.codecs import MAX_PIXELS
from feedline.errors import DataError, DecodeError
from feedline.native.chunk import AVAILABLE as CAN_RESTART
from feedline.prepare.grouping import groups_by
from feedline.prepare.inputs import Inputs, inputs_of, spaced
from feedline.prepare.looking import columns_of, looked_at, mode_of
from feedline.prepare.making import How, RowMaker
from feedline.prepare.packed import Estimate, Packed
from feedline.prepare.splits import TRAIN
from feedline.prepare.splits import split as split_names
from feedline.prepare.writing import OnError, write_rows
from feedline.store import Columns, StoreSource, StoreWriter
from feedline.store import manifest as manifests
from feedline.store.manifest import WHOLE
from feedline.store.writer import SHARD
from feedline.types import UNLABELLED, Mode, Record

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
    how: Mapping[str, Any] | None = None,
    also: Sequence[str] = (),
    append: bool = False,
    restart: bool = False,
    shard_bytes: int = SHARD,
    progress: bool = True,
    told: Callable[[Estimate], None] = lambda _: None,
) -> Packed:
    """Packs samples into a store, a folder that :func:`feedline.open` opens; encoded files go in as they are.

    Files that cannot be an image by their first bytes, or that do not end as their format does and cannot be decoded,
    are broken; ``check`` decodes every file to know. A pack that was interrupted is gone on with by the same call.

    Args:
        data: what :func:`feedline.open` takes, or a dataset that it gave, or a part of one; transforms are left out.
            Of what has splits (a folder or a store of such, YOLO's, MNIST's and CIFAR's) all go in.
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
        how: what ``feedline.open`` takes besides, such as {"pair": "B"}, {"labels": False} or {"split": "train"}.
        also: what samples have though the few that are looked at first do not: "mask", "partner", "objects", "extra".
        append: adds to the store that is at ``out``; classes that it does not know are added to its own.
        restart: throws away what another, unfinished job left at ``out``.
        shard_bytes: after which a file of the store is closed.
        progress: shows a bar with rate and ETA where standard error is a terminal.
        told: is called with an :class:`Estimate` before the work begins.

    Returns:
        What went in, and what was left out.

    Raises:
        DataError: nothing that opens, a store that is there already, ``out`` within the data, options that do not fit
            the data, or a sample that has what the store has no column for.
        DecodeError: a broken sample, where ``on_error`` is "raise".
        OSError: the store cannot be written; what was written before stays, and the same call goes on.
        ValueError: options that do not go together.
    """
    _check_place(data, out)
    inputs = inputs_of(data, **(how or {}))
    if append:
        inputs = _with_classes_of(Path(out), inputs)
    if group_by is not None:
        inputs = replace(inputs, groups=groups_by(inputs, group_by))
    if split is not None:
        inputs = _split(inputs, split, seed)
    first = looked_at(inputs)
    made = How(short_side, quality, raw, mode_of(mode, raw, first), restart_markers, hash, stats, check)
    made = replace(made, guessed=mode is None and made.mode == "L")
    _check(made, mode, first)
    columns = _kept(inputs, made, columns_of(made, first, also))
    recipe = {"pack": {**asdict(made), "split": split, "group_by": group_by, "seed": seed}}
    job = {"inputs": inputs.digest(), "files": inputs.state(), **recipe}
    maker = RowMaker(inputs, made, columns)
    with StoreWriter(
        out,
        columns,
        inputs.classes,
        job=job,
        recipe=recipe,
        normalize=_normalize(inputs),
        left_out=_left_out(inputs),
        append=append,
        restart=restart,
        shard_bytes=shard_bytes,
    ) as writer:
        begin = writer.done
        if not begin:
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


def _check_place(data: Any, out: str | os.PathLike[str]) -> None:
    """Raises a DataError where the store would lie in the data, and be taken for a part of it the next time."""
    if isinstance(data, str | os.PathLike) and os.path.isdir(data):
        source, target = os.path.realpath(data), os.path.realpath(out)
        if target == source or target.startswith(source + os.sep):
            raise DataError(f"{target} lies in the data, {source}: give a place outside of it")


def _with_classes_of(path: Path, inputs: Inputs) -> Inputs:
    """With the classes of the store that is there first, and those that it does not know behind them."""
    there = manifests.found(path) if path.is_dir() else None
    if there is None:
        return inputs
    classes = [*there.classes, *(name for name in inputs.classes if name not in there.classes)]
    numbers = np.array([classes.index(name) for name in inputs.classes] + [UNLABELLED])
    return replace(inputs, classes=classes, labels=numbers[inputs.labels])


def _stores(inputs: Inputs) -> list[StoreSource]:
    """The stores that samples are from, where all are from such."""
    stores = [origin.source for origin in inputs.origins if isinstance(origin.source, StoreSource)]
    return stores if len(stores) == len(inputs.origins) else []


def _normalize(inputs: Inputs) -> Mapping[str, Any] | None:
    """That of the stores that are packed anew, where it is the same for all."""
    said = [store.normalize for store in _stores(inputs)]
    return said[0] if said and all(each == said[0] for each in said) else None


def _left_out(inputs: Inputs) -> tuple[Mapping[str, Any], ...]:
    """What the stores that are packed anew had left out already."""
    stores = {store.root: store.manifest.left_out for store in _stores(inputs)}
    return tuple(problem for left_out in stores.values() for problem in left_out)


def _kept(inputs: Inputs, how: How, columns: Columns) -> Columns:
    """With the columns of the stores that are packed anew, where images go in as they are."""
    if how.short_side is not None or how.raw is not None:
        return columns
    own = [store.manifest.columns for store in _stores(inputs)]
    if not own:
        return columns
    return replace(
        columns,
        restarts=columns.restarts or all(each.restarts for each in own),
        hash=columns.hash or all(each.hash for each in own),
        stats=columns.stats or all(each.stats for each in own),
    )


def _check(how: How, mode: Mode | None, seen: list[Record]) -> None:
    arrays = not isinstance(seen[0].data, bytes)
    if mode is not None and not arrays and how.raw is None and how.short_side is None:
        raise ValueError("a mode is for raw pixels and for images that are made smaller: files go in as they are")
    if how.raw is not None and not arrays and how.mode == "unchanged":
        raise ValueError('raw pixels of files are of one mode: "RGB" or "L"')
    if how.raw is not None and how.raw[0] * how.raw[1] > MAX_PIXELS:
        raise ValueError(f"raw pixels are at most {MAX_PIXELS:,} an image, not {how.raw[1]} x {how.raw[0]}")
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


def _estimate(maker: RowMaker, count: int, shard_bytes: int, out: Path) -> Estimate:
    """From a few rows that are made and thrown away."""
    sizes = []
    for place in spaced(count, _LOOKS):
        try:
            sizes.append(maker(place).nbytes + _OVERHEAD)
        except DecodeError:
            continue
    size = int(count * np.mean(sizes)) if sizes else 0
    return Estimate(count, size, -(-size // shard_bytes), shutil.disk_usage(out).free)
