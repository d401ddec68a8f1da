"""The bar and the lines."""

import contextlib
import io
import time

import torch
from ignite.engine import Engine, Events

from feedline.train.epochs import Feeding
from feedline.train.events import Judged, RunEvents, tell
from feedline.train.handlers.progress import Progress
from feedline.train.rows import Row


def engine_with(progress):
    engine = Engine(lambda *_: torch.zeros(3))
    engine.register_events(*RunEvents)
    progress.attach(engine)
    row = Row(1, 0.5, 0.25, 0.875, 1234.0, 0.125)
    engine.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: tell(engine, Judged(row, Feeding())))
    return engine


def test_a_line_an_epoch_and_no_bar_where_there_is_no_terminal(capsys):
    progress = Progress(12, 0, 20)
    engine_with(progress).run([0, 1], max_epochs=1)
    progress.close()
    out, err = capsys.readouterr()
    assert out == (
        "epoch   1/20  train_loss 0.5000  val_loss 0.2500  val_accuracy  87.50 %  1,234 images/s  waited 12.5 %\n"
    )
    assert err == ""


def test_quiet_says_nothing(capsys):
    progress = Progress(None, 0, 2, quiet=True)
    engine_with(progress).run([0, 1], max_epochs=2)
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_closing_what_was_never_opened():
    Progress(None, 0, 1).close()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_counts_images_on_a_terminal():
    """The bar knows epoch and images, and is gone in the end."""
    progress = Progress(12, 6, 2)
    with contextlib.redirect_stderr(Terminal()) as shown:
        engine = Engine(lambda *_: (time.sleep(0.15), torch.zeros(3))[1])
        engine.register_events(*RunEvents)
        progress.attach(engine)
        engine.run([0, 1], max_epochs=1)
        progress.close()
    assert "epoch 1/2" in shown.getvalue()
    assert "9/12" in shown.getvalue()
    assert not shown.getvalue().rsplit("\r", 1)[-1].strip()
