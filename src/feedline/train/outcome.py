"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from feedline.train.rows import AnyRow, best_row
from feedline.train.runs import Run

J = TypeVar("J")


@dataclass(frozen=True)
class Outcome(Generic[AnyRow, J]):
    """A row an epoch, how the best weights judge (None where that was interrupted), and whether it was interrupted."""

    run: Run
    rows: list[AnyRow]
    judgement: J | None
    interrupted: bool

    @property
    def best(self) -> AnyRow:
        return best_row(self.rows)
