"""The event between an epoch and the next, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ignite.engine import Engine, EventEnum

from feedline.train.epochs import Feeding
from feedline.train.rows import EpochRow


class RunEvents(EventEnum):
    """Fired by the engine of :func:`feedline.train.fit`, besides Ignite's own events."""

    EPOCH_JUDGED = "epoch_judged"


@dataclass(frozen=True)
class Judged:
    """How an epoch went: its row in the results, and how it was fed."""

    row: EpochRow
    feeding: Feeding


def tell(engine: Engine, judged: Judged) -> None:
    """Leaves ``judged`` for the handlers and fires the event."""
    setattr(engine.state, "judged", judged)  # noqa: B010 - Ignite's state takes attributes that it does not declare
    engine.fire_event(RunEvents.EPOCH_JUDGED)


def told(engine: Engine) -> Judged:
    """What the event that is being handled tells."""
    return cast(Judged, getattr(engine.state, "judged"))  # noqa: B009
