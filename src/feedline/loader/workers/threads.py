"""Worker threads, for datasets whose work releases the interpreter lock."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from feedline.loader.progress import Resume
from feedline.loader.workers.contract import Chunk, Done, Late, Run, run_chunk
from feedline.rng import Key

_pools: weakref.WeakSet[ThreadWorkers] = weakref.WeakSet()
_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
_PATIENCE = 0.25  # seconds that the interpreter's exit waits for what is running: a decode, not a download


class ThreadWorkers:
    """Daemon threads that share one queue of chunks: whoever is free takes the next.

    Only map-style datasets are served, so they are never exhausted.

    Each thread first calls ``enter`` with its number. The threads know the queues and ``run``, not this object, and end
    when it is closed.
    """

    exhausted = False
    deaths = 0

    def __init__(self, run: Run, num_workers: int, enter: Callable[[int], None] | None = None) -> None:
        self._run = run
        self._todo: SimpleQueue[tuple[Run, Chunk] | None] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._closed = threading.Event()
        self._outstanding = 0
        self.threads = [
            threading.Thread(
                target=_work,
                args=(self._todo, self._done, self._closed, number, enter),
                name=f"feedline-worker-{number}",
                daemon=True,
            )
            for number in range(num_workers)
        ]
        self._finalizer = weakref.finalize(self, _end, self._todo, self._closed, num_workers)
        self._finalizer.atexit = False
        _pools.add(self)
        _threads.update(self.threads)
        for thread in self.threads:
            thread.start()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    @property
    def ready(self) -> int:
        return self._done.qsize()

    def restart(self, run: Run, key: Key, resume: Resume | None = None, timeout: float | None = None) -> None:
        """A new pass with another ``run``; what was under way of the one before is waited for and dropped."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._outstanding:
            self.collect(None if deadline is None else max(0.0, deadline - time.monotonic()))
        self._run = run

    def submit(self, chunk: Chunk) -> None:
        if self._closed.is_set():
            raise RuntimeError("these workers are closed")
        self._outstanding += 1
        self._todo.put((self._run, chunk))

    def collect(self, timeout: float | None = None) -> Done:
        if not self._outstanding:
            raise RuntimeError("nothing to collect: no chunk is outstanding")
        try:
            done = self._done.get(timeout=timeout)
        except Empty:
            raise Late(f"no worker thread finished a chunk within {timeout} seconds") from None
        self._outstanding -= 1
        return done

    def close(self) -> None:
        if self._finalizer.alive:
            self._outstanding = 0
            self._done = SimpleQueue()  # the threads keep the old one, and its results, until they end
            self._finalizer()


def _end(todo: SimpleQueue[Any], closed: threading.Event, count: int) -> None:
    """Tells so many threads that there is no more to do."""
    closed.set()
    for _ in range(count):
        todo.put(None)


def _work(
    todo: SimpleQueue[tuple[Run, Chunk] | None],
    done: SimpleQueue[Done],
    closed: threading.Event,
    worker: int,
    enter: Callable[[int], None] | None,
) -> None:
    """Chunks until there is no more; those that wait when the pool is closed are dropped."""
    if enter is not None:
        enter(worker)
    while (item := todo.get()) is not None:
        run, chunk = item
        if not closed.is_set():
            try:
                done.put(run_chunk(run, chunk, worker))
            except BaseException as error:  # SystemExit and the like: the thread lives on, the consumer is told
                done.put(Done(chunk, error=error, worker=worker))
        del item, run, chunk  # a waiting thread must not keep a batch alive


@atexit.register
def _end_all() -> None:
    """Ends all workers before the interpreter goes: a daemon thread that is killed inside torch aborts the process."""
    for pool in list(_pools):
        pool.close()
    deadline = time.monotonic() + _PATIENCE
    for thread in list(_threads):
        thread.join(max(0.0, deadline - time.monotonic()))
