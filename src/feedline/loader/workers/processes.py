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
from feedline.rng import Key

_PATIENCE = 0.5  # seconds that a worker has to end by itself before it is killed
_LOOK = 1.0  # seconds between two looks at whether the workers live, should their end not wake us

_pools: weakref.WeakSet[ProcessWorkers] = weakref.WeakSet()


@dataclass
class _Worker:
    """One worker as its consumer sees it."""

    process: BaseProcess
    pipe: Any
    chunks: deque[tuple[Chunk, int | None]] = field(default_factory=deque)
    blocks: dict[int, Block] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    forget: list[int] = field(default_factory=list)
    ended: bool = False


class ProcessWorkers:
    """Processes with a pipe each; whole batches go to them in rotation, as torch's do.

    Args:
        context: how processes are made: fork, spawn or forkserver.
        num_workers: how many.
        job: what each of them is told, but for its number.
        most_free: blocks that each worker keeps for later batches.

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
    ) -> None:
        if current_process().daemon:
            raise AssertionError(
                "daemonic processes are not allowed to have children, and a worker process is one: give the loader "
                "inside the dataset num_workers=0 or worker_type='thread'"
            )
        self._pid = os.getpid()
        self._most_free = most_free
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
        worker = _Worker(process, here)
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
        block = worker.free.pop() if worker.free else None
        worker.chunks.append((chunk, block))
        forget, worker.forget = tuple(worker.forget), []
        self._tell(worker, Work(chunk.task, block, forget))

    def _take_turn(self) -> _Worker:
        """The next worker in rotation whose dataset has not ended."""
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
                    made = worker.pipe.recv()
                    descriptor = recv_handle(worker.pipe) if made.size is not None else None
                    self._ready.append(self._opened(worker, made, descriptor))
                return
        except (EOFError, OSError):  # its end, perhaps in the middle of a message
            pass
        else:
            if worker.process.is_alive():
                return
        self._report_death(worker)

    def _opened(self, worker: _Worker, made: Made, descriptor: int | None) -> Done:
        chunk, lent = worker.chunks.popleft()
        number = self._workers.index(worker)
        if descriptor is not None:
            assert made.block is not None
            assert made.size is not None
            try:
                worker.blocks[made.block] = Block(descriptor, made.size)
            finally:
                os.close(descriptor)
        used = made.block if made.inline is None and made.error is None and not made.ended else None
        if lent is not None and lent != used:
            _release(worker, lent, self._most_free, lent if descriptor is not None else None)
        if made.ended:
            worker.ended = True
            return Done(chunk, ended=True, worker=number)
        if made.error is not None:
            return Done(chunk, error=_rebuilt(made.error), worker=number)
        if used is None:
            assert made.inline is not None
            return Done(chunk, Opener(made.structure, bytearray(made.inline)).load(), worker=number)
        lease = worker.blocks[used].lease(_Return(worker, used, self._most_free))
        return Done(chunk, Opener(made.structure, lease).load(), worker=number)

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
        if os.getpid() != self._pid:  # a forked child: the workers are its parent's
            return
        deadline = time.monotonic() + _PATIENCE
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


@dataclass(frozen=True)
class _Return:
    """Gives a block back to its worker when its batch is gone; knows neither the batch nor the pool."""

    worker: _Worker
    block: int
    most_free: int

    def __call__(self) -> None:
        _release(self.worker, self.block, self.most_free, None)


def _release(worker: _Worker, block: int, most_free: int, too_small: int | None) -> None:
    """The block is free again; it is forgotten where there are enough, or where batches have outgrown it."""
    if block == too_small or len(worker.free) >= most_free:
        worker.blocks.pop(block, None)
        worker.forget.append(block)
    else:
        worker.free.append(block)


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
