"""What was done to pixels, counted where it is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from feedline.native.choice import extension


@dataclass(slots=True)
class Counters:
    """Of all threads of this process.

    Attributes:
        pixels_decoded: that a codec made of encoded bytes, before anything was cut away.
        mcus_decoded: units of a JPEG (of 8x8 to 32x32 pixels) that the kernel made pixels of; its twin counts none.
        mcu_rows_read: rows of such units that the kernel read, from the first one to the last that was needed.
        mcus_read: units that the kernel read the codes of: those of all these rows, or with restart markers those of
            the tiles that a region touches.
        resamplings: pictures brought onto another grid; one that is shrunk and turned at once counts as one.
        shrinks: of these, those that were shrunk along the axes before they were turned: a pass of its own.
        copies: pictures cropped, padded, flipped or turned by quarters, without resampling.
        pixel_passes: over integer pixels, by a table or a colour matrix.
        float_passes: over numbers that are, or become, floats.
        unlocked_ns: nanoseconds of processor time that the kernel made chunks of samples in, without the interpreter's
            lock.
        stages: of the rest, those that needed a histogram, neighbours or noise.
    """

    pixels_decoded: int = 0
    mcus_decoded: int = 0
    mcu_rows_read: int = 0
    mcus_read: int = 0
    resamplings: int = 0
    shrinks: int = 0
    copies: int = 0
    pixel_passes: int = 0
    float_passes: int = 0
    stages: int = 0
    unlocked_ns: int = 0


class _Here(threading.local):
    """The counters of each thread: nobody waits for a lock, and no count is lost."""

    def __init__(self) -> None:
        self.counters = Counters()
        with _lock:
            _all.append(self.counters)


_lock = threading.Lock()
_all: list[Counters] = []
_here = _Here()


def count(name: str, number: int = 1) -> None:
    """Adds to the counter of this name."""
    counters = _here.counters
    setattr(counters, name, getattr(counters, name) + number)


@contextmanager
def counting() -> Iterator[Counters]:
    """What is done within the block, by any thread of this process; complete when the block has ended."""
    before, within = _total(), Counters()
    try:
        yield within
    finally:
        now = _total()
        for each in fields(Counters):
            setattr(within, each.name, getattr(now, each.name) - getattr(before, each.name))


def _total() -> Counters:
    with _lock:
        every = tuple(_all)
    kernel = {} if extension is None else extension.counters()
    names = [each.name for each in fields(Counters)]
    return Counters(*(kernel.get(name, 0) + sum(getattr(one, name) for one in every) for name in names))
