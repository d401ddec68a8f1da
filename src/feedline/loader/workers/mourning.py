"""What a dead worker means: who takes its place, and when there is no use in another."""

from __future__ import annotations

import signal
from collections import Counter
from multiprocessing.process import BaseProcess
from typing import Any

from torch.utils.data import IterableDataset

from feedline.loader.places import sample_note
from feedline.loader.telling import tell
from feedline.loader.workers.autopsy import Autopsy
from feedline.loader.workers.peer import Peer


class Mourning:
    """Counts deaths, of each chunk alone, and decides.

    Args:
        dataset: whose samples the workers make.
        restarts: how many workers a chunk may kill before an autopsy.
        bears: whether a sample that kills is left out or replaced.
        batched: whether a chunk is a list of samples, and not one.
    """

    def __init__(self, dataset: Any, restarts: int, bears: bool, batched: bool) -> None:
        self._dataset = dataset
        self._restarts = restarts
        self._bears = bears
        self._batched = batched
        self._deaths: Counter[int] = Counter()
        self._cleared: Counter[int] = Counter()
        self.count = 0

    def begin(self) -> None:
        """Another pass: batches are counted anew."""
        self._deaths.clear()
        self._cleared.clear()

    def mourn(self, dead: Peer, how: str) -> str | None:
        """A worker has died: why no other can take its place, if none can; else an autopsy is begun where it is due."""
        self.count += 1
        if dead.autopsy is not None:
            if dead.trying:
                dead.autopsy.died(how)
            return dead.autopsy.hopeless
        if not dead.outstanding:
            if _lost_its_place(self._dataset, dead):
                return how
            tell(f"{how} with nothing to do: another takes its place")
            return None
        chunk = dead.chunks[0]
        self._deaths[chunk.batch] += 1
        too_many = self._deaths[chunk.batch] > self._restarts
        if isinstance(self._dataset, IterableDataset):
            return how if too_many or not _resumable(self._dataset, dead) else self._again(how)
        if too_many:
            dead.autopsy = Autopsy(chunk, self._restarts, self._batched)
            return None
        return self._again(how)

    def verdict(self, autopsy: Autopsy) -> RuntimeError | None:
        """What the chunk's error is; None where it is to be made, without the samples that are guilty."""
        batch = autopsy.chunk.batch
        if autopsy.guilty and not self._bears:
            index, how = next(iter(autopsy.guilty.values()))
            return RuntimeError(f"{how} each time it made the sample {sample_note(self._dataset, index)}")
        if not autopsy.guilty and self._cleared[batch] > self._bears:
            return RuntimeError(
                f"DataLoader worker exited unexpectedly each time it made batch {batch} ({autopsy.chunk.task!r}), "
                "though none of its samples alone is to blame: is there memory enough for a batch of this size?"
            )
        autopsy.careful = bool(autopsy.guilty or self._cleared[batch])
        self._cleared[batch] += not autopsy.guilty
        self._deaths[batch] = 0
        return None

    @staticmethod
    def _again(how: str) -> None:
        tell(f"{how}: another takes its place, and the batch is made again")


def _lost_its_place(dataset: Any, dead: Peer) -> bool:
    """Whether it had read a stream of samples that nobody can take up, and that goes on."""
    begun = dead.again is not None and not dead.ended
    return isinstance(dataset, IterableDataset) and begun and not _resumable(dataset, dead)


def _resumable(dataset: Any, dead: Peer) -> bool:
    """Whether a stream of samples can be taken up where the worker left it."""
    return hasattr(dataset, "load_state_dict") or (dead.again is not None and dead.again.state is not None)


def end_of(process: BaseProcess) -> str:
    """How it died, in torch's words."""
    process.join(1.0)
    if process.is_alive():  # it has closed its pipe, and nobody can reach it
        process.kill()
        process.join()
    code = process.exitcode
    how = f"exit code {code}" if code is None or code >= 0 else f"killed by signal: {_signal_name(-code)}"
    return f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly ({how})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals between the first and the last
        return str(number)
