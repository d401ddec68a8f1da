"""The event behind an epoch."""

from ignite.engine import Engine

from feedline.train.epochs import Feeding
from feedline.train.events import Judged, RunEvents, tell, told
from feedline.train.rows import Row


def test_handlers_are_told():
    engine = Engine(lambda *_: None)
    engine.register_events(*RunEvents)
    heard = []
    engine.add_event_handler(RunEvents.EPOCH_JUDGED, lambda engine: heard.append(told(engine)))
    judged = Judged(Row(1, 1.0, 1.0, 0.5, 10.0, 0.0), Feeding())
    tell(engine, judged)
    assert heard == [judged]
