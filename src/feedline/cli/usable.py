"""A dataset without what is broken in it, and what tells it from others."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import typer

from feedline.checking import check as check_files
from feedline.cli.settings import CommonSettings
from feedline.codecs.check import Problem
from feedline.errors import SUSPICIOUS, DataError
from feedline.subsets import AnyDataset, Subset, subset

_SHOWN = 20  # broken files that are named on the screen; the run folder names all


def usable(dataset: AnyDataset, settings: CommonSettings, quiet: bool) -> tuple[AnyDataset, list[Problem]]:
    """The dataset without its broken files, and those; raises DataError where they are not to be left out."""
    problems = _broken(check_files(dataset, progress=not quiet)) if settings.check else []
    if not problems:
        return dataset, []
    for problem in problems[:_SHOWN]:
        typer.echo(f"broken: {problem.path}: {problem.kind}: {problem.cause}", err=True)
    if len(problems) > _SHOWN:
        typer.echo(f"... and {len(problems) - _SHOWN} more", err=True)
    if settings.on_error == "raise":
        raise DataError(
            f"{len(problems)} of {len(dataset)} files cannot be decoded: mend or remove them, "
            "or leave them out with --on-error skip"
        )
    typer.echo(f"left out: {len(problems)} of {len(dataset)} files", err=True)
    return subset(dataset, np.setdiff1d(np.arange(len(dataset)), [problem.index for problem in problems])), problems


def _broken(problems: list[Problem]) -> list[Problem]:
    """Those that cannot be used; what is only suspicious is told of."""
    for problem in problems:
        if problem.kind in SUSPICIOUS:
            typer.echo(f"{problem.kind}: {problem.path}: {problem.cause}", err=True)
    return [problem for problem in problems if problem.kind not in SUSPICIOUS]


def fingerprint(dataset: AnyDataset, val_part: Subset, root: str) -> str:
    """What images there are, of which classes, and which of them are validated on; not where they lie."""
    digest = hashlib.blake2b(dataset.targets.tobytes() + val_part.indices.tobytes(), digest_size=16)
    for path in dataset.paths if dataset.source.has_files else ():
        digest.update(os.fsencode(path.removeprefix(root)) + b"\0")
    return digest.hexdigest()
