"""Pairs to train on and pairs to validate on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from feedline._open_pairs import open_pairs, pair_splits
from feedline._split import split
from feedline.cli.settings import TranslateSettings
from feedline.cli.usable import usable
from feedline.codecs.check import Problem
from feedline.errors import DataError
from feedline.pairing import second_of
from feedline.pairs import PairDataset
from feedline.sides import Side
from feedline.sources import Finding
from feedline.subsets import AnyDataset, Subset, subset

_TRAIN, _VAL = "train", "val"
_SHOWN = 20
_LOOKS = 16
_SMALL, _USUAL = 256, 256


@dataclass(frozen=True)
class PairParts:
    """Both parts, what their sides are, and what was left out of them."""

    train: Subset
    val: Subset
    input: Side
    target: Side
    problems: list[Problem | Finding]

    @property
    def kind(self) -> str:
        """How pairs were found, in words."""
        return cast(PairDataset, self.train.dataset).kind

    @property
    def mask(self) -> bool:
        """Whether B is a mask."""
        pairs = cast(PairDataset, self.train.dataset)
        return pairs.how.derive is None and second_of(pairs.source[0]) == "mask"

    def fingerprint(self) -> str:
        """What pairs there are, and which of them are validated on; not where they lie."""
        digest = hashlib.blake2b(digest_size=16)
        for part in (self.train, self.val):
            digest.update(part.indices.tobytes())
            for path in part.paths if part.source.has_files else ():
                digest.update(os.fsencode(os.path.basename(path)) + b"\0")
        return digest.hexdigest()


def pair_parts(settings: TranslateSettings, quiet: bool) -> PairParts:
    """The data's own "train" and "val" where there are such, else a fair split of all, or of "train".

    Raises:
        DataError: what lies there are no pairs; each that is none is in a table on standard error.
    """
    how = _how(settings)
    names = pair_splits(settings.data, **how)
    if names and _TRAIN not in names:
        raise DataError(f'{settings.data} has the splits {", ".join(names)}, and training needs one called "train"')
    first = _opened(settings, how, _TRAIN if names else None)
    train, broken = usable(first, settings, quiet)
    problems: list[Problem | Finding] = [*_unpaired(first), *broken]
    if _VAL not in names:
        learnt, val = split(train, settings.val, settings.seed)
        return PairParts(learnt, val, first.input, first.target, problems)
    second = _opened(settings, how, _VAL, like=first)
    judged, broken = usable(second, settings, quiet)
    problems += [*_unpaired(second), *broken]
    return PairParts(_whole(train), _whole(judged), first.input, first.target, problems)


def _unpaired(pairs: PairDataset) -> Sequence[Finding]:
    """What was left out as no pair."""
    found: Sequence[Finding] = getattr(pairs.source, "findings", ())
    return found


def _how(settings: TranslateSettings) -> dict[str, Any]:
    return {"pair": settings.pair, "mask": settings.mask, "derive": settings.derive}


def _opened(
    settings: TranslateSettings, how: dict[str, Any], name: str | None, like: PairDataset | None = None
) -> PairDataset:
    return opened_pairs(
        settings.data,
        ", or leave them out with --on-error skip",
        direction=settings.direction,
        colours="input" if settings.colours == "none" else settings.colours,
        split=name,
        missing="skip" if settings.on_error == "skip" else "raise",
        like=like,
        **how,
    )


def opened_pairs(data: str, advice: str = "", **how: Any) -> PairDataset:
    """As ``feedline.open_pairs``; what keeps files from being pairs is in a table on standard error.

    Args:
        data: where they lie.
        advice: what else than mending them there is.
        how: as of ``feedline.open_pairs``.

    Raises:
        DataError: in one line.
        typer.BadParameter: an option that has another value than it may have, or two that exclude each other.
    """
    try:
        return open_pairs(data, **how)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except DataError as error:
        if not error.problems:
            raise
        Console(stderr=True, soft_wrap=True, markup=False, highlight=False).print(problem_table(error.problems))
        raise DataError(
            f"{len(error.problems)} files of {data} cannot be paired: mend or remove them{advice}"
        ) from error


def problem_table(problems: Any) -> Table:
    """What is wrong with which file, a row each."""
    table = Table("file", "what", "cause", box=None, title_justify="left")
    for problem in problems[:_SHOWN]:
        table.add_row(problem.path, problem.kind, problem.cause)
    if len(problems) > _SHOWN:
        table.add_row(f"... and {len(problems) - _SHOWN} more", "", "")
    return table


def own_size(dataset: Subset) -> int:
    """The side that all of some pairs have, where that is a square of up to 256 pixels; else 256."""
    places = np.unique(np.linspace(0, len(dataset) - 1, _LOOKS).astype(np.int64))
    sizes = {np.shape(cast(Any, dataset.record(int(place)).data))[:2] for place in places}
    height, width = sizes.pop() if len(sizes) == 1 else (0, 0)
    return height if height == width and 8 <= height <= _SMALL else _USUAL


def _whole(dataset: AnyDataset) -> Subset:
    return dataset if isinstance(dataset, Subset) else subset(dataset, np.arange(len(dataset)))
