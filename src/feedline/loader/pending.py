"""A batch on its way from the sampler to the consumer."""

from __future__ import annotations

from typing import Any, NoReturn

from feedline.loader.mend import Failure, Mended
from feedline.loader.places import note
from feedline.loader.progress import Snapshot
from feedline.loader.workers import Done


class Pending:
    """A batch on its way: its tasks, what came back so far, and how many samples were asked for.

    It is ``passed`` when its parts were taken out of it, or its error was.
    """

    def __init__(
        self,
        tasks: list[Any],
        sampler: Snapshot | None = None,
        done: dict[int, Done] | None = None,
        count: int = 1,
    ) -> None:
        self.tasks = tasks
        self.count = count
        self.sampler = sampler
        self.done = done or {}
        self.passed = False

    @property
    def whole(self) -> bool:
        return len(self.done) == len(self.tasks)

    @property
    def ended(self) -> bool:
        """Whether an iterable dataset had no more samples when this batch was asked for."""
        return any(done.ended for done in self.done.values())

    @property
    def worker(self) -> int:
        """Who made it, where one worker did."""
        return self.done[0].worker if self.done else 0

    @property
    def state(self) -> Any:
        """Where its worker's stream of samples was behind it, where that is known."""
        return self.done[0].state if self.done else None

    @property
    def failure(self) -> Done | None:
        """The first failed part, by its place in the batch."""
        return next((self.done[part] for part in sorted(self.done) if self.done[part].error), None)

    @property
    def failures(self) -> list[Failure]:
        """The samples that could not be made."""
        return [each for done in self.done.values() if isinstance(done.value, Mended) for each in done.value.failures]

    def pass_by(self) -> list[Any]:
        """The values of its parts, or of those that are no error; from now on only who made them is known."""
        values = [self.done[part].value for part in range(len(self.tasks))]
        self.done = {part: Done(done.chunk, worker=done.worker, state=done.state) for part, done in self.done.items()}
        self.passed = True
        return values


def length_of(indices: Any) -> int:
    """How many samples are asked for; a sampler may give a batch as what has no length."""
    try:
        return len(indices)
    except TypeError:
        return 1


def fail(failure: Done) -> NoReturn:
    """Raises what was raised for a part of a batch, with a note that says where."""
    error = failure.error
    assert error is not None
    if isinstance(error, StopIteration):  # it would end the pass in silence
        error = RuntimeError(f"the dataset raised StopIteration for a sample: {error}")
    note(error, f"in batch {failure.chunk.batch} of this pass, worker {failure.worker}")
    try:
        raise error
    finally:
        del error, failure
