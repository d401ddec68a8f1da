"""``feedline export``: a store in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feedline.prepare.export import FORMATS, Exported, check_format
from feedline.prepare.export import export as export_store


def export(
    store: Annotated[str, typer.Argument(help="The folder of a store, or its URL.")],
    out: Annotated[Path, typer.Argument(help="Where to; nothing may be there.")],
    to: Annotated[str, typer.Option(help=f"One of {', '.join(FORMATS)}.")],
    split: Annotated[str | None, typer.Option(help="The only split to write; all of them by default.")] = None,
    normalized: Annotated[
        bool, typer.Option("--normalized", help="Scale images to floats as the store says (npz and h5).")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No bar of progress, nothing told.")] = False,
) -> None:
    """Write a store as class folders, or as one tar, array, HDF5 or Parquet file a split; feedline opens them too."""
    try:
        check_format(to, normalized)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    exported = export_store(store, out, to, split=split, normalized=normalized, progress=not quiet)
    if not quiet:
        _tell(exported)


def _tell(exported: Exported) -> None:
    for what in exported.left_out:
        typer.echo(f"left out: {what}", err=True)
    rows = ", ".join(f"{split} {count:,}" for split, count in exported.rows.items())
    typer.echo(f"{exported.path}: {sum(exported.rows.values()):,} samples ({rows})")
