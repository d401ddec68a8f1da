"""Ctrl-C where it would do harm."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def whole() -> Iterator[None]:
    """Within the block Ctrl-C waits: half a message would spoil the pipe, half a start or end leave a process.

    A second one does not: whoever presses it twice wants out of a worker that is stopped, whatever it costs.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    heard: list[Any] = []

    def hear(*event: Any) -> None:
        heard.append(event)
        if len(heard) > 1 and callable(handler):
            handler(*event)

    handler = signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if heard and callable(handler):
            handler(*heard[0])
        elif heard and handler == signal.SIG_DFL:
            signal.raise_signal(signal.SIGINT)
