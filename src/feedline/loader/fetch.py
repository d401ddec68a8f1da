"""From indices to a batch: planning, running and joining, for datasets of ours and for foreign ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from feedline.loader.collate import collate, empty
from feedline.loader.places import batch_note, innermost, note, sample_note
from feedline.loader.wrapped import keyed
from feedline.rng import Key
from feedline.types import KeyedDataset, Spec


class Exhausted(Exception):  # noqa: N818 - no error, an end
    """Raised by ``run`` where an iterable dataset has no more samples."""


class Fetch(Protocol):
    """One way to make batches; ``run`` is called by the workers, the rest by the consumer."""

    def plan(self, indices: Any) -> list[Any]:
        """The tasks whose values make up the batch of these indices."""

    def run(self, task: Any) -> Any:
        """The value of one task."""

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        """The batch, from the tasks in their order and their values."""


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive samples of a batch; ``out`` is their place in it, where sizes are fixed."""

    indices: Sequence[int]
    images: torch.Tensor | None
    out: torch.Tensor | None


@dataclass(frozen=True)
class KeyedFetch:
    """Batches of a dataset of ours, each cut into as many parts as there are workers.

    Where the dataset's spec is fixed the batch is allocated first and samples are written into their places.
    """

    dataset: KeyedDataset
    spec: Spec | None
    key: Key
    parts: int

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

    def run(self, part: Part) -> list[Any]:
        """Labels where the images went to their places, else whole samples."""
        if part.out is None:
            return [self.dataset.get(index, self.key) for index in part.indices]
        labels = []
        for place, index in zip(part.out, part.indices, strict=True):
            image, label = self.dataset.get(index, self.key)
            place.copy_(torch.as_tensor(image))
            labels.append(label)
        return labels

    def join(self, tasks: list[Part], values: list[list[Any]]) -> Any:
        items = [item for value in values for item in value]
        images = tasks[0].images if tasks else None
        if images is None:
            indices = [index for part in tasks for index in part.indices]
            return collate(items, indices, getattr(self.dataset, "paths", None))
        return [images, torch.tensor(items)]


class _WholeBatch:
    """A batch is one task, whose value is the batch."""

    def plan(self, indices: Any) -> list[Any]:
        return [indices[:] if type(indices) is list else indices]  # a sampler may use its list again

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        return values[0]


@dataclass(frozen=True)
class SampleFetch(_WholeBatch):
    """A dataset of ours without batches (``batch_size=None``), or with a ``collate_fn`` of the caller's."""

    dataset: KeyedDataset
    key: Key
    collate_fn: Callable[[Any], Any]
    batched: bool

    def run(self, indices: Any) -> Any:
        if not self.batched:
            return self.collate_fn(self.dataset.get(indices, self.key))
        return self.collate_fn([self.dataset.get(index, self.key) for index in indices])


@dataclass(frozen=True)
class MapFetch(_WholeBatch):
    """Batches of any map-style dataset, as torch makes them: ``__getitems__`` where there is one."""

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool

    def run(self, indices: Any) -> Any:
        dataset, indices = innermost(self.dataset, indices, self.batched)  # Subset would hide which sample failed
        if not self.batched:
            return self.collate_fn(_sample(dataset, indices))
        many = getattr(dataset, "__getitems__", None)
        if not many:
            samples = [_sample(dataset, index) for index in indices]
        try:
            return self.collate_fn(many(indices) if many else samples)
        except Exception as error:
            note(error, batch_note(dataset, indices))
            raise


def _sample(dataset: Any, index: Any) -> Any:
    try:
        return dataset[index]
    except Exception as error:
        note(error, sample_note(dataset, index))
        raise


class IterableFetch(_WholeBatch):
    """Batches of an iterable-style dataset, until it ends: the last one shorter, or dropped.

    ``run`` raises Exhausted when nothing is left; a last short batch that is dropped counts as nothing.
    """

    def __init__(self, dataset: Any, collate_fn: Callable[[Any], Any], batched: bool, drop_last: bool) -> None:
        self._samples = iter(dataset)
        self._collate = collate_fn
        self._batched = batched
        self._drop_last = drop_last
        self._name = type(dataset).__name__
        self._count = 0
        self._ended = False

    def run(self, indices: Any) -> Any:
        samples = self._take(len(indices) if self._batched else 1)
        if not self._batched:
            return self._collate(samples[0])
        if self._drop_last and len(samples) < len(indices):
            raise Exhausted
        return self._collate(samples)

    def _take(self, count: int) -> list[Any]:
        """The next samples, fewer at the end; raises Exhausted where there is none."""
        samples: list[Any] = []
        while len(samples) < count and not self._ended:
            try:
                samples.append(next(self._samples))
            except StopIteration:
                self._ended = True
            except Exception as error:
                note(error, f"behind {self._count} samples of {self._name}")
                raise
            else:
                self._count += 1
        if not samples:
            raise Exhausted
        return samples


class WholeFetch(_WholeBatch):
    """What the consumer knows of batches that worker processes make: they come whole."""

    def run(self, task: Any) -> Any:
        raise NotImplementedError("worker processes run this")


@dataclass(frozen=True)
class FetchPlan:
    """How batches are to be made, before there is a dataset to make them of: what a worker process is told.

    Attributes:
        iterable: whether the dataset is iterable-style.
        collate_fn: torch's, or the caller's.
        own_collate: whether it is the default one.
        batched, drop_last: torch's.
        parts: into how many parts a batch of a dataset of ours is cut.
    """

    iterable: bool
    collate_fn: Callable[[Any], Any]
    own_collate: bool
    batched: bool
    drop_last: bool
    parts: int = 1

    def __call__(self, dataset: Any, key: Key) -> Fetch:
        if self.iterable:
            return IterableFetch(dataset, self.collate_fn, self.batched, self.drop_last)
        own = keyed(dataset)
        if own is None:
            return MapFetch(dataset, self.collate_fn, self.batched)
        if not self.batched or not self.own_collate:
            return SampleFetch(own, key, self.collate_fn, self.batched)
        spec = own.spec
        return KeyedFetch(own, spec if spec is not None and spec.fixed else None, key, self.parts)
