"""What is done to a batch between its samples' joining and its leaving the loader.

It is done by the consumer, when the batch is due: there alone all parts of a batch that threads made are together, its
number is known, and no tensor of it lies in memory that is shared for longer than this takes. The result is then the
same for every kind and number of workers, also where torch's arithmetic depends on how many threads it has. The
price is that the consumer waits for it: ``loader.stats`` has it as the stage "batch transform".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from feedline.loader.device import pinned, wants_pinning
from feedline.loader.mend import Mended
from feedline.loader.places import note
from feedline.rng import Key
from feedline.timing import stage
from feedline.types import BatchTransform


@dataclass(frozen=True)
class Finish:
    """How the batches of one pass are finished.

    Attributes:
        step: the loader's ``batch_transform``.
        key: the pass's; the number of the batch takes the place of its index. The processes of a distributed run, which
            have shares of the same batches, draw alike.
        pins: whether batches go to page-locked memory.
    """

    step: Callable[..., Any] | None = None
    key: Key = Key()
    pins: bool = False

    def __call__(self, whole: Any, number: int) -> Any:
        """The finished batch, in a Mended where it came in one; an error of the step has a note of its number."""
        if not isinstance(whole, Mended):
            return self._finished(whole, number)
        return replace(whole, value=self._finished(whole.value, number)) if whole.samples else whole

    def _finished(self, batch: Any, number: int) -> Any:
        if self.step is not None:
            batch = self._transformed(self.step, batch, number)
        return pinned(batch) if self.pins else batch

    def _transformed(self, step: Callable[..., Any], batch: Any, number: int) -> Any:
        try:
            with stage("batch transform"):
                if isinstance(step, BatchTransform):
                    return step(batch, key=Key(self.key.seed, self.key.epoch, number))
                return step(batch)
        except StopIteration as error:  # it would end the pass in silence
            raise RuntimeError(f"batch_transform raised StopIteration for batch {number} of this pass") from error
        except Exception as error:
            note(error, f"in batch_transform, batch {number} of this pass")
            raise


def finish(loader: Any, key: Key) -> Finish:
    """For a pass of this key."""
    return Finish(loader.batch_transform, key, wants_pinning(loader))
