"""From indices to a batch, for datasets that are not ours: as torch makes them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from inspect import GEN_CLOSED, getgeneratorstate, isgenerator
from typing import Any

from torch.utils.data import get_worker_info

from feedline.loader.fetch import WholeBatch
from feedline.loader.mend import Failure, Mended, Mender, failure_of
from feedline.loader.places import batch_note, innermost, note, sample_key, sample_note
from feedline.loader.progress import Again
from feedline.loader.reseed import put_back, reseed, reseed_for_collate
from feedline.loader.samples import joined
from feedline.loader.telling import tell
from feedline.rng import Key
from feedline.timing import stage

_MOST_IN_A_ROW = 1000  # failures without a sample between them
_ENDED = (
    "the stream of {} ended directly behind an error, {} samples in: where that was not its last sample, "
    "on_error='skip' cannot go on behind an error of this dataset, and the rest is lost"
)


class Exhausted(Exception):  # noqa: N818 - no error, an end
    """Raised by ``run`` where an iterable dataset has no more samples."""


@dataclass(frozen=True)
class MapFetch(WholeBatch):
    """Batches of any map-style dataset: through ``__getitems__`` where there is one.

    Attributes:
        reseed: the pass's key, where the global generators are to be seeded before each sample; then, and where
            samples may be missing, samples are asked for one by one.
        own_process: whether nobody minds in what state the global generators are left.
    """

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool
    reseed: Key | None = None
    own_process: bool = True
    mender: Mender | None = None

    def run(self, indices: Any) -> Any:
        with nullcontext() if self.reseed is None or self.own_process else put_back():
            if self.batched and self.reseed is None and self.mender is None:
                with stage("fetch"):
                    samples = self._samples(indices)
                with stage("collate"):
                    return self._collate(indices, samples)
            with stage("fetch"):  # but for what is collate in it
                return joined(self._sample, indices, self.batched, partial(self._collate, indices), self.mender)

    def _samples(self, indices: Any) -> Any:
        dataset, there = innermost(self.dataset, indices, batched=True)  # Subset would hide which sample failed
        many = getattr(dataset, "__getitems__", None)
        if not many:
            return [self._sample(index) for index in indices]
        try:
            return many(there)
        except Exception as error:
            note(error, batch_note(dataset, there))
            raise

    def _sample(self, index: Any) -> Any:
        dataset, there = innermost(self.dataset, index, batched=False)
        if self.reseed is not None:
            reseed(sample_key(self.reseed, there))
        many = getattr(dataset, "__getitems__", None) if self.batched else None
        try:
            return many([there])[0] if many else dataset[there]
        except Exception as error:
            note(error, sample_note(dataset, there))
            raise

    def _collate(self, indices: Any, samples: Any) -> Any:
        if self.reseed is not None:
            reseed_for_collate(sample_key(self.reseed, indices[0] if self.batched else indices))
        try:
            return self.collate_fn(samples)
        except Exception as error:
            note(error, batch_note(self.dataset, indices if self.batched else [indices]))
            raise


class IterableFetch(WholeBatch):
    """Batches of an iterable-style dataset, until it ends: the last one shorter, or dropped.

    ``run`` raises Exhausted when nothing is left; a last short batch that is dropped counts as nothing.

    Args:
        dataset, collate_fn, drop_last: torch's.
        batch_size: torch's; None where there are no batches.
        skips: whether samples that fail are left out.
        again: from where to go on: a state that the dataset or its iterator gave, and batches to read over behind it.
        every: so many batches lie between two of these states.
    """

    def __init__(
        self,
        dataset: Any,
        collate_fn: Callable[[Any], Any],
        batch_size: int | None,
        drop_last: bool,
        skips: bool = False,
        again: Again | None = None,
        every: int = 1,
    ) -> None:
        again = again or Again()
        self._dataset = dataset
        self._samples = _resumed(dataset, again.state)
        self._collate = collate_fn
        self._batched = batch_size is not None
        self._drop_last = drop_last
        self._skips = skips
        self._every = every
        self._name = type(dataset).__name__
        info = get_worker_info()
        self._worker = None if info is None else info.id
        self._made = self._in_a_row = 0
        self._count = int((again.state or {}).get("count", 0))
        self._ended = again.ended or "ended" in (again.state or {})
        for _ in range(0 if again.ended else again.batches):
            with suppress(Exception):  # what was raised once is not raised again
                self._take(batch_size or 1)

    def state(self) -> Any:
        """What dataset and iterator say of where they are, if they do, behind each ``every``-th batch."""
        self._made += 1
        return None if self._made % self._every else self._states()

    def final(self) -> Any:
        """The same behind the end."""
        return self._states()

    def _states(self) -> Any:
        states = states_of({"dataset": self._dataset, "iterator": self._samples})
        if states is None:
            return None
        states["count"] = self._count
        if self._ended:
            states["ended"] = True  # it may stand at its beginning again
        return states

    def run(self, indices: Any) -> Any:
        with stage("fetch"):
            samples, failures = self._take(len(indices) if self._batched else 1)
        if self._drop_last and self._batched and len(samples) + len(failures) < len(indices):
            raise Exhausted
        if not samples:
            return Mended(None, failures, 0)
        with stage("collate"):
            batch = self._collate(samples if self._batched else samples[0])
        short = self._batched and len(samples) < len(indices)
        return Mended(batch, failures, len(samples)) if self._skips or short else batch

    def _take(self, count: int) -> tuple[list[Any], tuple[Failure, ...]]:
        """The next samples, fewer at the end; raises Exhausted where there is none."""
        samples: list[Any] = []
        failures: list[Failure] = []
        while len(samples) + len(failures) < count and not self._ended:
            try:
                samples.append(next(self._samples))
                self._in_a_row = 0
            except StopIteration:
                self._ended = True
                if self._in_a_row:
                    tell(_ENDED.format(self._name, self._count))
                break
            except Exception as error:
                note(error, f"behind {self._count} samples of {self._name}")
                self._in_a_row += 1
                if not self._skips or self._is_over(error):
                    raise
                failures.append(failure_of(error, self._dataset, self._place()))
            self._count += 1
        if not samples and not failures:
            raise Exhausted
        return samples, tuple(failures)

    def _place(self) -> Any:
        """What a sample is called in the ledger: its number in the stream, behind that of the worker that reads it."""
        return self._count if self._worker is None else (self._worker, self._count)

    def _is_over(self, error: Exception) -> bool:
        """Whether there is no going on behind the error."""
        if isgenerator(self._samples) and getgeneratorstate(self._samples) == GEN_CLOSED:
            note(error, "raised though on_error='skip': a generator ends with its first error; catch it in there")
            return True
        if self._in_a_row > _MOST_IN_A_ROW:
            note(error, f"raised though on_error='skip': {_MOST_IN_A_ROW:,} samples in a row failed")
            return True
        return False


def states_of(owners: Mapping[str, Any]) -> dict[str, Any] | None:
    """The states of those that have one; None where none has, or one cannot say it as nobody asked it before."""
    stateful = {name: owner for name, owner in owners.items() if _has_state(owner)}
    try:
        return {name: copy.deepcopy(owner.state_dict()) for name, owner in stateful.items()} or None
    except Exception as error:  # of a program that never asks the loader for a state
        tell(f"no state of the {' and '.join(stateful)} is kept, state_dict() raised {type(error).__name__}: {error}")
        return None


def _has_state(owner: Any) -> bool:
    return hasattr(owner, "state_dict") and hasattr(owner, "load_state_dict")


def _resumed(dataset: Any, state: dict[str, Any] | None) -> Any:
    """The dataset's iterator, where ``state`` says it was."""
    state = state or {}
    if "dataset" in state:
        dataset.load_state_dict(copy.deepcopy(state["dataset"]))
    samples = iter(dataset)
    if "iterator" in state:
        samples.load_state_dict(copy.deepcopy(state["iterator"]))
    return samples
