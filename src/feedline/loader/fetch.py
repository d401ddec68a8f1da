"""From indices to a batch: planning, running and joining, for datasets of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from feedline.loader.collate import collate, empty
from feedline.loader.mend import Mended, Mender
from feedline.rng import Key
from feedline.timing import lap, sample, stage
from feedline.types import KeyedDataset, Spec

_FIRST, _STEP = 3, 8  # which samples of a chunk are watched


class Fetch(Protocol):
    """One way to make batches; ``run`` is called by the workers, the rest by the consumer.

    Where samples may be missing, the batch is in a Mended.
    """

    def plan(self, indices: Any) -> list[Any]:
        """The tasks whose values make up the batch of these indices."""

    def run(self, task: Any) -> Any:
        """The value of one task."""

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        """The batch, from the tasks in their order and their values."""

    def without(self, lost: Mapping[Any, str]) -> Fetch:
        """The same, for samples that must not be tried, and why."""

    def state(self) -> Any:
        """Where a stream of samples is now, where that is known and due."""


class Stateless:
    """What is the same for all batches that come of indices: there is no stream, and a mender, if any, is told."""

    def state(self) -> Any:
        return None

    def without(self, lost: Mapping[Any, str]) -> Fetch:
        mender = getattr(self, "mender", None)
        return self if mender is None else replace(self, mender=replace(mender, lost=lost))  # type: ignore[type-var, return-value]


class WholeBatch(Stateless):
    """A batch is one task, whose value is the batch."""

    def plan(self, indices: Any) -> list[Any]:
        return [indices[:] if type(indices) is list else indices]  # a sampler may use its list again

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        return values[0]


class WholeFetch(WholeBatch):
    """What the consumer knows of batches that worker processes make: they come whole."""

    def run(self, task: Any) -> Any:
        raise NotImplementedError("worker processes run this")


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive samples of a batch; ``out`` is their place in it, where sizes are fixed."""

    indices: Sequence[int]
    images: torch.Tensor | None
    out: torch.Tensor | None


@dataclass(frozen=True)
class KeyedFetch(Stateless):
    """Batches of a dataset of ours, each cut into as many parts as there are workers.

    Where the dataset's spec is fixed the batch is allocated first and samples are written into their places.
    """

    dataset: KeyedDataset
    spec: Spec | None
    key: Key
    parts: int
    mender: Mender | None = None

    def plan(self, indices: Iterable[int]) -> list[Part]:
        indices = list(indices)
        images = self.spec.empty(len(indices), empty) if self.spec is not None else None
        step = max(1, -(-len(indices) // self.parts))
        return [
            Part(
                indices[start : start + step],
                images,
                None if images is None else images[start : start + step],
            )
            for start in range(0, len(indices), step)
        ]

    def run(self, part: Part) -> Any:
        """Labels where the images went to their places, else whole samples; Mended where some may be missing.

        A Mended has a list for each place: of one item, or empty.
        """
        if self.mender is not None:
            return self._mended(self.mender, part)
        return Watched(lambda number: self._item(part, number), len(part.indices)).all(range(len(part.indices)))

    def _item(self, part: Part, number: int) -> Any:
        return self._placed(part, number, self.dataset.get(part.indices[number], self.key))

    @staticmethod
    def _placed(part: Part, number: int, found: tuple[Any, int]) -> Any:
        """The sample, or its label where the image goes to its place in the batch."""
        if part.out is None:
            return found
        image, label = found
        part.out[number].copy_(torch.as_tensor(image))
        lap("collate")
        return label

    def _mended(self, mender: Mender, part: Part) -> Mended:
        items, failures = [], []
        get = Watched(lambda index: self.dataset.get(index, self.key), len(part.indices))
        for number, index in enumerate(part.indices):
            found, failure = mender.make(get, index)
            items.append([self._placed(part, number, each) for each in found])
            failures += [] if failure is None else [failure]
        return Mended(items, tuple(failures))

    def join(self, tasks: list[Part], values: list[Any]) -> Any:
        if self.mender is None:
            return self._join(tasks, [item for value in values for item in value])
        places = [found for value in values for found in value.value]
        failures = tuple(failure for value in values for failure in value.failures)
        kept = [number for number, found in enumerate(places) if found]
        if not kept:
            return Mended(None, failures, empty=True)
        return Mended(self._join(tasks, [places[number][0] for number in kept], kept), failures)

    def _join(self, tasks: list[Part], items: list[Any], kept: list[int] | None = None) -> Any:
        """The batch of these items; ``kept`` says which places of the batch they have, where not all are taken."""
        images = tasks[0].images if tasks else None
        whole = kept is None or images is None or len(kept) == len(images)
        if images is None:
            with stage("collate"):
                return self._collated(tasks, items, kept)
        return [images if whole else images[kept], torch.tensor(items)]

    def _collated(self, tasks: list[Part], items: list[Any], kept: list[int] | None) -> Any:
        indices = [index for part in tasks for index in part.indices]
        indices = indices if kept is None else [indices[number] for number in kept]
        return collate(items, indices, getattr(self.dataset, "paths", None))


@dataclass(frozen=True)
class SampleFetch(WholeBatch):
    """A dataset of ours without batches (``batch_size=None``), or with a ``collate_fn`` of the caller's."""

    dataset: KeyedDataset
    key: Key
    collate_fn: Callable[[Any], Any]
    batched: bool
    mender: Mender | None = None

    def run(self, indices: Any) -> Any:
        watched = Watched(self._get, len(indices) if self.batched else 1)
        return joined(watched, indices, self.batched, self.collate_fn, self.mender)

    def _get(self, index: int) -> Any:
        return self.dataset.get(index, self.key)


class Watched:
    """Makes the samples of a chunk, of which some are watched and stand for all ``count``.

    The first is not among them: there all threads begin, and wait for each other.
    """

    def __init__(self, get: Callable[[Any], Any], count: int) -> None:
        self._get = get
        self._places = range(min(_FIRST, count // 2), count, _STEP)
        self._stands_for = count / max(1, len(self._places))
        self._number = 0

    def __call__(self, index: Any) -> Any:
        number, self._number = self._number, self._number + 1
        if number not in self._places:
            return self._get(index)
        with sample(self._stands_for):
            return self._get(index)

    def all(self, indices: Iterable[Any]) -> list[Any]:
        return [self(index) for index in indices]


def joined(
    get: Callable[[Any], Any],
    indices: Any,
    batched: bool,
    collate_fn: Callable[[Any], Any],
    mender: Mender | None,
) -> Any:
    """What ``collate_fn`` makes of the samples of these indices, or of one; a Mended where some may be missing."""
    if mender is None:
        samples = [get(index) for index in indices] if batched else get(indices)
        with stage("collate"):
            return collate_fn(samples)
    samples, failures = mender.make_all(get, list(indices) if batched else [indices])
    if not samples:
        return Mended(None, failures, empty=True)
    with stage("collate"):
        return Mended(collate_fn(samples if batched else samples[0]), failures)
