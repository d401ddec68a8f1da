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
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import send_handle
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch
import torch.utils.data._utils.worker as torch_worker
from torch._utils import ExceptionWrapper
from torch.utils.data import IterableDataset

from feedline.errors import DecodeError
from feedline.loader.collate import allocating, collate_in_workers
from feedline.loader.fetch import Fetch
from feedline.loader.foreign import Exhausted
from feedline.loader.memory import Arena, Block
from feedline.loader.mend import name_of
from feedline.loader.progress import Again
from feedline.loader.transport import INLINE, pack
from feedline.rng import Key
from feedline.timing import Times, chunk, stage

_DETAILS = ("kind", "path", "index")
_GRACE = 0.2  # seconds that user code has to come to its end after the pipe did


@dataclass(frozen=True)
class Begin:
    """A pass over the data begins, with the key of its samples; ``again`` is from where a stream goes on."""

    key: Key
    again: Again | None = None


@dataclass(frozen=True)
class Work:
    """One batch to make: its indices, pickled, and the block of this worker that is free to hold it.

    ``lost`` are the names of samples not to try, of which workers died; None where no worker has. A ``trial`` is made
    to see whether the worker lives.
    """

    task: bytes
    block: int | None
    forget: tuple[int, ...]
    lost: dict[str, str] | None = None
    trial: bool = False


@dataclass(frozen=True)
class Made:
    """A batch, or why there is none.

    Attributes:
        structure: the batch without its tensors.
        inline: the tensors' memory, where they are small, or where there is no memory that could be shared.
        shortage: why there is none.
        block: the number of the block that they lie in, else.
        size: that block's size in bytes, where it is new; its descriptor follows.
        error: what the dataset raised, wrapped and pickled.
        told: the text of it, with the worker's traceback.
        notes: the notes of that exception.
        details: what a DecodeError says besides: kind, path, index.
        ended: an iterable dataset has no more.
        state: where the stream of samples is now, where that is known.
        times: seconds that the batch took, by stage.
    """

    structure: bytes = b""
    inline: bytes | None = None
    shortage: str | None = None
    block: int | None = None
    size: int | None = None
    error: bytes | None = None
    told: str = ""
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    ended: bool = False
    state: Any = None
    times: Times = field(default_factory=dict)


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
    make_fetch: Callable[[Any, Key, Again | None], Fetch]
    init: Callable[[int], None] | None
    begin: Begin


def work(job: Job, pipe: Connection) -> None:
    """The life of a worker."""
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
    with suppress(EOFError, OSError):
        end = _end_of_consumer()
        while pipe in wait([pipe, end]):
            inbox.put(pipe.recv())
    inbox.put(None)
    threading.Event().wait(_GRACE)
    os._exit(0)


def _end_of_consumer() -> int:
    """A descriptor that can be read when the consumer is dead.

    A pipe would not do: whoever was forked from the consumer holds its end open too.
    """
    consumer = parent_process()
    assert consumer is not None
    return death_of(consumer.pid, consumer.sentinel)


