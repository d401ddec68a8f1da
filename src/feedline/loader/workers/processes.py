"""Worker processes, for datasets whose code holds the interpreter lock or keeps state of its own."""

from __future__ import annotations

import atexit
import errno
import multiprocessing.process
import os
import select
import signal
import time
import weakref
from collections import deque
from dataclasses import dataclass, field, replace
from multiprocessing import current_process
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import recv_handle
from typing import Any

from feedline.loader.memory import Block
from feedline.loader.transport import Opener
from feedline.loader.workers.child import Begin, Job, Made, Work, open_ends, work
from feedline.loader.workers.contract import Chunk, Done, Run
from feedline.loader.workers.interrupts import whole
from feedline.loader.workers.shelf import Return, Shelf
from feedline.rng import Key

_PATIENCE = 0.5  # seconds that a worker has to end by itself before it is killed
_LOOK = 1.0  # seconds between two looks at whether the workers live, should their end not wake us

_pools: weakref.WeakSet[ProcessWorkers] = weakref.WeakSet()


@dataclass
class _Worker:
    """One worker as its consumer sees it."""

    process: BaseProcess
    pipe: Any
    shelf: Shelf
    chunks: deque[tuple[Chunk, int | None]] = field(default_factory=deque)
    ended: bool = False


class ProcessWorkers:
    """Processes with a pipe each; whole batches go to them in rotation, as torch's do.

    Args:
        context: how processes are made: fork, spawn or forkserver.
        num_workers: how many.
        job: what each of them is told, but for its number.
        most_free: blocks that each worker keeps for later batches.
        in_order: whether batches go round; else each goes to the worker with the least to do.

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
    ) -> None:
        if current_process().daemon:
            raise AssertionError(
                "daemonic processes are not allowed to have children, and a worker process is one: give the loader "
                "inside the dataset num_workers=0 or worker_type='thread'"
            )
        self._pid = os.getpid()
        self._most_free = most_free
        self._in_order = in_order
        self._next = 0
        self.closed = False
        self._poll = select.poll()
        self._sources: dict[int, _Worker] = {}
        self._ready: deque[Done] = deque()
        self._workers: list[_Worker] = []
        _pools.add(self)
        try:
            for number in range(num_workers):
                with whole():
                    self._workers.append(self._start(context, replace(job, worker=number)))
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and error.errno == errno.EMFILE:
                raise RuntimeError(
                    f"too many open files for {num_workers} workers: raise the limit with `ulimit -n`, "
                    "or use fewer workers"
                ) from error
            raise

    def _start(self, context: BaseContext, job: Job) -> _Worker:
        here, there = context.Pipe(duplex=True)
        open_ends.add(here)
        process = context.Process(target=work, args=(job, there), daemon=True, name=f"feedline-worker-{job.worker}")  # type: ignore[attr-defined]
        try:
            process.start()
        except BaseException:
            open_ends.discard(here)
            here.close()
            raise
        finally:
            there.close()
        worker = _Worker(process, here, Shelf(self._most_free))
        for source in (here.fileno(), process.sentinel):
            self._poll.register(source, select.POLLIN)
            self._sources[source] = worker
        return worker

    @property
    def processes(self) -> list[BaseProcess]:
        return [worker.process for worker in self._workers]

    @property
    def exhausted(self) -> bool:
        return all(worker.ended for worker in self._workers)

    def restart(self, run: Run, key: Key) -> None:
        """A new pass with the same workers; what was under way of the one before is dropped."""
        while any(worker.chunks for worker in self._workers):
            self._receive(None)
        self._ready.clear()
        self._next = 0
        for worker in self._workers:
            worker.ended = False
            self._tell(worker, Begin(key))

    def submit(self, chunk: Chunk) -> None:
        if self.closed:
            raise RuntimeError("these workers are closed")
        worker = self._take_turn()
        shelf = worker.shelf
        block = shelf.free.pop() if shelf.free else None
        worker.chunks.append((chunk, block))
        forget = tuple(shelf.forget.pop() for _ in range(len(shelf.forget)))
        self._tell(worker, Work(chunk.task, block, forget))

    def _take_turn(self) -> _Worker:
        """The next worker in rotation whose dataset has not ended; without order the least busy one."""
        active = [worker for worker in self._workers if not worker.ended]
        if active and not self._in_order:
            return min(active, key=lambda worker: len(worker.chunks))
        for _ in self._workers:
            worker = self._workers[self._next % len(self._workers)]
            self._next += 1
            if not worker.ended:
                return worker
        raise RuntimeError("every worker's dataset has ended")

    def _tell(self, worker: _Worker, message: Any) -> None:
        try:
            with whole():
                worker.pipe.send(message)
        except (BrokenPipeError, ConnectionResetError):
            self._report_death(worker)

    def collect(self, timeout: float | None = None) -> Done:
        if not self._ready and not any(worker.chunks for worker in self._workers):
            raise RuntimeError("nothing to collect: no chunk is outstanding")
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._ready:
            self._receive(deadline)
        return self._ready.popleft()

    def _receive(self, deadline: float | None) -> None:
        """Waits until something is there, and takes all of it."""
        left = _LOOK if deadline is None else min(_LOOK, deadline - time.monotonic())
        events = self._poll.poll(max(0.0, left) * 1000)
        if not events and deadline is not None and time.monotonic() >= deadline:
            busy = [worker.process for worker in self._workers if worker.chunks]
            raise TimeoutError("busy: " + ", ".join(f"{process.name}, pid {process.pid}" for process in busy))
        workers = {id(worker): worker for worker in (self._sources[source] for source, _ in events)}
        for worker in workers.values():
            self._read(worker)

    def _read(self, worker: _Worker) -> None:
        """One message of this worker; if there is none and it is dead, that is an error."""
        try:
            if worker.pipe.poll():
                with whole():
                    self._ready.append(self._opened(worker, *self._received(worker)))
                return
        except EOFError:
            pass
        else:
            if worker.process.is_alive():
                return
        self._report_death(worker)

    def _received(self, worker: _Worker) -> tuple[Made, int | None]:
        """A message and the descriptor that follows it; EOFError where the pipe ended, if only in mid-message."""
        try:
            made: Made = worker.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if made.size is None:
            return made, None
        try:
            return made, recv_handle(worker.pipe)
        except (OSError, RuntimeError) as error:
            self.close()
            raise RuntimeError(
                "too many open files: a batch's memory cannot be taken from its worker; raise the limit with "
                "`ulimit -n`"
            ) from error

    def _opened(self, worker: _Worker, made: Made, descriptor: int | None) -> Done:
        """What came of a chunk; the blocks that it did not use are free again."""
        chunk, lent = worker.chunks.popleft()
        number = self._workers.index(worker)
        if descriptor is not None:
            assert made.block is not None
            assert made.size is not None
            try:
                worker.shelf.blocks[made.block] = Block(descriptor, made.size)
            finally:
                os.close(descriptor)
        if lent is not None and lent != made.block:
            worker.shelf.drop(lent) if descriptor is not None else worker.shelf.put_back(lent)
        if made.ended:
            worker.ended = True
            return Done(chunk, ended=True, worker=number)
        if made.error is not None:
            return Done(chunk, error=_rebuilt(made.error), worker=number)
        try:
            return Done(chunk, self._value(worker, made), worker=number)
        except Exception as error:  # what a class of the user's does when it is unpickled
            return Done(chunk, error=error, worker=number)

    def _value(self, worker: _Worker, made: Made) -> Any:
        """The batch, in its own small memory or in a block that is leased."""
        if made.block is None:
            assert made.inline is not None
            return Opener(made.structure, bytearray(made.inline)).load()
        return Opener(made.structure, worker.shelf.blocks[made.block].lease(Return(worker.shelf, made.block))).load()

    def _report_death(self, worker: _Worker) -> None:
        process = worker.process
        process.join(1.0)
        code = process.exitcode
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by signal: {signal.Signals(-code).name}"
        self.close()
        raise RuntimeError(f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly ({how})")

    def close(self) -> None:
        if self.closed:
            return
        with whole():
            self._close()

    def _close(self) -> None:
        self.closed = True
        self._ready.clear()
        for worker in self._workers:
            open_ends.discard(worker.pipe)
            worker.pipe.close()
            worker.chunks.clear()
            worker.shelf.blocks.clear()  # what the consumer holds lives on without them
        if os.getpid() != self._pid:  # a forked child: the workers are its parent's
            return
        deadline = time.monotonic() + _PATIENCE
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _rebuilt(wrapped: Any) -> BaseException:
    """The worker's exception with its own type where it can be made again, its traceback in the text."""
    try:
        wrapped.reraise()
    except BaseException as error:
        return error.with_traceback(None)
    raise AssertionError("unreachable")


def _forget_workers() -> None:
    """In a forked child: the workers are its parent's, and multiprocessing must not end them when the child exits."""
    for pool in list(_pools):
        for process in pool.processes:
            multiprocessing.process._children.discard(process)  # type: ignore[attr-defined]


os.register_at_fork(after_in_child=_forget_workers)


@atexit.register
def _end_all() -> None:
    for pool in list(_pools):
        pool.close()
