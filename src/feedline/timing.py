"""Where the time of a sample goes: stopwatches that cost next to nothing where nobody looks.

Work is done in chunks, each by one thread. ``chunk`` begins the account of one; ``stage`` adds a stretch of it; and
``sample`` watches one sample in many, whose laps stand for all of its chunk.
"""

from __future__ import annotations

import threading
from time import perf_counter

Times = dict[str, float]
"""Seconds a stage."""


class _Here(threading.local):
    """Of each thread; what a class has is found at once, where a missing attribute costs an exception."""

    watch: sample | None = None
    times: Times | None = None


_here = _Here()


def chunk() -> Times:
    """Begins the account of a chunk in this thread, which ``stage`` and ``sample`` write into; returned as it fills."""
    times: Times = {}
    _here.times = times
    return times


def watch() -> sample | None:
    """What counts the laps of the sample that this thread is making, if anything does."""
    return _here.watch


def lap(name: str) -> None:
    """The sample that this thread is making has come to the end of a stage."""
    if _here.watch is not None:
        _here.watch.lap(name)


class stage:  # noqa: N801 - a context manager
    """Within the block runs a stage of the chunk, but for stages within it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._times: Times = {} if _here.times is None else _here.times
        self._others = sum(self._times.values())
        self._begun = perf_counter()

    def __exit__(self, *error: object) -> None:
        within = sum(self._times.values()) - self._others
        spent = perf_counter() - self._begun - within
        self._times[self._name] = self._times.get(self._name, 0.0) + max(0.0, spent)


class sample:  # noqa: N801 - a context manager
    """Within the block one sample is made, whose laps count for ``count`` of them."""

    def __init__(self, count: float) -> None:
        self._count = count

    def __enter__(self) -> None:
        self._times: Times = {} if _here.times is None else _here.times
        self._last = perf_counter()
        _here.watch = self

    def __exit__(self, *error: object) -> None:
        _here.watch = None

    def lap(self, name: str) -> None:
        now = perf_counter()
        self._times[name] = self._times.get(name, 0.0) + (now - self._last) * self._count
        self._last = now


def spent(name: str, seconds: float) -> None:
    """A stage of the chunk that this thread works on took so long, as whoever did it found."""
    if _here.times is not None:
        _here.times[name] = _here.times.get(name, 0.0) + seconds
