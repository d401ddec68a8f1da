"""Of which sample does a worker die: a chunk is cut down until that is known."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from feedline.loader.workers.contract import Chunk


@dataclass
class Autopsy:
    """One chunk that workers die of, and what is left of it to suspect.

    First a worker is to show that it lives with nothing to do. Then a part that is made without harm is cleared, one
    that kills is halved, and a single sample that killed once more than ``restarts`` is guilty. Parts are tried one at
    a time, for nothing else is known of a dead worker's last work.

    Attributes:
        chunk: the chunk.
        restarts: how often a single sample may kill.
        suspects: parts that are to be tried: lists of indices, or what takes the place of an index where there are no
            batches.
        guilty: samples that kill, and how.
        hopeless: why no worker lives at all, if that is so.
    """

    chunk: Chunk
    restarts: int
    suspects: deque[Any] = field(default_factory=deque)
    guilty: dict[Any, str] = field(default_factory=dict)
    hopeless: str | None = None
    _deaths: int = 0

    def __post_init__(self) -> None:
        self._split(self.chunk.task)
        self.suspects.appendleft([])

    def passed(self) -> None:
        """The first part was made."""
        self.suspects.popleft()
        self._deaths = 0

    def died(self, how: str) -> None:
        """The first part has killed a worker."""
        part = self.suspects[0]
        if isinstance(part, list) and len(part) > 1:
            self.suspects.popleft()
            self._split(part)
            return
        self._deaths += 1
        if self._deaths <= self.restarts:
            return
        if part == []:
            self.hopeless = f"{how} before it made anything: look at worker_init_fn, and at how the dataset begins"
        else:
            self.guilty[part[0] if isinstance(part, list) else part] = how
            self.passed()

    def _split(self, part: Any) -> None:
        if not isinstance(part, list | tuple):
            self.suspects.appendleft(part)
            return
        half = max(1, len(part) // 2)
        self.suspects.extendleft(list(piece) for piece in (part[half:], part[:half]) if piece)