def death_of(pid: int | None, sentinel: int) -> int:
    """A descriptor that can be read when a process is dead; ``sentinel`` where the system has none but that.

    multiprocessing's sentinel is a pipe, which whoever was forked from that process may hold open.
    """
    assert pid is not None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except (OSError, AttributeError):
        return sentinel


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
        self._init_failed: Made | None = None
        self._fetch: Fetch | Made
        _seed(job)
        try:
            if job.init is not None:
                job.init(job.worker)
        except Exception as error:
            self._init_failed = self._failed(error)
        self.begin(job.begin)

    def begin(self, begin: Begin) -> None:
        """A new pass: an iterable dataset begins anew; where nothing can begin, every batch of the pass says why."""
        try:
            self._fetch = self._init_failed or self._job.make_fetch(self._job.dataset, begin.key, begin.again)
        except Exception as error:
            self._fetch = self._failed(error)

    def make(self, work: Work) -> tuple[Made, int | None]:
        """The batch, and the descriptor of the block that it lies in, if that is new."""
        for number in work.forget:
            self._blocks.pop(number, None)
        if work.trial:
            return self._try(work), None
        if isinstance(self._fetch, Made):
            failed = self._fetch
            if isinstance(self._job.dataset, IterableDataset):  # which has no number of batches to end it
                self._fetch = Made(ended=True)
            return failed, None
        try:
            return self._pack(work, self._fetch, chunk())
        except Exhausted:
            return Made(ended=True, state=self._fetch.final()), None
        except Exception as error:
            return self._failed(error), None

    def _try(self, work: Work) -> Made:
        """The suspects, each alone: what takes the place of one that fails is nothing that it did."""
        with suppress(Exception):
            suspects = pickle.loads(work.task)
            if suspects != () and not isinstance(self._fetch, Made):
                fetch = self._fetch.mended(lost=work.lost or {}, how="skip")
                for task in fetch.plan(suspects):
                    fetch.run(task)
        return Made()

    def _pack(self, work: Work, fetch: Fetch, times: Times) -> tuple[Made, int | None]:
        block = None if work.block is None else self._blocks[work.block]
        arena = Arena(None if block is None or block.kept else block)  # the dataset may keep what it made
        with allocating(arena.empty):
            indices = pickle.loads(work.task)
            if work.lost is not None:
                fetch = fetch.mended(lost=work.lost)
                others = _not_lost(fetch, indices, work.lost)
                fetch = fetch.mended(among=others) if others else fetch
            tasks = fetch.plan(indices)
            values = [fetch.run(task) for task in tasks]
            batch = fetch.join(tasks, values)
        with stage("hand-over"):
            return self._handed_over(batch, arena, Made(state=fetch.state(), times=times), work)

    def _handed_over(self, batch: Any, arena: Arena, made: Made, work: Work) -> tuple[Made, int | None]:
        """The batch in its message, or in memory that is shared, and the descriptor of that where it is new."""
        parcel = pack(batch, arena)
        made = replace(made, structure=parcel.structure)
        if parcel.nbytes <= INLINE and arena.used == 0:
            return replace(made, inline=parcel.inline()), None
        try:
            descriptor, block = parcel.into_block()
        except OSError as error:
            return replace(made, inline=parcel.inline(), shortage=str(error)), None
        if descriptor is None:
            return replace(made, block=work.block), None
        self._next_block += 1
        self._blocks[self._next_block] = block
        return replace(made, block=self._next_block, size=block.size), descriptor

    def _failed(self, error: Exception) -> Made:
        """The exception that is being handled; one whose class cannot be sent is told as a RuntimeError."""
        notes = tuple(error.__dict__.pop("__notes__", ()))  # the traceback would quote them, and they go with the error
        wrapped: Any = ExceptionWrapper(where=f"in DataLoader worker process {self._job.worker}")  # type: ignore[no-untyped-call]
        told = f"Caught {type(error).__name__} {wrapped.where}.\nOriginal {wrapped.exc_msg}"
        try:
            packed = pickle.dumps(wrapped)
        except Exception:
            wrapped.exc_type = RuntimeError
            packed = pickle.dumps(wrapped)
        details = {name: getattr(error, name) for name in _DETAILS} if isinstance(error, DecodeError) else {}
        return Made(error=packed, told=told, notes=notes, details=details)


def _not_lost(fetch: Fetch, indices: Any, lost: Mapping[str, str]) -> list[Any]:
    """The samples of a batch of which no worker died: another substitute may kill, but these were tried."""
    return [index for index in indices if name_of(index) not in lost] if getattr(fetch, "batched", True) else []


def _seed(job: Job) -> None:
    """Torch's seeds for a worker: of random, torch and numpy; and what ``get_worker_info`` tells."""
    seed = job.base_seed + job.worker
    random.seed(seed)
    torch.manual_seed(seed)
    np.random.seed(torch_worker._generate_state(job.base_seed, job.worker))  # type: ignore[no-untyped-call]
    torch_worker._worker_info = torch_worker.WorkerInfo(
        id=job.worker, num_workers=job.num_workers, seed=seed, dataset=job.dataset
    )
