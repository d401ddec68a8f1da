"""Worker threads, for datasets whose work releases the interpreter lock."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue

from feedline.loader.workers.contract import Chunk, Done, Run, run_chunk


class ThreadWorkers:
    """Daemon threads that share one queue of chunks: whoever is free takes the next.

    The threads know the queues and ``run``, not this object, and end when it is closed.
    """

    def __init__(self, run: Run, num_workers: int) -> None:
        self._todo: SimpleQueue[Chunk | None] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._closed = threading.Event()
        self._outstanding = 0
        self.threads = [
            threading.Thread(
                target=_work,
                args=(run, self._todo, self._done, self._closed, number),
                name=f"feedline-worker-{number}",
                daemon=True,
            )
            for number in range(num_workers)
        ]
        for thread in self.threads:
            thread.start()

    def submit(self, chunk: Chunk) -> None:
        if self._closed.is_set():
            raise RuntimeError("these workers are closed")
        self._outstanding += 1
        self._todo.put(chunk)

    def collect(self, timeout: float | None = None) -> Done:
        if not self._outstanding:
            raise RuntimeError("nothing to collect: no chunk is outstanding")
        try:
            done = self._done.get(timeout=timeout)
        except Empty:
            raise TimeoutError(f"no worker thread finished a chunk within {timeout} seconds") from None
        self._outstanding -= 1
        return done

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._outstanding = 0
        for _ in self.threads:
            self._todo.put(None)


def _work(
    run: Run,
    todo: SimpleQueue[Chunk | None],
    done: SimpleQueue[Done],
    closed: threading.Event,
    worker: int,
) -> None:
    """Chunks until there is no more; those that wait when the pool is closed are dropped."""
    while (chunk := todo.get()) is not None:
        if not closed.is_set():
            done.put(run_chunk(run, chunk, worker))
        del chunk  # a waiting thread must not keep a batch alive
