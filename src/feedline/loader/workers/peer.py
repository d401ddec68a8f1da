"""One worker process as its consumer sees it: what it is told, and what comes back."""

from __future__ import annotations

import os
import pickle
from collections import deque
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import recv_handle
from time import perf_counter
from typing import Any

from feedline.loader.memory import Block
from feedline.loader.places import note
from feedline.loader.progress import Again, begins
from feedline.loader.shortage import tell_of_pipe, tell_of_small_shm
from feedline.loader.transport import Opener
from feedline.loader.workers.autopsy import Autopsy
from feedline.loader.workers.child import Begin, Made, Work, death_of
from feedline.loader.workers.contract import Chunk, Done
from feedline.loader.workers.interrupts import whole
from feedline.loader.workers.shelf import Return, Shelf
from feedline.rng import Key


class Gone(Exception):  # noqa: N818 - no error yet, a fact
    """The worker is dead, or its end of the pipe is, or cannot be understood for the reason that is given."""


class Peer:
    """A worker, its pipe, its blocks and the chunks that it was given.

    Args:
        number: the worker's.
        process: started.
        pipe: our end.
        most_free: blocks that are kept for later batches.
        blocks_of_all: blocks that all workers together have at most, to say what memory they need.
        again: from where its share of an iterable-style dataset goes on.

    Attributes:
        ended: whether its share has ended.
        autopsy: of the chunk that workers with this number died of, while it lasts; other chunks wait.
        trying: whether a trial of it is under way.
        death: a descriptor that can be read when the worker is dead.
    """

    def __init__(
        self,
        number: int,
        process: BaseProcess,
        pipe: Connection[Any, Any],
        most_free: int,
        blocks_of_all: int,
        again: Again | None = None,
    ) -> None:
        self.number = number
        self.process = process
        self.pipe = pipe
        try:
            self.death = death_of(process.pid, process.sentinel)
        except ProcessLookupError:  # dead already
            self.death = process.sentinel
        self.ended = False
        self.again = again
        self.autopsy: Autopsy | None = None
        self.trying = False
        self._lost: dict[int, dict[str, str]] = {}
        self._waiting: deque[Chunk] = deque()
        self._blocks_of_all = blocks_of_all
        self._final: Any = None
        self._shelf = Shelf(most_free)
        self._chunks: deque[tuple[Chunk, int | None]] = deque()

    @property
    def outstanding(self) -> int:
        """How many chunks it has that did not come back."""
        return len(self._chunks) + len(self._waiting)

    @property
    def chunks(self) -> list[Chunk]:
        """Those that are outstanding, the oldest first."""
        return [chunk for chunk, _ in self._chunks] + list(self._waiting)

    def begin(self, key: Key, again: Again | None) -> None:
        """Another pass; raises Gone."""
        self.ended, self.again = False, again or begins(self._final)
        self._lost.clear()
        self.tell(Begin(key, again))

    def inherit(self, dead: Peer) -> None:
        """Takes over what its predecessor knew and had to do; nothing of that is given yet."""
        self.autopsy, self._lost, self.ended = dead.autopsy, dead._lost, dead.ended
        self._waiting.extend(dead.chunks)

    def take_up(self) -> None:
        """Goes on with what waits: a trial where there is an autopsy, else all of it; raises Gone."""
        if self.autopsy is not None:
            self.trying = True
            lost = self._lost.get(self.autopsy.chunk.batch, {})
            self.tell(Work(pickle.dumps(self.autopsy.suspects[0]), None, (), lost, trial=True))
            return
        while self._waiting:
            self.give(self._waiting.popleft())

    def close_autopsy(self) -> Chunk:
        """It is over: the chunk, whose guilty samples are not tried again."""
        assert self.autopsy is not None
        over, self.autopsy = self.autopsy, None
        if over.careful:
            self._lost.setdefault(over.chunk.batch, {}).update({name: how for name, (_, how) in over.guilty.items()})
        return over.chunk

    def give_up(self) -> Chunk:
        """The oldest chunk that waits will not be made."""
        return self._waiting.popleft()

    def give(self, chunk: Chunk) -> None:
        """A chunk to make, and a block to put it in where one is free.

        Raises Gone, and whatever hinders the task from being pickled: then it was not given.
        """
        task, shelf = pickle.dumps(chunk.task), self._shelf
        if self.autopsy is not None:
            self._waiting.append(chunk)
            return
        block = shelf.free.pop() if shelf.free else None
        self._chunks.append((chunk, block))
        forget = tuple(shelf.forget.pop() for _ in range(len(shelf.forget)))
        self.tell(Work(task, block, forget, self._lost.get(chunk.batch)))

    def tell(self, message: Any) -> None:
        """Raises Gone."""
        try:
            with whole():
                self.pipe.send_bytes(pickle.dumps(message))  # send would move its tensors into shared memory
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Gone from error

    def take(self) -> Done | None:
        """What came of the oldest chunk, if it is there; of a trial nothing but that it is over.

        Raises Gone where nothing will come any more.

        A worker that is dead is not always heard: a process that it forked may hold its end of the pipe.
        """
        try:
            if self.pipe.poll():
                made, descriptor = self._received()
                if self.autopsy is not None:
                    self.autopsy.passed()
                    self.trying = False
                    return None
                return self._opened(made, descriptor)
        except EOFError as error:
            raise Gone from error
        if not self.process.is_alive():
            raise Gone
        return None

    def _received(self) -> tuple[Made, int | None]:
        """A message and the descriptor that follows it; EOFError where the pipe ended, if only in mid-message."""
        try:
            made: Made = self.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if made.size is None:
            return made, None
        try:
            return made, recv_handle(self.pipe)
        except (ConnectionResetError, BrokenPipeError) as error:  # killed between the two, with work yet to read
            raise EOFError from error
        except (OSError, RuntimeError) as error:
            raise Gone(
                "too many open files: a batch's memory cannot be taken from its worker; raise the limit with "
                "`ulimit -n`"
            ) from error

    def _opened(self, made: Made, descriptor: int | None) -> Done:
        """What came of a chunk; the blocks that it did not use are free again."""
        chunk, lent = self._chunks.popleft()
        if made.state is not None:
            self.again = Again(0, made.state)
        elif made.error is None:
            self.again = replace(self.again or Again(), batches=(self.again.batches if self.again else 0) + 1)
        if descriptor is not None:
            self._keep(made, descriptor)
        if lent is not None and lent != made.block:
            self._shelf.drop(lent) if descriptor is not None else self._shelf.put_back(lent)
        if made.ended:
            self.ended, self._final = True, made.state
            return Done(chunk, ended=True, worker=self.number, state=made.state)
        if made.error is not None:
            return Done(chunk, error=_rebuilt(made), worker=self.number)
        began = perf_counter()
        try:
            value = self._value(made)
            made.times["hand-over"] = made.times.get("hand-over", 0.0) + perf_counter() - began
            return Done(chunk, value, worker=self.number, state=made.state, times=made.times)
        except Exception as error:  # what a class of the user's does when it is unpickled
            return Done(chunk, error=error, worker=self.number)

    def _keep(self, made: Made, descriptor: int) -> None:
        assert made.block is not None
        assert made.size is not None
        try:
            self._shelf.blocks[made.block] = Block(descriptor, made.size)
        finally:
            os.close(descriptor)

    def _value(self, made: Made) -> Any:
        """The batch, in its own small memory or in a block that is leased."""
        if made.block is None:
            assert made.inline is not None
            if made.shortage is not None:
                tell_of_pipe(len(made.inline), made.shortage)
            return Opener(made.structure, bytearray(made.inline)).load()
        block = self._shelf.blocks[made.block]
        if made.size is not None:
            tell_of_small_shm(block.size * self._blocks_of_all)
        return Opener(made.structure, block.lease(Return(self._shelf, made.block))).load()

    def leave(self) -> None:
        """Closes the pipe, which ends the worker, and forgets its chunks; batches that the consumer holds live on."""
        self.pipe.close()
        if self.death != self.process.sentinel:
            os.close(self.death)
        self._chunks.clear()
        self._waiting.clear()
        self._shelf.blocks.clear()


def _rebuilt(made: Made) -> BaseException:
    """The worker's exception with its own type where it can be made again, its traceback in the text."""
    error: BaseException = RuntimeError(made.told)
    try:
        wrapped: Any = pickle.loads(made.error or b"")
        wrapped.reraise()
    except BaseException as found:
        if made.told in str(found):  # else what hindered it from being made again
            error = found.with_traceback(None)
    for text in made.notes:
        note(error, text)
    for name, value in made.details.items():
        setattr(error, name, value)
    return error
