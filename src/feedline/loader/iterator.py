"""One pass over the data: what is ahead, what is due, and how it ends.

The end, in every case:

- exhaustion: the workers are closed before StopIteration is raised, and it is raised again ever after;
- break, or the iterator is dropped: its finalizer closes the workers;
- an exception of a sample is raised when its batch is due, with a note that says where; the pass goes on with
  the next batch when it is asked for;
- Ctrl-C and any other exception in the consumer: nothing is lost, the iterator can go on or be dropped;
- the interpreter exits: workers are closed and waited for, up to two seconds where user code is running.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

from feedline.loader.fetch import Fetch
from feedline.loader.workers import Chunk, Done, Workers


class _Batch:
    """A batch on its way: its tasks, and what came back so far."""

    def __init__(self, tasks: list[Any]) -> None:
        self.tasks = tasks
        self.done: dict[int, Done] = {}

    @property
    def whole(self) -> bool:
        return len(self.done) == len(self.tasks)

    @property
    def failure(self) -> Done | None:
        """The first failed part, by its place in the batch."""
        return next((self.done[part] for part in sorted(self.done) if self.done[part].error), None)

    @property
    def values(self) -> list[Any]:
        return [self.done[part].value for part in range(len(self.tasks))]


class LoaderIterator(Iterator[Any]):
    """Yields batches in the order of their indices, with at most ``ahead`` of them made before they are due.

    Args:
        indices: what the index sampler yields, one item a batch.
        fetch: how a batch is made of them.
        workers: who makes it.
        ahead: how many batches are under way beyond the one that the consumer asked for.
        timeout: seconds to wait for a batch; 0 waits for ever.
        length: how many batches are expected, for ``len``; None where that is unknown.
    """

    def __init__(
        self,
        indices: Iterator[Any],
        fetch: Fetch,
        workers: Workers,
        ahead: int,
        timeout: float,
        length: int | None,
    ) -> None:
        self._indices = indices
        self._fetch = fetch
        self._workers = workers
        self._ahead = ahead
        self._timeout = timeout
        self._length = length
        self._batches: deque[_Batch] = deque()
        self._first = 0  # the number of the batch that is due
        self._drawn_all = False
        self._finalizer = weakref.finalize(self, workers.close)

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("this iterator has no length")
        return self._length

    def __next__(self) -> Any:
        self._fill()
        if not self._batches:
            self.close()
            raise StopIteration
        while not self._batches[0].whole:
            self._collect()
        batch = self._batches.popleft()
        self._first += 1
        failure = batch.failure
        if failure is not None:
            try:
                self._fail(failure)
            finally:
                del batch, failure  # the traceback must not hold what would keep this iterator alive
        return self._fetch.join(batch.tasks, batch.values)

    def close(self) -> None:
        """Ends the workers; the iterator is exhausted from now on."""
        self._drawn_all = True
        self._batches.clear()
        self._finalizer()

    def _fill(self) -> None:
        while not self._drawn_all and len(self._batches) <= self._ahead:
            try:
                indices = next(self._indices)
            except StopIteration:
                self._drawn_all = True
                return
            self._begin(indices)

    def _begin(self, indices: Any) -> None:
        tasks = self._fetch.plan(indices)
        number = self._first + len(self._batches)
        self._batches.append(_Batch(tasks))
        for part, task in enumerate(tasks):
            self._workers.submit(Chunk(number, part, task))

    def _collect(self) -> None:
        try:
            done = self._workers.collect(self._timeout or None)
        except TimeoutError as error:
            raise RuntimeError(
                f"DataLoader timed out after {self._timeout} seconds: batch {self._first} is not ready"
            ) from error
        self._batches[done.chunk.batch - self._first].done[done.chunk.part] = done
        del done  # an error in it is raised later, and must not be held by a frame then

    def _fail(self, failure: Done) -> None:
        error = failure.error
        assert error is not None
        if isinstance(error, StopIteration):  # an iterable dataset has ended
            self.close()
            raise StopIteration
        error.add_note(f"in batch {failure.chunk.batch} of this pass, worker {failure.worker}")
        try:
            raise error
        finally:
            del error, failure
