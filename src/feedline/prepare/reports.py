"""What a preparation did, in pictures and lists beside the store."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from feedline._atomic import write_whole
from feedline.dataset import ImageDataset
from feedline.prepare.draw import draw
from feedline.prepare.inputs import Inputs
from feedline.prepare.pool import Chosen
from feedline.prepare.sheet import png, save_sheet
from feedline.types import Image

REPORT = "report.txt"
_ALWAYS = ("sheet.png", "balance.png", "left_out.csv", "duplicates.csv", REPORT)


def are_there(folder: Path) -> bool:
    """Whether a folder has all that is always reported."""
    return all((folder / name).is_file() for name in _ALWAYS)


class _Pictures:
    """The images of some inputs, decoded when they are asked for."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._datasets = [ImageDataset(origin.source, None, "unchanged") for origin in inputs.origins]

    def __getitem__(self, place: int) -> Image:
        dataset = self._datasets[int(self._inputs.which[place])]
        return np.asarray(dataset[int(self._inputs.indices[place])][0])


def write_reports(
    folder: Path,
    lines: Sequence[str],
    left_out: Sequence[Mapping[str, Any]],
    pool: Inputs,
    chosen: Chosen,
    each: int,
    seed: int,
) -> None:
    """Writes the contact sheet, the counts of the classes, and lists of what is not in the store.

    Args:
        folder: made where it is not there.
        lines: what is said of it all.
        left_out: what could not be read.
        pool: all that could be.
        chosen: what the store is made of.
        each: examples of a class on the sheet.
        seed: of the examples.
    """
    folder.mkdir(exist_ok=True)
    inputs = chosen.inputs
    save_sheet(folder / "sheet.png", _Pictures(inputs), inputs.labels, inputs.classes, each, seed=seed)
    draw(chosen.balance, folder / "balance.png")
    broken = [[problem[name] for name in ("path", "kind", "cause")] for problem in left_out]
    write_whole(folder / "left_out.csv", _table(["path", "kind", "cause"], broken))
    twice = [
        [_path(pool, one.index), _path(pool, one.of), one.distance, one.why, *(one.splits or ("", "")), one.conflict]
        for one in chosen.duplicates.dropped
    ]
    names = ["path", "of", "distance", "why", "split", "split_of", "other_label"]
    write_whole(folder / "duplicates.csv", _table(names, twice))
    if twice:
        write_whole(folder / "duplicates.png", png(chosen.duplicates.sheet(_Pictures(pool))))
    write_whole(folder / REPORT, "\n".join(lines) + "\n")


def _path(inputs: Inputs, place: int) -> str:
    return inputs.origin(place).path(int(inputs.indices[place]))


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([names, *rows])
    return stream.getvalue()
