"""The run folder: what was asked for, what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, overload

import yaml

from feedline._atomic import write_whole
from feedline.errors import RunError
from feedline.train.rows import AnyRow, EpochRow, FeedingRow, Row, as_table, read_feeding, read_rows

_BEFORE_AN_EPOCH = {
    "args.yaml",
    "left_out.jsonl",
    "report.html",
    "train_batch.png",
    "weights/interrupted.pt",
    "weights/last.pt",
}
"""What a run has written before its first epoch is complete: nothing that would be missed."""


class Run:
    """A folder with ``args.yaml``, ``results.csv``, ``weights/`` and pictures; each file is whole or absent."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, out: str | os.PathLike[str] | None, name: str) -> Run:
        """A new folder: ``out``, or ``runs/NAME``, ``runs/NAME-2`` and so on where none is said.

        Raises:
            RunError: ``out`` is there already, and neither empty nor a run that completed no epoch.
        """
        if out is not None:
            require_free(out)
            path = Path(out)
            path.mkdir(parents=True, exist_ok=True)
            for name in _BEFORE_AN_EPOCH:
                (path / name).unlink(missing_ok=True)
        else:
            path = _numbered(Path("runs"), name)
        run = cls(path)
        run.weights.mkdir(exist_ok=True)
        return run

    @property
    def weights(self) -> Path:
        return self.path / "weights"

    @property
    def best(self) -> Path:
        return self.weights / "best.pt"

    @property
    def last(self) -> Path:
        return self.weights / "last.pt"

    @property
    def interrupted(self) -> Path:
        """Weights from within an epoch, where the run was interrupted in it."""
        return self.weights / "interrupted.pt"

    def checkpoint(self) -> Path:
        """The best weights; where a run ended before its first epoch did, those it had reached.

        Raises:
            RunError: this is no run folder, or one without weights.
        """
        if not self.path.is_dir():
            raise RunError(f"no such run folder: {self.path}")
        for path in (self.best, self.interrupted, self.last):
            if path.is_file():
                return path
        raise RunError(f"no weights in {self.path}: expected {self.best.relative_to(self.path)}")

    def write_args(self, args: Mapping[str, Any]) -> None:
        self.write("args.yaml", yaml.safe_dump(dict(args), sort_keys=False, allow_unicode=True))

    def read_args(self) -> dict[str, Any]:
        """What ``write_args`` wrote.

        Raises:
            RunError: there is no ``args.yaml``, or it cannot be read.
        """
        path = self.path / "args.yaml"
        try:
            args = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RunError(f"no run to go on with in {self.path}: cannot read args.yaml") from error
        if not isinstance(args, dict):
            raise RunError(f"{path} does not hold settings")
        return args

    def write(self, name: str, content: str | bytes) -> None:
        """A file of this run, whole or not at all."""
        write_whole(self.path / name, content)

    def write_rows(self, rows: Sequence[EpochRow]) -> None:
        """One row or more, of one kind."""
        self.write("results.csv", as_table(type(rows[0]), rows))

    def write_feeding(self, rows: Sequence[FeedingRow]) -> None:
        self.write("feeding.csv", as_table(FeedingRow, rows))

    @overload
    def read_rows(self) -> list[Row]: ...

    @overload
    def read_rows(self, kind: type[AnyRow]) -> list[AnyRow]: ...

    def read_rows(self, kind: type[Any] = Row) -> list[Any]:
        """The epochs so far; none where nothing is written yet."""
        return read_rows(self.path / "results.csv", kind)

    def write_left_out(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """The files that took no part, as JSON lines: path, index, kind and cause."""
        self.write("left_out.jsonl", "".join(json.dumps(dict(problem)) + "\n" for problem in problems))

    def read_left_out(self) -> list[dict[str, Any]]:
        """What ``write_left_out`` wrote; nothing where every file took part."""
        path = self.path / "left_out.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def read_feeding(self) -> list[FeedingRow]:
        """How the epochs so far were fed."""
        return read_feeding(self.path / "feeding.csv")


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def require_free(out: str | os.PathLike[str]) -> None:
    """Raises RunError where ``out`` is there already, unless it is empty or a run that completed no epoch."""
    path = Path(out)
    if path.exists() and not (path.is_dir() and _files(path) <= _BEFORE_AN_EPOCH):
        raise RunError(f"{path} is there already: choose another --out, or remove it")


def _numbered(root: Path, name: str) -> Path:
    """The first of NAME, NAME-2, NAME-3 ... that is free, made by us and nobody else."""
    root.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable")
