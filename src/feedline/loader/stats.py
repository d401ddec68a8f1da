"""What a loader did and where its time went: numbers, a table, and what limits it in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, overload

import torch

STAGES = ("sampler", "read", "decode", "transform", "fetch", "collate", "hand-over", "batch transform")
_WAITS = 0.1  # share of an epoch that a consumer may wait before it is the workers who limit it
ALONE = "no workers"


@dataclass
class EpochStats:
    """One pass, from the first batch that was asked for to the last one yet.

    Attributes:
        epoch: the number of the pass, from 0.
        makers: who made the batches, as "2 threads".
        batches, samples: what was yielded.
        nbytes: of the tensors and arrays in it.
        seconds: from the first batch asked for to the last one given.
        waited: seconds of these that the consumer waited for batches.
        first: of these, seconds until the first batch, with the start of the workers.
        stages: seconds of the workers' time, by stage: read, decode, transform and collate for datasets of feedline's,
            of which one sample in eight is watched; fetch and collate for others; hand-over is the way to the
            consumer; and, in the consumer, sampler is what draws the indices and batch transform what is done to the
            finished batch.
        depth: how many batches were ready when one was asked for, on average.
        restarts: how many workers died.
    """

    epoch: int
    makers: str = ALONE
    batches: int = 0
    samples: int = 0
    nbytes: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    first: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    restarts: int = 0
    _ready: int = 0
    _last: float | None = None

    @property
    def depth(self) -> float:
        return self._ready / self.batches if self.batches else 0.0

    @property
    def samples_per_second(self) -> float:
        return self.samples / self.seconds if self.seconds else 0.0

    @property
    def batches_per_second(self) -> float:
        return self.batches / self.seconds if self.seconds else 0.0

    @property
    def limit(self) -> str:
        """What limits this pass, in words."""
        if not self.batches:
            return "nothing was yielded yet"
        share = self.waited / self.seconds if self.seconds else 0.0
        waits = f"the consumer waited {share:.0%} of the time"
        if not self._waits_matter():
            return f"limited by the consumer: it waited {share:.0%} of the time"
        work = sum(self.stages.values())
        if self.makers != ALONE and self.first > max(self.seconds / 2, work):
            return f"limited by the start: {self.first:.2f} of {self.seconds:.2f} s until the first batch; {waits}"
        if work < self.waited / 2:
            return f"limited by what is in no stage: workers that wait for a turn, or the machine; {waits}"
        name = max(self.stages, key=lambda each: self.stages[each])
        return f"limited by {name}: {self.stages[name] / work:.0%} of the work on samples; {waits}"

    def _waits_matter(self) -> bool:
        """Whether the consumer would be done sooner if it had not to wait.

        With workers it waits only where they are slower than it is, but for the first batch. Without, it waits for each
        batch, and what limits it is what takes longer.
        """
        if self.makers == ALONE:
            return self.waited > self.seconds / 2
        return self.first > self.seconds / 2 or self.waited - self.first > _WAITS * (self.seconds - self.first)

    def add(self, times: Mapping[str, float]) -> None:
        """Seconds of a worker."""
        for name, seconds in times.items():
            self.stages[name] = self.stages.get(name, 0.0) + seconds

    def ask(self, asked: float) -> None:
        """What was asked for at ``asked`` is given now: a batch, an error or the end."""
        now = perf_counter()
        self.waited += now - asked
        self.seconds += now - (asked if self._last is None else self._last)
        if self._last is None:
            self.first = now - asked
        self._last = now

    def took(self, batch: Any, samples: int, ready: int) -> None:
        """A batch is given, when so many were ready."""
        self.batches += 1
        self.samples += samples
        self.nbytes += nbytes(batch)
        self._ready += ready


class Stats(Sequence[EpochStats]):
    """A loader's passes, the last one still running; printed, a table."""

    def __init__(self) -> None:
        self._epochs: list[EpochStats] = []

    def begin(self, epoch: int, makers: str) -> EpochStats:
        """Another pass."""
        self._epochs.append(EpochStats(epoch, makers))
        return self._epochs[-1]

    def __len__(self) -> int:
        return len(self._epochs)

    def __iter__(self) -> Iterator[EpochStats]:
        return iter(list(self._epochs))

    @overload
    def __getitem__(self, index: int) -> EpochStats: ...

    @overload
    def __getitem__(self, index: slice) -> list[EpochStats]: ...

    def __getitem__(self, index: int | slice) -> EpochStats | list[EpochStats]:
        return self._epochs[index]

    def __str__(self) -> str:
        if not self._epochs:
            return "no pass was begun yet"
        stages = [name for name in STAGES if any(name in epoch.stages for epoch in self._epochs)]
        rows = [_head(stages), *(_row(epoch, stages) for epoch in self._epochs)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        last = self._epochs[-1]
        note = "stages: milliseconds of a worker a batch" + (f"; {last.makers}" if last.makers else "")
        return "\n".join([*lines, note, f"epoch {last.epoch}: {last.limit}"])


_PLAIN = (int, float, str, bytes)


def nbytes(batch: Any) -> int:
    """Of the tensors and arrays in a batch, in whatever lists and dictionaries they lie."""
    if isinstance(batch, torch.Tensor):
        return batch.numel() * batch.element_size()
    if isinstance(batch, list | tuple):
        ends = batch[:1] and isinstance(batch[0], _PLAIN) and type(batch[0]) is type(batch[-1])
        return 0 if ends else sum(map(nbytes, batch))  # long lists of numbers or texts are not gone through
    if isinstance(batch, Mapping):
        return sum(map(nbytes, batch.values()))
    return getattr(batch, "nbytes", 0) if hasattr(batch, "dtype") else 0


def _head(stages: list[str]) -> list[str]:
    return ["epoch", "batches", "samples/s", "batches/s", "MB/s", "waited", "ready", *stages, "restarts"]


def _row(epoch: EpochStats, stages: list[str]) -> list[str]:
    seconds, batches = epoch.seconds or float("inf"), max(1, epoch.batches)
    return [
        str(epoch.epoch),
        f"{epoch.batches:,}",
        f"{epoch.samples_per_second:,.0f}",
        f"{epoch.batches_per_second:,.1f}",
        f"{epoch.nbytes / 1e6 / seconds:,.1f}",
        f"{epoch.waited / seconds:.0%}",
        f"{epoch.depth:.1f}",
        *(f"{1000 * epoch.stages.get(name, 0.0) / batches:,.2f}" for name in stages),
        str(epoch.restarts),
    ]
