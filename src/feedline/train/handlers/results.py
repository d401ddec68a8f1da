"""The tables of epochs, on disk after each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, cast

from ignite.engine import Engine

from feedline.train.events import RunEvents, told
from feedline.train.rows import AnyRow, FeedingRow
from feedline.train.runs import Run


class Results(Generic[AnyRow]):
    """Collects a row an epoch and writes ``results.csv`` and ``feeding.csv`` anew; ``plot`` draws them, as PNG."""

    def __init__(
        self, run: Run, rows: list[AnyRow], feeding: list[FeedingRow], plot: Callable[[Sequence[AnyRow]], bytes]
    ) -> None:
        self._run = run
        self.rows = rows
        self.feeding = feeding
        self._plot = plot

    @classmethod
    def so_far(
        cls, run: Run, kind: type[AnyRow], done: int, plot: Callable[[Sequence[AnyRow]], bytes]
    ) -> Results[AnyRow]:
        """With what the run has of the epochs up to ``done``."""
        rows = [row for row in run.read_rows(kind) if row.epoch <= done]
        return cls(run, rows, [row for row in run.read_feeding() if row.epoch <= done], plot)

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(RunEvents.EPOCH_JUDGED, self._write)

    def _write(self, engine: Engine) -> None:
        row, fed = cast(AnyRow, told(engine).row), told(engine).feeding
        self.rows.append(row)
        self.feeding.append(
            FeedingRow(row.epoch, fed.images, fed.batches, fed.seconds, fed.waited, fed.first_batch, fed.wait_share)
        )
        self._run.write_rows(self.rows)
        self._run.write_feeding(self.feeding)

    def draw(self) -> None:
        """``results.png``, where an epoch was completed."""
        if self.rows:
            self._run.write("results.png", self._plot(self.rows))
