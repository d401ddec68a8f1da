"""One pass after the other over a loader, for an engine that would rather count."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ignite.engine import Engine, Events


@dataclass
class Feeding:
    """How one pass was fed; times in seconds."""

    images: int = 0
    batches: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    first_batch: float = 0.0

    @property
    def images_per_second(self) -> float:
        return self.images / self.seconds if self.seconds else 0.0

    @property
    def wait_share(self) -> float:
        return self.waited / self.seconds if self.seconds else 0.0


class Epochs(Iterator[Any]):
    """The loader's passes as one iterator that raises StopIteration after each of them and then begins the next.

    Ignite ends an epoch when it has seen as many batches as the loader's ``len`` or as the first epoch had, and where
    a batch is missing it begins the loader anew to fill the number. Here an epoch ends when its pass ends: this has no
    length, and :meth:`attach` makes the engine forget the length of the epoch before.
    """

    def __init__(self, loader: Iterable[Any]) -> None:
        self._loader = loader
        self._batches: Iterator[Any] | None = None
        self._began = 0.0
        self.feeding = Feeding()

    def __next__(self) -> Any:
        asked = time.perf_counter()
        if self._batches is None:
            self._began, self.feeding = asked, Feeding()
            self._batches = iter(self._loader)
        batch = next(self._batches, None)
        now = time.perf_counter()
        self.feeding.waited += now - asked
        self.feeding.seconds = now - self._began
        if batch is None:
            self._batches = None
            raise StopIteration
        self._count(batch, now)
        return batch

    def _count(self, batch: Any, now: float) -> None:
        if not self.feeding.batches:
            self.feeding.first_batch = now - self._began
        self.feeding.batches += 1
        self.feeding.images += len(batch[0])

    def attach(self, engine: Engine) -> None:
        """Makes ``engine.run(self)`` end each epoch with its pass."""
        engine.add_event_handler(Events.EPOCH_STARTED, _forget_length)
        engine.add_event_handler(Events.EPOCH_COMPLETED, _forget_length)


def _forget_length(engine: Engine) -> None:
    engine.state.epoch_length = None
