"""``feedline pack``: anything that opens, into a store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from feedline.codecs import MAX_PIXELS
from feedline.errors import FeedlineError
from feedline.prepare import pack as pack_all
from feedline.prepare.packed import Estimate
from feedline.prepare.splits import check_shares
from feedline.store import Manifest

_MB = 2**20


def pack(
    src: Annotated[str, typer.Argument(help="A folder, an archive, an array, a table: anything that opens.")],
    out: Annotated[Path, typer.Argument(help="The folder of the store, such as cats.feed.")],
    on_error: Annotated[
        Literal["raise", "skip"], typer.Option(help="What to do where a sample is broken: end, or go on without it.")
    ] = "raise",
    short_side: Annotated[
        int | None, typer.Option(min=1, help="Make images smaller whose shorter side has more pixels than this.")
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of the JPEGs that --short-side writes.")] = 90,
    raw: Annotated[str | None, typer.Option(metavar="WxH", help="Decode all to raw pixels of this size.")] = None,
    mode: Annotated[
        Literal["RGB", "L"] | None, typer.Option(help="Of raw pixels; by default L where the images are grey.")
    ] = None,
    restart_markers: Annotated[
        bool, typer.Option("--restart-markers", help="Rewrite JPEGs, without loss, so that parts decode alone.")
    ] = False,
    split: Annotated[
        str | None, typer.Option(metavar="NAME=SHARE,...", help="Split by class: val=0.1,test=0.1; the rest is train.")
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(help="What keeps images on one side: dataset, folder, name, an .npz's array, or a pattern (..)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the split.")] = 0,
    hash: Annotated[bool, typer.Option("--hash", help="Add a perceptual hash to each row (decodes).")] = False,
    stats: Annotated[bool, typer.Option("--stats", help="Add mean and deviation to each row (decodes).")] = False,
    check: Annotated[bool, typer.Option("--check", help="Decode each image, to know that it can be.")] = False,
    pair: Annotated[str | None, typer.Option(help="Where the partners of the images are, by equal names.")] = None,
    mask: Annotated[str | None, typer.Option(help="Where the masks of the images are, by equal names.")] = None,
    side_by_side: Annotated[
        Literal["AtoB", "BtoA"] | None, typer.Option(help="For images that hold two beside each other.")
    ] = None,
    also: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...", help="What samples have though not the first few: mask, partner, objects, extra."
        ),
    ] = None,
    append: Annotated[bool, typer.Option("--append", help="Add to the store that is there.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away what another job left unfinished.")] = False,
    shard_size: Annotated[int, typer.Option(min=1, help="MB of each file of the store.")] = 256,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No estimate, no bar, no report.")] = False,
) -> None:
    """Pack images into a store, a folder of Arrow files that feeds at memory speed and that other libraries read.

    Encoded files go in as they are. Interrupted, the same command goes on.
    """
    opening = {"pair": pair, "mask": mask, "side_by_side": side_by_side}
    try:
        packed = pack_all(
            src,
            out,
            on_error=on_error,
            short_side=short_side,
            quality=quality,
            raw=None if raw is None else _size(raw),
            mode=mode,
            restart_markers=restart_markers,
            split=None if split is None else shares(split),
            group_by=group_by,
            seed=seed,
            hash=hash,
            stats=stats,
            check=check,
            how={name: value for name, value in opening.items() if value is not None},
            also=[] if also is None else also.split(","),
            append=append,
            restart=restart,
            shard_bytes=shard_size * _MB,
            progress=not quiet,
            told=_silent if quiet else _tell,
        )
    except ValueError as error:  # options that do not go together
        if isinstance(error, FeedlineError):
            raise
        raise typer.BadParameter(str(error)) from error
    if not quiet:
        Console().print(table_of(packed.manifest))
        typer.echo("\n".join(packed.lines()))


def _silent(_: Estimate) -> None:
    pass


def _tell(estimate: Estimate) -> None:
    typer.echo(f"packing {estimate}")


def _size(text: str) -> tuple[int, int]:
    """(height, width) of WxH."""
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if found is None:
        raise typer.BadParameter(f"--raw takes WIDTHxHEIGHT in pixels, such as 32x32, not {text!r}")
    width, height = int(found[1]), int(found[2])
    if width * height > MAX_PIXELS:
        raise typer.BadParameter(f"--raw takes at most {MAX_PIXELS:,} pixels, not {text}")
    return height, width


def shares(text: str) -> dict[str, float]:
    """The shares of splits, of NAME=SHARE,NAME=SHARE."""
    found = [re.fullmatch(r"\s*(\w+)=(0?\.\d+)\s*", each) for each in text.split(",")]
    if None in found:
        raise typer.BadParameter(f"--split takes NAME=SHARE,... with shares below 1, such as val=0.1, not {text!r}")
    named = [(each[1], float(each[2])) for each in found if each is not None]
    try:
        check_shares(dict(named))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if len(dict(named)) < len(named):
        raise typer.BadParameter(f"--split names each split once, not {text!r}")
    return dict(named)


def table_of(manifest: Manifest) -> Table:
    """How many samples each class has in each split."""
    splits = manifest.splits
    table = Table("class", *splits, *_sum("all", splits))
    columns = [manifest.counts(split).tolist() for split in splits]
    rows = [sum(shard.rows for shard in manifest.shards if shard.split == split) for split in splits]
    without = [count - sum(column) for count, column in zip(rows, columns, strict=True)]
    counts = dict(zip(manifest.classes, zip(*columns, strict=True), strict=True))
    for name, row in {**counts, **({"(none)": without} if any(without) else {}), "all": rows}.items():
        table.add_row(name, *(f"{count:,}" for count in row), *_sum(f"{sum(row):,}", splits))
    return table


def _sum(text: str, splits: list[str]) -> list[str]:
    """The last column, where there is more than one before it."""
    return [text] if len(splits) > 1 else []
