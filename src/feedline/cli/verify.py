"""``feedline verify``: what of a store is not as it was written."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from feedline.store import Damage, StoreSource, unfinished
from feedline.store import verify as verify_all

_SHOWN = 100
_FOUND = 1


def verify(
    store: Annotated[str, typer.Argument(help="The folder of a store, NAME.feed, or its URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a damage, a line each.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No bar of progress.")] = False,
) -> int:
    """Compare every byte of a store with its checksums, on all cores; exit with 1 if anything is damaged."""
    damage = verify_all(store, progress=not quiet)
    if as_json:
        for one in damage:
            typer.echo(json.dumps(one.as_dict()))
        return _FOUND if damage else 0
    if damage:
        _print(damage)
    else:
        source = StoreSource(store, "all")
        typer.echo(f"{len(source):,} samples in {len(source.manifest.shards):,} shards, no damage")
    if left := unfinished(store):
        typer.echo(f"an unfinished job left {', '.join(left)}: give its command again to finish it")
    return _FOUND if damage else 0


def _print(damage: list[Damage]) -> None:
    last = (Column(name, overflow="fold") for name in ("path", "cause"))
    table = Table("file", Column("what", overflow="fold"), "index", *last)
    for one in damage[:_SHOWN]:
        index = "" if one.index < 0 else str(one.index)
        table.add_row(Text(one.file), one.what, index, Text(one.path), Text(one.cause))
    Console().print(table)
    if len(damage) > _SHOWN:
        typer.echo(f"... and {len(damage) - _SHOWN} more: --json lists all")
    typer.echo(f"{len(damage):,} damaged")
