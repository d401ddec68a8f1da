"""No workers: chunks are run by whoever collects them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from feedline.loader.progress import Resume
from feedline.loader.workers.contract import Chunk, Done, Run, run_chunk
from feedline.rng import Key


class SerialWorkers:
    """Runs a chunk when it is collected, in the order of submission, in the caller's thread.

    ``state`` tells where the stream of samples is that ``run`` reads, where it does, and ``final`` where it ended.
    """

    def __init__(
        self, run: Run, state: Callable[[], Any] | None = None, final: Callable[[], Any] | None = None
    ) -> None:
        self._run = run
        self._state = state
        self._final = final
        self._waiting: deque[Chunk] = deque()
        self.closed = False
        self.exhausted = False
        self.ready = self.deaths = 0

    def restart(self, run: Run, key: Key, resume: Resume | None = None, timeout: float | None = None) -> None:
        """A new pass with another ``run``."""
        self._run = run
        self._waiting.clear()
        self.exhausted = False

    def submit(self, chunk: Chunk) -> None:
        if self.closed:
            raise RuntimeError("these workers are closed")
        self._waiting.append(chunk)

    def collect(self, timeout: float | None = None) -> Done:
        if not self._waiting:
            raise RuntimeError("nothing to collect: no chunk is outstanding")
        chunk = self._waiting.popleft()
        try:
            return self._noted(run_chunk(self._run, chunk, worker=0))  # no name for it here: its error holds this frame
        except BaseException:  # Ctrl-C: the chunk is not lost
            if not self.closed:
                self._waiting.appendleft(chunk)
            raise

    def _noted(self, done: Done) -> Done:
        self.exhausted = self.exhausted or done.ended
        tell = self._final if done.ended else self._state
        state = None if tell is None else tell()
        return done if state is None else replace(done, state=state)

    def close(self) -> None:
        self.closed = True
        self._waiting.clear()
