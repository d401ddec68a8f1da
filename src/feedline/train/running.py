"""A run of an engine that Ctrl-C may end, and what must not be ended by it."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ignite.engine import Engine

from feedline.train.epochs import Epochs
from feedline.train.handlers.progress import Progress

logging.getLogger("ignite").addHandler(logging.NullHandler())  # errors reach the caller, and reach him once


def run_epochs(trainer: Engine, epochs: Epochs, count: int, progress: Progress) -> bool:
    """Runs; True where it came to its end, False where Ctrl-C ended it before."""
    try:
        trainer.run(epochs, max_epochs=count)
    except KeyboardInterrupt:
        return False
    finally:
        progress.close()
    return True


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within the block Ctrl-C is not heard: what a run has reached is being written down, which takes a moment."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
