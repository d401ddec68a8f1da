"""Validation after each epoch, and the row that comes of it."""

from __future__ import annotations

from collections.abc import Callable

from ignite.engine import Engine, Events

from feedline.train.epochs import Epochs, Feeding
from feedline.train.evaluate import Judgement
from feedline.train.events import Judged, RunEvents, tell
from feedline.train.rows import EpochRow, Row

MakeRow = Callable[[Engine, Feeding], EpochRow]
"""Judges when an epoch is over; of the engine, whose metrics are those of the epoch, and of how that was fed."""


class Judging:
    """Makes the row of an epoch when that is over, and tells it."""

    def __init__(self, make: MakeRow, epochs: Epochs) -> None:
        self._make = make
        self._epochs = epochs

    def attach(self, engine: Engine) -> None:
        engine.register_events(*RunEvents)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._finish_epoch)

    def _finish_epoch(self, engine: Engine) -> None:
        feeding = self._epochs.feeding
        tell(engine, Judged(self._make(engine, feeding), feeding))


def classified(judge: Callable[[], Judgement]) -> MakeRow:
    """Rows of a classifier, whose engine has the metric "loss": the mean over the epoch's samples."""

    def make(engine: Engine, feeding: Feeding) -> Row:
        judgement = judge()
        return Row(
            epoch=engine.state.epoch,
            # rounded as they are written, so that a run that is resumed compares the same numbers
            train_loss=round(float(engine.state.metrics["loss"]), 6),
            val_loss=round(judgement.loss, 6),
            val_accuracy=round(judgement.accuracy, 6),
            images_per_second=round(feeding.images_per_second, 1),
            data_wait_share=round(feeding.wait_share, 4),
        )

    return make
