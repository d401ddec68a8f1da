"""``feedline prepare``: a recipe carried out, from raw archives to a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from feedline.cli.pack import table_of
from feedline.prepare import load
from feedline.prepare import prepare as carry_out

_MB = 2**20


def prepare(
    recipe: Annotated[str, typer.Argument(help="notmnist, mnist or cifar10, or a YAML file of your own.")],
    root: Annotated[Path, typer.Option(help="The folder that everything is put into.")] = Path("data"),
    archive: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]FILE", help="A local file in the place of what the recipe fetches."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The store; by default ROOT/NAME.feed.")] = None,
    near: Annotated[int | None, typer.Option(min=0, max=63, help="Bits of near duplicates, not the recipe's.")] = None,
    balance: Annotated[
        Literal["report", "drop", "oversample"] | None, typer.Option(help="How classes are evened, in its place.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of all that is drawn, in its place.")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away what another recipe left unfinished.")] = False,
    shard_size: Annotated[int, typer.Option(min=1, help="MB of each file of the store.")] = 256,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No bars, no report.")] = False,
) -> None:
    """Fetch, check, read, clean, split and pack images as a recipe says, and show what was done.

    Interrupted, the same command goes on: nothing is fetched or read twice.
    """
    own = {"near": near, "balance": balance, "seed": seed}
    changes: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
    if balance is not None:
        changes["limit"] = None
    made = carry_out(
        replace(load(recipe), **changes),
        root,
        archives=archive or (),
        out=out,
        restart=restart,
        shard_bytes=shard_size * _MB,
        progress=not quiet,
        told=_silent if quiet else typer.echo,
    )
    if not quiet:
        Console().print(table_of(made.store.manifest))
        typer.echo("\n".join(made.lines()))


def _silent(_: str) -> None:
    pass
