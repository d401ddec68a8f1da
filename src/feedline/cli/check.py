"""``feedline check``: what is broken among the samples of anything that feedline opens."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from feedline._open import open as open_dataset
from feedline.checking import check as check_all
from feedline.codecs.check import Problem

_SHOWN = 100
_FOUND = 1


def check(
    path: Annotated[str, typer.Argument(help="A folder, an archive, an array, a table: anything that opens.")],
    split: Annotated[str | None, typer.Option(help="Of a folder of splits: train, val or test.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a problem, a line each.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No bar of progress.")] = False,
) -> int:
    """Read and decode every sample once, on all cores, and list what is broken; exit with 1 if anything was found."""
    how: dict[str, Any] = {} if split is None else {"split": split}
    dataset = open_dataset(path, **how)
    problems = check_all(dataset, progress=not quiet)
    if as_json:
        for problem in problems:
            typer.echo(json.dumps(problem.as_dict()))
    else:
        _print(problems, len(dataset))
    return _FOUND if problems else 0


def _print(problems: list[Problem], count: int) -> None:
    if problems:
        table = Table("index", "kind", Column("path", overflow="fold"), Column("cause", overflow="fold"))
        for problem in problems[:_SHOWN]:
            table.add_row(str(problem.index), problem.kind, Text(problem.path), Text(problem.cause))
        Console().print(table)
        if len(problems) > _SHOWN:
            typer.echo(f"... and {len(problems) - _SHOWN} more: --json lists all")
    typer.echo(f"{count:,} samples, {len(problems):,} problems")
