"""One pass over the data: what is ahead, what is due, and how it ends.

The end, in every case:

- exhaustion: the workers are closed before StopIteration is raised, and it is raised again ever after;
- break, or the iterator is dropped: its finalizer closes the workers;
- an exception of a sample is raised when its batch is due, with a note that says where; the pass goes on with
  the next batch when it is asked for;
- Ctrl-C and any other exception in the consumer: the iterator can be dropped, or go on behind the batch that was under
  way when it came;
- the interpreter exits: workers are closed; threads in the middle of a sample are waited for a quarter of a second,
  and worker processes for half a second before they are killed.
"""

from __future__ import annotations

import os
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any, NoReturn

import torch
from torch.autograd.profiler import record_function

from feedline.loader.fetch import Fetch, WholeFetch
from feedline.loader.finish import Finish
from feedline.loader.mend import Failure, Mended
from feedline.loader.order import Drawn
from feedline.loader.pending import Pending, fail, length_of
from feedline.loader.progress import Progress, Resume, Snapshot
from feedline.loader.stats import EpochStats
from feedline.loader.workers import Chunk, Done, Late, Workers
from feedline.rng import Key
from feedline.timing import chunk as begin_chunk

_NAME = "enumerate(DataLoader)#feedline.LoaderIterator.__next__"


def _recorded() -> AbstractContextManager[Any]:
    """A stretch that torch's profiler shows, while it runs: a name for nobody would cost more than half of a step."""
    return record_function(_NAME) if torch._C._autograd._profiler_enabled() else nullcontext()


