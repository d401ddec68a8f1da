"""What is known of an epoch when it is over: a row in a table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar


class EpochRow(Protocol):
    """One epoch in ``results.csv``, whatever it is that was learnt: a frozen dataclass of numbers."""

    @property
    def epoch(self) -> int: ...

    @property
    def images_per_second(self) -> float: ...

    @property
    def data_wait_share(self) -> float: ...

    @property
    def goodness(self) -> tuple[float, ...]:
        """Greater is better."""

    @property
    def words(self) -> str:
        """How well it went, for a line on the screen."""

    def formatted(self) -> list[str]:
        """The cells of the table."""


AnyRow = TypeVar("AnyRow", bound=EpochRow)


@dataclass(frozen=True)
class Row:
    """One epoch of a classifier: the best has the highest accuracy, of equals the lowest validation loss."""

    epoch: int
    train_loss: float
    val_loss: float
    val_accuracy: float
    images_per_second: float
    data_wait_share: float

    @property
    def goodness(self) -> tuple[float, ...]:
        return self.val_accuracy, -(math.inf if math.isnan(self.val_loss) else self.val_loss), -self.epoch

    @property
    def words(self) -> str:
        return (
            f"train_loss {self.train_loss:.4f}  val_loss {self.val_loss:.4f}  "
            f"val_accuracy {100 * self.val_accuracy:6.2f} %"
        )

    def formatted(self) -> list[str]:
        losses = [f"{number:.6f}" for number in (self.train_loss, self.val_loss, self.val_accuracy)]
        return [str(self.epoch), *losses, *fed(self)]


@dataclass(frozen=True)
class FeedingRow:
    """One epoch in ``feeding.csv``; times in seconds."""

    epoch: int
    images: int
    batches: int
    seconds: float
    waited: float
    first_batch: float
    wait_share: float

    def formatted(self) -> list[str]:
        counts = [str(getattr(self, name)) for name in _COUNTS]
        return counts + [f"{getattr(self, name):.4f}" for name in _TIMES]


_COUNTS = ("epoch", "images", "batches")
_TIMES = ("seconds", "waited", "first_batch", "wait_share")


def fed(row: EpochRow) -> list[str]:
    """How fast an epoch was fed, as cells."""
    return [f"{row.images_per_second:.1f}", f"{row.data_wait_share:.4f}"]


def best_row(rows: Sequence[AnyRow]) -> AnyRow:
    """The first of the best epochs."""
    return max(rows, key=lambda row: row.goodness)


def row_dict(row: Any) -> dict[str, float]:
    """The row as plain numbers, for a checkpoint."""
    return {name: float(value) for name, value in asdict(row).items()}


def as_table(kind: type[Any], rows: Sequence[Any]) -> str:
    """The rows as CSV, under the names of ``kind``'s fields."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(kind))
    writer.writerows(row.formatted() for row in rows)
    return text.getvalue()


def read_rows(path: Path, kind: type[AnyRow]) -> list[AnyRow]:
    """What ``as_table`` wrote of epochs; none where there is no such file."""
    return [kind(**{name: _number(name, value) for name, value in row.items()}) for row in _read(path)]


def read_feeding(path: Path) -> list[FeedingRow]:
    """What ``as_table`` wrote of feeding; none where there is no such file."""
    return [
        FeedingRow(*(int(row[name]) for name in _COUNTS), *(float(row[name]) for name in _TIMES)) for row in _read(path)
    ]


def _number(name: str, value: str) -> float:
    return int(value) if name == "epoch" else float(value)


def _read(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as stream:
            yield from csv.DictReader(stream)
