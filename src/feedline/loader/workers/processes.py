"""Worker processes, for datasets whose code holds the interpreter lock or keeps state of its own."""

from __future__ import annotations

import atexit
import errno
import multiprocessing.process
import os
import select
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import current_process
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from feedline.loader.progress import Again, Resume
from feedline.loader.workers.child import Begin, Job, work
from feedline.loader.workers.contract import Chunk, Done, Late, Run
from feedline.loader.workers.interrupts import whole
from feedline.loader.workers.mourning import Mourning, end_of
from feedline.loader.workers.peer import Gone, Peer
from feedline.rng import Key

_PATIENCE = 0.5  # seconds that a worker has to end by itself before it is killed
_LOOK = 1.0  # seconds between two looks at whether the workers live, should their end not wake us

_pools: weakref.WeakSet[ProcessWorkers] = weakref.WeakSet()
_ends: weakref.WeakSet[Connection[Any, Any]] = weakref.WeakSet()  # ours, of all pipes


class ProcessWorkers:
    """Processes with a pipe each; whole batches go to them in rotation, as torch's do.

    Args:
        context: how processes are made: fork, spawn or forkserver.
        num_workers: how many.
        job: what each of them is told, but for its number.
        most_free: blocks that each worker keeps for later batches.
        in_order: whether batches go round; else each goes to the worker with the least to do.
        resume: from where the shares of an iterable-style dataset go on, if not from their beginning.
        restarts: how many workers one chunk may kill before it is cut down to the sample that does it.
        bears: whether such a sample is left out or replaced, by the worker; else it is the chunk's error.
        batched: whether a task is a list of samples, and not one.

    Raises:
        RuntimeError: the limit of open files is reached.
        AssertionError: this is a worker process itself; the type is multiprocessing's.
    """

    def __init__(
        self,
        context: BaseContext,
        num_workers: int,
        job: Job,
        most_free: int,
        in_order: bool = True,
        resume: Resume | None = None,
        restarts: int = 0,
        bears: bool = False,
        batched: bool = True,
    ) -> None:
        if current_process().daemon:
            raise AssertionError(
                "daemonic processes are not allowed to have children, and a worker process is one: give the loader "
                "inside the dataset num_workers=0 or worker_type='thread'"
            )
        self._pid = os.getpid()
        self._context = context
        self._job = job
        self._mourning = Mourning(job.dataset, restarts, bears, batched)
        self._most_free = most_free
        self._in_order = in_order
        self._next = 0 if resume is None else resume.turn
        self.closed = False
        self._poll = select.poll()
        self._sources: dict[int, Peer] = {}
        self._ready: deque[Done] = deque()
        self._workers: list[Peer] = []
        _pools.add(self)
        try:
            for number in range(num_workers):
                with whole():
                    self._workers.append(self._start(number, _share(resume, number)))
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and error.errno == errno.EMFILE:
                raise RuntimeError(
                    f"too many open files for {num_workers} workers: raise the limit with `ulimit -n`, "
                    "or use fewer workers"
                ) from error
            raise

    def _start(self, number: int, again: Again | None) -> Peer:
        here, there = self._context.Pipe(duplex=True)
        _ends.add(here)
        job = replace(self._job, worker=number, begin=Begin(self._job.begin.key, again))
        name = f"feedline-worker-{number}"
        process = self._context.Process(target=work, args=(job, there), daemon=True, name=name)  # type: ignore[attr-defined]
        try:
            process.start()
        except BaseException:
            here.close()
            raise
        finally:
            there.close()
        worker = Peer(number, process, here, self._most_free, self._most_free * job.num_workers, again)
        for source in (here.fileno(), worker.death):
            self._poll.register(source, select.POLLIN)
            self._sources[source] = worker
        return worker

    @property
    def processes(self) -> list[BaseProcess]:
        return [worker.process for worker in self._workers]

    @property
    def exhausted(self) -> bool:
        return all(worker.ended for worker in self._workers)

    @property
    def ready(self) -> int:
        """Of each worker that has sent something, one."""
        if self.closed:
            return 0
        return len(self._ready) + sum(self._sources[source].pipe.fileno() == source for source, _ in self._poll.poll(0))

    @property
    def deaths(self) -> int:
        return self._mourning.count

    def restart(self, run: Run, key: Key, resume: Resume | None = None, timeout: float | None = None) -> None:
        """A new pass with the same workers; what was under way of the one before is waited for and dropped."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while any(worker.outstanding for worker in self._workers):
            self._receive(deadline)
        self._ready.clear()
        self._next = 0 if resume is None else resume.turn
        self._job = replace(self._job, begin=Begin(key))
        self._mourning.begin()
        for number, worker in enumerate(self._workers):
            with self._burying(worker):
                worker.begin(key, _share(resume, number))

    def submit(self, chunk: Chunk) -> None:
        if self.closed:
            raise RuntimeError("these workers are closed")
        worker = self._take_turn()
        try:
            with self._burying(worker):
                worker.give(chunk)
        except Exception as error:  # an index that cannot be pickled is an outcome of its batch
            if self.closed:
                raise
            self._ready.append(Done(chunk, error=error))

    def _take_turn(self) -> Peer:
        """The next worker in rotation whose dataset has not ended; without order the least busy one."""
        active = [worker for worker in self._workers if not worker.ended]
        if active and not self._in_order:
            return min(active, key=lambda worker: worker.outstanding)
        for _ in self._workers:
            worker = self._workers[self._next % len(self._workers)]
            self._next += 1
            if not worker.ended:
                return worker
        raise RuntimeError("every worker's dataset has ended")

    def collect(self, timeout: float | None = None) -> Done:
        if not self._ready and not any(worker.outstanding for worker in self._workers):
            raise RuntimeError("nothing to collect: no chunk is outstanding")
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._ready:
            self._receive(deadline)
        return self._ready.popleft()

    def _receive(self, deadline: float | None) -> None:
        """Waits until something is there, and takes one message of each worker that has one."""
        left = _LOOK if deadline is None else min(_LOOK, deadline - time.monotonic())
        events = self._poll.poll(max(0.0, left) * 1000)
        if not events and deadline is not None and time.monotonic() >= deadline:
            busy = [worker.process for worker in self._workers if worker.outstanding]
            raise Late("busy: " + ", ".join(f"{process.name}, pid {process.pid}" for process in busy))
        heard = [self._sources[source] for source, _ in events]
        for worker in dict.fromkeys(heard or self._workers):  # of a death one may hear nothing: see there
            with whole(), self._burying(worker):
                done = worker.take()
                if done is not None:
                    self._ready.append(done)
                elif worker.autopsy is not None and not worker.trying:
                    self._go_on(worker)

    @contextmanager
    def _burying(self, worker: Peer) -> Iterator[None]:
        """A worker that turns out to be gone is replaced."""
        try:
            yield
            return
        except Gone as gone:
            why = gone.args
        if why:
            self.close()
            raise RuntimeError(*why)
        with whole():
            self._replace(worker)

    def _replace(self, dead: Peer) -> None:
        """Another worker takes the place of a dead one: its number, its blocks' room, and the chunks that it had.

        Raises:
            RuntimeError: nobody can make its chunks again.
        """
        self._read_the_rest(dead)
        how = end_of(dead.process)
        hopeless = self._mourning.mourn(dead, how)
        if hopeless is not None:
            self.close()
            raise RuntimeError(hopeless)
        self._forget(dead)
        heir = self._start(dead.number, dead.again)
        heir.inherit(dead)
        self._workers[dead.number] = heir
        dead.leave()
        with self._burying(heir):
            self._go_on(heir)

    def _read_the_rest(self, dead: Peer) -> None:
        """What it had sent before it died."""
        with suppress(Gone):
            while (done := dead.take()) is not None:
                self._ready.append(done)

    def _go_on(self, worker: Peer) -> None:
        """The next trial of an autopsy, or what comes of it; then what waits."""
        if worker.autopsy is not None and not worker.autopsy.suspects:
            error = self._mourning.verdict(worker.autopsy)
            chunk = worker.close_autopsy()
            if error is not None:
                worker.give_up()
                self._ready.append(Done(chunk, error=error, worker=worker.number))
        worker.take_up()

    def _forget(self, dead: Peer) -> None:
        for source in [source for source, worker in self._sources.items() if worker is dead]:
            self._poll.unregister(source)
            del self._sources[source]
        dead.process._popen.close()  # type: ignore[attr-defined]

    def close(self) -> None:
        if self.closed:
            return
        with whole():
            self._close()

    def _close(self) -> None:
        self.closed = True
        self._ready.clear()
        for worker in self._workers:
            worker.leave()
        if os.getpid() != self._pid:  # a forked child: the workers are its parent's
            return
        deadline = time.monotonic() + _PATIENCE
        for worker in self._workers:
            process = worker.process
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
            process._popen.close()  # type: ignore[attr-defined] # descriptors alone: pid and exit code stay


def _share(resume: Resume | None, worker: int) -> Again | None:
    return None if resume is None else resume.workers[worker]


def _forget_workers() -> None:
    """In a forked child: the workers are its parent's.

    multiprocessing must not end them when the child exits, and an end of a pipe that the child held open would keep
    them when the parent is gone.
    """
    for end in list(_ends):
        end.close()
    for pool in list(_pools):
        for process in pool.processes:
            multiprocessing.process._children.discard(process)  # type: ignore[attr-defined]


os.register_at_fork(after_in_child=_forget_workers)


@atexit.register
def _end_all() -> None:
    for pool in list(_pools):
        pool.close()