class LoaderIterator(Iterator[Any]):
    """Yields batches in the order of their indices, some of them made before they are due.

    Args:
        workers: who makes them.
        ahead: how many batches are under way beyond what the consumer took; 0 makes each when it is asked for.
        timeout: seconds to wait for a batch; 0 waits for ever.
        in_order: whether a batch that is ready waits for those before it.
        persistent: whether the workers outlive a pass.
    """

    def __init__(self, workers: Workers, ahead: int, timeout: float, in_order: bool, persistent: bool) -> None:
        self._fetch: Fetch = WholeFetch()
        self._pool = workers
        self._ahead = ahead
        self._timeout = timeout
        self._in_order = in_order
        self._persistent = persistent
        self._finish = Finish()
        self._report: Callable[[Sequence[Failure]], object] = len
        self._pid = os.getpid()
        self._batches: dict[int, Pending] = {}
        self._order: Iterator[Drawn] = iter(())
        self._batched = True
        self._progress = Progress(0)
        self._stats = EpochStats(0)
        self._deaths = 0
        self._yielded = 0
        self._sampler: Any = None
        self._promised: int | None = None
        self._drawn_all = True
        self._finalizer = weakref.finalize(self, workers.close)
        self._finalizer.atexit = False  # the workers see to it themselves

    @property
    def _workers(self) -> list[Any]:
        """The worker processes, as debuggers look for them."""
        return list(getattr(self._pool, "processes", []))

    @property
    def alive(self) -> bool:
        """Whether its workers can make another pass, for this process: a forked child has none of its own."""
        return not self._pool.closed and os.getpid() == self._pid

    def restart(self, run: Callable[[Any], Any], key: Key, resume: Resume | None) -> None:
        """Makes the workers ready for another pass: threads with another ``run``, processes with another key."""
        self._drawn_all = True
        self._batches.clear()
        try:
            self._pool.restart(run, key, resume, self._timeout or None)
        except (Late, RuntimeError) as error:
            self._raise(error, "the batches under way of the pass before are")

    def begin(
        self,
        order: Iterator[Drawn],
        fetch: Fetch,
        progress: Progress,
        stats: EpochStats,
        sampler: Any,
        promised: int | None,
        report: Callable[[Sequence[Failure]], object],
        batched: bool,
        finish: Finish,
    ) -> None:
        """A pass; what is to be made ahead is begun at once.

        Args:
            order: the indices of the batches.
            fetch: how batches are made in this pass.
            progress: where it is noted what was yielded.
            stats: where it is noted where the time goes.
            sampler: what knows how many there will be; asked by ``len`` alone.
            promised: how many an iterable dataset said there would be; more of them are warned of.
            report: what is told of samples that could not be made.
            batched: whether what the sampler gives are several indices, and not one.
            finish: what is done to a batch before it is yielded.
        """
        self._report, self._batched, self._finish = report, batched, finish
        self._order, self._fetch, self._progress, self._stats = order, fetch, progress, stats
        self._deaths = self._pool.deaths
        self._sampler, self._promised = sampler, promised
        self._batches.clear()
        self._yielded = sum(stream.batches for stream in progress.streams)
        self._drawn_all = False
        if self._ahead:
            self._fill(self._ahead)

    def __len__(self) -> int:
        return len(self._sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled: pickle the loader")

    def __next__(self) -> Any:
        with _recorded():
            if os.getpid() != self._pid:
                raise RuntimeError("this iterator belongs to the process that made it: iterate the loader anew here")
            asked, ready = perf_counter(), self._depth()
            try:
                batch, count = self._next()
            except StopIteration:
                raise
            except BaseException:
                self._stats.ask(asked)
                raise
            finally:
                self._stats.restarts = self._pool.deaths - self._deaths
            self._yielded += 1
            if self._promised is not None and self._yielded > self._promised:
                self._warn_of_length()
            self._stats.ask(asked)
            self._stats.took(batch, count, ready)
            return batch

    def _depth(self) -> int:
        """How many batches are ready: those that have come, and those that can be collected."""
        if not self._batches:
            return 0
        parts = max((len(batch.tasks) for batch in self._batches.values()), default=1)
        return sum(batch.whole for batch in self._batches.values()) + self._pool.ready // max(1, parts)

    def _next(self) -> tuple[Any, int]:
        """The batch that is due, and how many samples are in it; one that is left empty is passed over."""
        while True:
            self._fill(max(self._ahead, 1))
            if not self._batches:
                self._end()
            number = self._due()
            if self._batches[number].ended:
                ended = self._batches.pop(number)
                self._progress.stream_ended(number, ended.worker, ended.state)
                continue
            if self._batches[number].passed:
                self._take(number)
                continue
            if self._ahead:
                self._fill(self._ahead + 1)  # Ctrl-C may come here: the batch stays until it is handed out
            batch = self._joined(number)
            count = self._take(number).count
            if not isinstance(batch, Mended):
                return batch, count
            if batch.samples:
                return batch.value, batch.samples

    def _take(self, number: int) -> Pending:
        """The batch leaves: it is yielded, or was an error, or has nothing left in it."""
        batch = self._batches.pop(number)
        self._progress.took(number, batch.sampler, batch.worker, batch.state)
        return batch

    def _joined(self, number: int) -> Any:
        """The batch, whole. Where it is an error it stays due until another is asked for: it was not yielded."""
        batch = self._batches[number]
        self._report(batch.failures)
        failure, values = batch.failure, batch.pass_by()
        if failure is not None:
            try:
                fail(failure)
            finally:
                del batch, failure, values  # the traceback must not hold what would keep this iterator alive
        times = begin_chunk()
        whole = self._fetch.join(batch.tasks, values)
        if isinstance(whole, Mended) and whole.error is not None:
            raise RuntimeError(f"{whole.error} (in batch {number} of this pass)")
        whole = self._finish(whole, self._progress.place(number))
        self._stats.add(times)
        return whole

    def _due(self) -> int:
        """The number of the batch that is next, once it is whole."""
        while (number := self._ready()) is None:
            self._collect()
        return number

    def _ready(self) -> int | None:
        """The first batch if it is whole; without order the first that is."""
        for number, batch in self._batches.items():
            if batch.whole:
                return number
            if self._in_order:
                break
        return None

    def _end(self) -> NoReturn:
        self._drawn_all = True
        self._progress.ended = True
        if not self._persistent:
            self.close()
        raise StopIteration

    def close(self) -> None:
        """Ends the workers; the iterator is exhausted from now on."""
        self._drawn_all = True
        self._batches.clear()
        self._finalizer()

    def _fill(self, most: int) -> None:
        while not self._drawn_all and len(self._batches) < most and not self._pool.exhausted:
            began = perf_counter()
            try:
                drawn = next(self._order)
                self._stats.add({"sampler": perf_counter() - began})
            except StopIteration:
                self._drawn_all = True
                return
            except Exception as error:  # the sampler's: raised when it is due, behind the batches before it
                self._drawn_all = True
                self._set_failed(1 + max(self._batches, default=self._progress.taken - 1), None, error)
                return
            try:
                tasks = self._fetch.plan(drawn.indices)
            except Exception as error:  # indices that are none: this batch's alone
                self._set_failed(drawn.number, drawn.sampler, error)
                continue
            self._batches[drawn.number] = Pending(
                tasks, drawn.sampler, count=length_of(drawn.indices) if self._batched else 1
            )
            try:
                for part, task in enumerate(tasks):
                    self._pool.submit(Chunk(drawn.number, part, task))
            except (Late, RuntimeError) as error:
                self._raise(error, f"batch {drawn.number} is")

    def _set_failed(self, number: int, sampler: Snapshot | None, error: Exception) -> None:
        self._batches[number] = Pending([None], sampler, {0: Done(Chunk(number, 0, None), error=error)})

    def _collect(self) -> None:
        try:
            done = self._pool.collect(self._timeout or None)
        except (Late, RuntimeError) as error:
            self._raise(error, f"batch {min(self._batches)} is")
        batch = self._batches.get(done.chunk.batch)
        self._stats.add(done.times)
        if batch is not None:
            batch.done[done.chunk.part] = done
        del done, batch  # an error in them is raised later, and must not be held by a frame then

    def _raise(self, error: Exception, what: str) -> NoReturn:
        """Says what has not come in time; after the death of a worker there is no more to come."""
        try:
            if isinstance(error, Late):
                raise RuntimeError(
                    f"DataLoader timed out after {self._timeout} seconds: {what} not ready ({error})"
                ) from error
            if self._pool.closed:
                self.close()
            raise error
        finally:
            del error  # the traceback must not hold what would keep this iterator alive

    def _warn_of_length(self) -> None:
        warnings.warn(
            f"Length of IterableDataset was reported to be {self._promised} (when accessing len(dataloader)), but "
            f"{self._yielded} samples have been fetched. With workers, this could be caused by not properly "
            "configuring the IterableDataset replica at each worker.",
            stacklevel=3,
        )
