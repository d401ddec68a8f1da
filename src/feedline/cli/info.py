"""``feedline info``: what a store holds, and how far an unfinished one is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from feedline.prepare.summary import summary

_SHOWN = 60
"""Classes that are shown one by one."""


def info(
    store: Annotated[str, typer.Argument(help="The folder of a store, or its URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one JSON object.")] = False,
) -> None:
    """Tell what a store holds, by split and class, how it was made, and how far a job is that was not finished."""
    found = summary(store)
    if as_json:
        typer.echo(json.dumps(found))
        return
    if found["store"] is not None:
        _print_counts(found["store"])
        _print_rest(found["store"])
    if found["unfinished"] is not None:
        _print_unfinished(found["unfinished"])


def _print_counts(store: Mapping[str, Any]) -> None:
    splits = store["splits"]
    names = list(next(iter(splits.values()))["classes"])
    table = Table(Column("class", overflow="fold"), *(Column(name, justify="right") for name in splits))
    for name in names[:_SHOWN]:
        table.add_row(Text(name), *(f"{split['classes'][name]:,}" for split in splits.values()))
    if len(names) > _SHOWN:
        more = [sum(list(split["classes"].values())[_SHOWN:]) for split in splits.values()]
        table.add_row(f"{len(names) - _SHOWN} more (--json)", *(f"{count:,}" for count in more))
    if any(split["unlabelled"] for split in splits.values()):
        table.add_row("no class", *(f"{split['unlabelled']:,}" for split in splits.values()))
    table.add_section()
    for what in ("rows", "shards"):
        table.add_row(what, *(f"{split[what]:,}" for split in splits.values()))
    table.add_row("size", *(_size(split["bytes"]) for split in splits.values()))
    Console().print(table)


def _print_rest(store: Mapping[str, Any]) -> None:
    image, normalize = store["image"], store["normalize"]
    shape = " x ".join(map(str, image.get("shape", ())))
    typer.echo(f"{store['rows']:,} samples, {_size(store['bytes'])}")
    typer.echo("images: " + (f"raw pixels, {shape}, uint8" if shape else "encoded files, as they are"))
    typer.echo(f"columns: {', '.join(store['columns'])}")
    typer.echo("normalize: " + ("not said" if normalize is None else json.dumps(normalize)))
    typer.echo("written by: " + ", ".join(f"{name} {version}" for name, version in store["versions"].items()))
    if store["recipe"]:
        typer.echo("recipe:")
        for line in yaml.safe_dump(store["recipe"], sort_keys=False, allow_unicode=True).splitlines():
            typer.echo(f"  {line}")
    if store["missing"]:
        typer.echo(
            f"missing, or not of their size: {', '.join(store['missing'])} (feedline verify tells more)", err=True
        )


def _print_unfinished(left: Mapping[str, Any]) -> None:
    typer.echo(
        f"unfinished: a job is {left['done']:,} inputs far ({left['rows']:,} samples, {_size(left['bytes'])}, "
        f"shards closed: {left['shards']:,}): give its command again, and it goes on"
    )


def _size(count: float) -> str:
    """Bytes in words."""
    if count < 1024:
        return f"{count:,} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024 or unit == "GiB":
            break
    return f"{count:,.1f} {unit}"
