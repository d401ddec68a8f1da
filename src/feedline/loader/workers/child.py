"""What a worker process does from its first line to its last.

A worker knows its end of one pipe and nothing of the other workers. A thread of it reads the pipe, so that the consumer
never waits to hand out work; when the pipe ends, because it was closed or because the consumer died, an idle worker
returns and a busy one is ended where it stands.
"""

from __future__ import annotations

import os
import pickle
import random
import signal
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch
import torch.utils.data._utils.worker as torch_worker
from torch._utils import ExceptionWrapper

from feedline.loader.collate import allocating, collate_in_workers
from feedline.loader.fetch import Exhausted, Fetch
from feedline.loader.memory import Arena, Block
from feedline.loader.transport import INLINE, pack
from feedline.rng import Key

_LOOK = 0.3  # seconds between two looks at whether the consumer lives, should the pipe not tell
_GRACE = 0.2  # seconds that user code has to come to its end after the pipe did

open_ends: weakref.WeakSet[Connection] = weakref.WeakSet()
"""The consumer's ends of all pipes in this process: a forked worker must not hold those of the others open."""


@dataclass(frozen=True)
class Begin:
    """A pass over the data begins, with the key of its samples."""

    key: Key


@dataclass(frozen=True)
class Work:
    """One batch to make: its indices, and the block of this worker that is free to hold it."""

    task: Any
    block: int | None
    forget: tuple[int, ...]


@dataclass(frozen=True)
class Made:
    """A batch, or why there is none.

    Attributes:
        structure: the batch without its tensors.
        inline: the tensors' memory, where they are small.
        block: the number of the block that they lie in, else.
        size: that block's size in bytes, where it is new; its descriptor follows.
        error: what the dataset raised.
        ended: an iterable dataset has no more.
    """

    structure: bytes = b""
    inline: bytes | None = None
    block: int | None = None
    size: int | None = None
    error: Any = None
    ended: bool = False


@dataclass(frozen=True)
class Job:
    """What a worker is told when it is made.

    Attributes:
        worker, num_workers: which of how many.
        base_seed: torch's; the worker's own is this plus its number.
        dataset: the worker's copy.
        make_fetch: from the dataset and a pass's key to how batches are made.
        init: torch's ``worker_init_fn``.
        begin: the first pass.
    """

    worker: int
    num_workers: int
    base_seed: int
    dataset: Any
    make_fetch: Callable[[Any, Key], Fetch]
    init: Callable[[int], None] | None
    begin: Begin


def work(job: Job, pipe: Connection) -> None:
    """The life of a worker."""
    for end in list(open_ends):
        end.close()
    open_ends.clear()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the consumer's, who then ends this worker
    torch.set_num_threads(1)
    collate_in_workers()
    inbox: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read, args=(pipe, inbox), daemon=True).start()
    maker = _Maker(job)
    while (message := inbox.get()) is not None:
        if isinstance(message, Begin):
            maker.begin(message)
        else:
            _send(pipe, *maker.make(message))
        del message


def _read(pipe: Connection, inbox: SimpleQueue[Any]) -> None:
    """Messages into the inbox until the pipe ends; then the worker ends too, whatever it does."""
    consumer, parent = parent_process(), os.getppid()
    try:
        while os.getppid() == parent and (consumer is None or consumer.is_alive()):
            if pipe.poll(_LOOK):
                inbox.put(pipe.recv())
    except (EOFError, OSError):
        pass
    inbox.put(None)
    threading.Event().wait(_GRACE)
    os._exit(0)


def _send(pipe: Connection, made: Made, descriptor: int | None) -> None:
    try:
        pipe.send(made)
        if descriptor is not None:
            send_handle(pipe, descriptor, os.getppid())
    except (BrokenPipeError, ConnectionResetError):
        os._exit(0)  # nobody is there to take it
    finally:
        if descriptor is not None:
            os.close(descriptor)


class _Maker:
    """Makes batches, and keeps the blocks that it made for them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._blocks: dict[int, Block] = {}
        self._next_block = 0
        self._failure: Any = None
        self._fetch: Fetch | None = None
        _seed(job)
        try:
            if job.init is not None:
                job.init(job.worker)
        except Exception:
            self._failure = self._wrapped()
            return
        self.begin(job.begin)

    def begin(self, begin: Begin) -> None:
        """A new pass: an iterable dataset begins anew."""
        try:
            self._fetch = self._job.make_fetch(self._job.dataset, begin.key)
        except Exception:
            self._failure = self._wrapped()

    def make(self, work: Work) -> tuple[Made, int | None]:
        """The batch, and the descriptor of the block that it lies in, if that is new."""
        for number in work.forget:
            self._blocks.pop(number, None)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            return Made(error=failure), None
        try:
            return self._pack(work)
        except Exhausted:
            return Made(ended=True), None
        except Exception:
            return Made(error=self._wrapped()), None

    def _pack(self, work: Work) -> tuple[Made, int | None]:
        assert self._fetch is not None
        block = None if work.block is None else self._blocks[work.block]
        arena = Arena(None if block is None or block.kept else block)  # the dataset may keep what it made
        with allocating(arena.empty):
            tasks = self._fetch.plan(work.task)
            values = [self._fetch.run(task) for task in tasks]
            batch = self._fetch.join(tasks, values)
        parcel = pack(batch, arena)
        if parcel.nbytes <= INLINE and arena.used == 0:
            return Made(parcel.structure, inline=parcel.inline()), None
        descriptor, block = parcel.into_block()
        if descriptor is None:
            return Made(parcel.structure, block=work.block), None
        self._next_block += 1
        self._blocks[self._next_block] = block
        return Made(parcel.structure, block=self._next_block, size=block.size), descriptor

    def _wrapped(self) -> Any:
        """The exception that is being handled; one whose class cannot be sent is told as a RuntimeError."""
        wrapped: Any = ExceptionWrapper(where=f"in DataLoader worker process {self._job.worker}")  # type: ignore[no-untyped-call]
        try:
            pickle.dumps(wrapped.exc_type)
        except Exception:
            wrapped.exc_type = RuntimeError
        return wrapped


def _seed(job: Job) -> None:
    """Torch's seeds for a worker: of random, torch and numpy; and what ``get_worker_info`` tells."""
    seed = job.base_seed + job.worker
    random.seed(seed)
    torch.manual_seed(seed)
    np.random.seed(torch_worker._generate_state(job.base_seed, job.worker))  # type: ignore[no-untyped-call]
    torch_worker._worker_info = torch_worker.WorkerInfo(
        id=job.worker, num_workers=job.num_workers, seed=seed, dataset=job.dataset
    )
