"""``weights/last.pt`` after every epoch, ``weights/best.pt`` after every best one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Generic

from ignite.engine import Engine, Events

from feedline.train.checkpoint import AnyCheckpoint, save_checkpoint
from feedline.train.events import RunEvents, told
from feedline.train.rows import AnyRow, best_row, row_dict
from feedline.train.runs import Run

Make = Callable[[int, dict[str, float]], AnyCheckpoint]
"""From an epoch's number and its metrics to the checkpoint of that moment."""


class Checkpoints(Generic[AnyRow]):
    """Saves what ``make`` gives; the best epoch is the one whose row says so.

    There is a ``last.pt`` from the very start, so that a run that is interrupted leaves one that can be used.
    """

    def __init__(self, run: Run, make: Make, rows: list[AnyRow], *, light: bool = False) -> None:
        """With ``light`` the best weights are saved without what is needed to go on with them."""
        self._run = run
        self._make = make
        self._rows = rows
        self._light = light

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
            save_checkpoint(self._run.best, replace(checkpoint, progress={}) if self._light else checkpoint)
        save_checkpoint(self._run.last, checkpoint)
