"""How far a pass has come, counted by the batches that were yielded; and what it takes to go on from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a sampler or of a stream of samples, as it was behind its first ``at`` batches."""

    at: int
    state: Any


@dataclass(frozen=True, slots=True)
class Again:
    """From where a stream of samples goes on: a state of it, and the batches to leave out behind that."""

    batches: int = 0
    state: Any = None
    ended: bool = False


def begins(final: Any) -> Again | None:
    """From where the pass behind one that ended so begins, where its dataset has said how it was left."""
    return Again(0, {"dataset": final["dataset"]}) if final is not None and "dataset" in final else None


@dataclass(frozen=True, slots=True)
class Resume:
    """From where the workers of an iterable-style dataset go on, and whose turn it is."""

    workers: tuple[Again, ...]
    turn: int = 0


@dataclass
class Stream:
    """One worker's share of an iterable-style dataset: how many of its batches were yielded.

    Its ``final`` state is the one behind its end.
    """

    batches: int = 0
    snapshot: Snapshot | None = None
    ended: bool = False
    final: Any = None

    def again(self) -> Again:
        if self.snapshot is None:
            return Again(self.batches, None, self.ended)
        return Again(self.batches - self.snapshot.at, self.snapshot.state, self.ended)


@dataclass
class Progress:
    """What was yielded of one pass; it outlives the iterator.

    Attributes:
        epoch: the pass's number.
        taken: so many batches were yielded without a gap.
        ahead: the numbers of those that were yielded behind the gap.
        sampler: the sampler's state behind some batch before the gap, where it has one.
        streams: the shares of an iterable-style dataset; empty for a map-style one.
        turn: the worker whose share is next.
        ended: whether the end was seen.
        errors: how many samples of it could not be made, up to the last batch that was yielded.
    """

    epoch: int
    taken: int = 0
    ahead: set[int] = field(default_factory=set)
    sampler: Snapshot | None = None
    streams: list[Stream] = field(default_factory=list)
    turn: int = 0
    ended: bool = False
    errors: int = 0
    _snapshots: dict[int, Snapshot | None] = field(default_factory=dict)

    def place(self, number: int) -> int:
        """Of batch ``number``, which is due, in the whole pass: what keyed randomness knows it by.

        The numbers of an iterable-style dataset's have gaps, whose places depend on when workers that have come to
        their end were heard: there those before it are counted.
        """
        return sum(stream.batches for stream in self.streams) if self.streams else number

    def took(self, number: int, sampler: Snapshot | None, worker: int, state: Any) -> None:
        """Batch ``number`` was yielded, or had nothing to yield; ``state`` is where its worker's stream was then."""
        self._pass(number, sampler)
        if self.streams:
            stream = self.streams[worker]
            stream.batches += 1
            if state is not None:
                stream.snapshot = Snapshot(stream.batches, state)
            self.turn = (worker + 1) % len(self.streams)

    def _pass(self, number: int, sampler: Snapshot | None) -> None:
        """What was batch ``number`` is over, and what followed without a gap."""
        self.ahead.add(number)
        self._snapshots[number] = sampler
        while self.taken in self.ahead:
            self.ahead.discard(self.taken)
            self.sampler = self._snapshots.pop(self.taken, self.sampler)  # one before a state was loaded has none
            self.taken += 1

    def stream_ended(self, number: int, worker: int, state: Any) -> None:
        """A worker's share was asked for batch ``number``, and had none; ``state`` is its stream's behind the end."""
        self._pass(number, None)
        if self.streams:
            stream = self.streams[worker]
            stream.ended, stream.final = True, state

    def resume(self) -> Resume | None:
        """For the workers of an iterable-style dataset."""
        return Resume(tuple(stream.again() for stream in self.streams), self.turn) if self.streams else None


def streams_of(saved: Sequence[Any]) -> list[Stream]:
    """From what :func:`saved_streams` gave."""
    return [
        Stream(each["batches"], None if each["at"] is None else Snapshot(each["at"], each["state"]), each["ended"])
        for each in saved
    ]


def saved_streams(streams: Sequence[Stream]) -> list[dict[str, Any]]:
    """As plain data, the datasets' own states as they gave them."""
    return [
        {
            "batches": stream.batches,
            "ended": stream.ended,
            "at": None if stream.snapshot is None else stream.snapshot.at,
            "state": None if stream.snapshot is None else stream.snapshot.state,
        }
        for stream in streams
    ]
