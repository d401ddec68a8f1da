"""No workers: chunks are run by whoever collects them."""

from __future__ import annotations

from collections import deque

from feedline.loader.workers.contract import Chunk, Done, Run, run_chunk


class SerialWorkers:
    """Runs a chunk when it is collected, in the order of submission, in the caller's thread."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: deque[Chunk] = deque()
        self._closed = False

    def submit(self, chunk: Chunk) -> None:
        if self._closed:
            raise RuntimeError("these workers are closed")
        self._waiting.append(chunk)

    def collect(self, timeout: float | None = None) -> Done:
        if not self._waiting:
            raise RuntimeError("nothing to collect: no chunk is outstanding")
        chunk = self._waiting.popleft()
        try:
            return run_chunk(self._run, chunk, worker=0)
        except BaseException:  # Ctrl-C: the chunk is not lost
            if not self._closed:
                self._waiting.appendleft(chunk)
            raise

    def close(self) -> None:
        self._closed = True
        self._waiting.clear()
