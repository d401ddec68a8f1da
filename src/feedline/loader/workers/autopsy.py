"""Of which sample does a worker die: a chunk is cut down until that is known."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from feedline.loader.mend import name_of
from feedline.loader.workers.contract import Chunk

_NOTHING: Any = ()


@dataclass
class Autopsy:
    """One chunk that workers die of, and what is left of it to suspect.

    First a worker is to show that it lives with nothing to do. Then a part that is made without harm is cleared, one
    that kills is halved, and a single sample that killed once more than ``restarts`` is guilty. Parts are tried one at
    a time, for nothing else is known of a dead worker's last work.

    Attributes:
        chunk: the chunk.
        restarts: how often a single sample may kill.
        suspects: parts that are to be tried: lists of indices, or one index where there are no batches.
        batched: whether the chunk's task is a list of samples, and not one.
        guilty: the names of samples that kill, and the samples and how.
        hopeless: why no worker lives at all, if that is so.
        careful: whether the chunk is to be made without what is guilty, and without other samples in its place.
    """

    chunk: Chunk
    restarts: int
    batched: bool = True
    suspects: deque[Any] = field(default_factory=deque)
    guilty: dict[str, tuple[Any, str]] = field(default_factory=dict)
    hopeless: str | None = None
    careful: bool = False
    _deaths: int = 0

    def __post_init__(self) -> None:
        self._split(self.chunk.task)
        self.suspects.appendleft(_NOTHING)

    def passed(self) -> None:
        """The first part was made."""
        self.suspects.popleft()
        self._deaths = 0

    def died(self, how: str) -> None:
        """The first part has killed a worker."""
        part = self.suspects[0]
        if self.batched and isinstance(part, list) and len(part) > 1:
            self.suspects.popleft()
            self._split(part)
            return
        self._deaths += 1
        if self._deaths <= self.restarts:
            return
        if part is _NOTHING:
            self.hopeless = f"{how} before it made anything: look at worker_init_fn, and at how the dataset begins"
        else:
            index = part[0] if self.batched else part
            self.guilty[name_of(index)] = index, how
            self.passed()

    def _split(self, part: Any) -> None:
        if not self.batched:
            self.suspects.appendleft(part)
            return
        part = list(part)
        half = max(1, len(part) // 2)
        self.suspects.extendleft(piece for piece in (part[half:], part[:half]) if piece)
