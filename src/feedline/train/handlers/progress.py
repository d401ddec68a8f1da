"""One bar for the whole run, and one line an epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ignite.engine import Engine, Events
from tqdm import tqdm

from feedline.train.events import RunEvents, told


class Progress:
    """Shows images done, rate and ETA where standard error is a terminal; lines of epochs go to standard output.

    Args:
        total: images of the whole run, if that is known.
        done: images of the epochs before, where a run goes on.
        epochs: how many epochs there will be.
        quiet: shows nothing at all.
        images: of a step's output to how many images were in it.
    """

    def __init__(
        self, total: int | None, done: int, epochs: int, quiet: bool = False, images: Callable[[Any], int] = len
    ) -> None:
        self._total, self._done, self._epochs, self._quiet = total, done, epochs, quiet
        self._images = images
        self._bar: tqdm[Any] | None = None

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.EPOCH_STARTED, self._name)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._count)
        engine.add_event_handler(RunEvents.EPOCH_JUDGED, self._line)

    def close(self) -> None:
        """Leaves the terminal as it was found."""
        if self._bar is not None:
            self._bar.close()

    def _open(self, engine: Engine) -> None:
        hidden = True if self._quiet else None
        self._bar = tqdm(total=self._total, initial=self._done, unit=" images", disable=hidden, leave=False)

    def _name(self, engine: Engine) -> None:
        if self._bar is not None:
            self._bar.set_description(f"epoch {engine.state.epoch}/{self._epochs}")

    def _count(self, engine: Engine) -> None:
        if self._bar is not None:
            self._bar.update(self._images(engine.state.output))

    def _line(self, engine: Engine) -> None:
        if self._quiet:
            return
        row = told(engine).row
        tqdm.write(
            f"epoch {row.epoch:>3}/{self._epochs}  {row.words}  {row.images_per_second:,.0f} images/s  "
            f"waited {100 * row.data_wait_share:.1f} %",
            file=sys.stdout,
        )
        sys.stdout.flush()
