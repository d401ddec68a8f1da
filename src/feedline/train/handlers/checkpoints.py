"""``weights/last.pt`` after every epoch, ``weights/best.pt`` after every best one."""

from __future__ import annotations

import math
from collections.abc import Callable

from ignite.engine import Engine, Events

from feedline.train.checkpoint import Checkpoint, save_checkpoint
from feedline.train.events import RunEvents, told
from feedline.train.runs import Row, Run, row_dict

Make = Callable[[int, dict[str, float]], Checkpoint]
"""From an epoch's number and its metrics to the checkpoint of that moment."""


class Checkpoints:
    """Saves what ``make`` gives. Best is the highest validation accuracy, of equals the lowest validation loss.

    There is a ``last.pt`` from the very start, so that a run that is interrupted leaves one that can be used.
    """

    def __init__(self, run: Run, make: Make, rows: list[Row]) -> None:
        self._run = run
        self._make = make
        self._rows = rows

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.STARTED, self._begin)
        engine.add_event_handler(RunEvents.EPOCH_JUDGED, self._save)

    def _begin(self, engine: Engine) -> None:
        if not self._run.last.exists():
            save_checkpoint(self._run.last, self._make(engine.state.epoch, {}))

    def _save(self, engine: Engine) -> None:
        row = told(engine).row
        checkpoint = self._make(row.epoch, row_dict(row))
        if best_row(self._rows) is row:
            save_checkpoint(self._run.best, checkpoint)
        save_checkpoint(self._run.last, checkpoint)


def best_row(rows: list[Row]) -> Row:
    """The first of the best epochs."""
    return max(rows, key=_goodness)


def _goodness(row: Row) -> tuple[float, float, int]:
    loss = math.inf if math.isnan(row.val_loss) else row.val_loss
    return row.val_accuracy, -loss, -row.epoch
