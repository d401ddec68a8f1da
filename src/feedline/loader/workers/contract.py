"""What workers promise.

- ``submit`` never blocks and never runs user code out of order: each chunk is run once, by ``run(chunk)``.
- ``collect`` returns the chunks that were submitted, each once, in any order; it blocks until one is done.
  An exception of ``run`` comes back in ``Done.error``, never out of ``collect`` itself.
- ``restart`` waits for the chunks that are outstanding and drops them; Late when ``timeout`` seconds pass.
- ``collect`` with nothing outstanding raises RuntimeError, and Late (a TimeoutError) when ``timeout`` seconds pass.
- ``close`` may be called at any time and more than once. It does not wait for user code that is running: what is
  running ends by itself, what was not begun is not begun, and no result is kept. After it, ``submit`` raises
  RuntimeError.
- A pool holds no reference to whoever uses it, so that dropping the iterator ends the workers.

``tests/contracts/workers.py`` states each of these as a test and is run against every implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from feedline.loader.foreign import Exhausted
from feedline.loader.progress import Resume
from feedline.rng import Key
from feedline.timing import Times
from feedline.timing import chunk as begin_chunk


class Late(TimeoutError):  # noqa: N818 - its base says it
    """Nothing has come within the time that was given; the text says who is busy."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some samples of one batch.

    Attributes:
        batch: the batch's number within the iteration, from 0.
        part: the chunk's number within the batch, from 0.
        task: what ``run`` needs to make the samples.
    """

    batch: int
    part: int
    task: Any


@dataclass(frozen=True, slots=True)
class Done:
    """A chunk that was run: its value or its error, and the worker that ran it; ``ended`` where there is no more.

    ``state`` is where the worker's stream of samples was behind it, where that is known; ``times`` are the seconds that
    it took, by stage.
    """

    chunk: Chunk
    value: Any = None
    error: BaseException | None = None
    ended: bool = False
    worker: int = 0
    state: Any = None
    times: Times = field(default_factory=dict)


Run = Callable[[Any], Any]
"""From a chunk's task to its value."""


class Workers(Protocol):
    @property
    def closed(self) -> bool: ...

    @property
    def ready(self) -> int:
        """How many chunks are done and not collected, as far as that is cheap to know."""

    @property
    def deaths(self) -> int:
        """How many workers have died so far."""

    @property
    def exhausted(self) -> bool:
        """Whether no worker can make another chunk, because their iterable datasets have ended."""

    def restart(self, run: Run, key: Key, resume: Resume | None = None, timeout: float | None = None) -> None:
        """Another pass: workers of this process take ``run``, worker processes take ``key`` and ``resume``."""

    def submit(self, chunk: Chunk) -> None: ...

    def collect(self, timeout: float | None = None) -> Done: ...

    def close(self) -> None: ...


def run_chunk(run: Run, chunk: Chunk, worker: int) -> Done:
    """The chunk's outcome, whatever it is: an exception is an outcome too."""
    times = begin_chunk()
    try:
        return Done(chunk, value=run(chunk.task), worker=worker, times=times)
    except Exhausted:
        return Done(chunk, ended=True, worker=worker)
    except Exception as error:
        return Done(chunk, error=error, worker=worker)
