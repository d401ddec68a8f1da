"""From indices to a batch: planning, running and joining, for datasets of ours and for foreign ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from feedline.loader.collate import collate
from feedline.rng import Key
from feedline.types import KeyedDataset, Spec


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
        images = self.spec.empty(len(indices)) if self.spec is not None else None
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


@dataclass(frozen=True)
class SampleFetch:
    """A dataset of ours without batches (``batch_size=None``), or with a ``collate_fn`` of the caller's."""

    dataset: KeyedDataset
    key: Key
    collate_fn: Callable[[Any], Any]
    batched: bool

    def plan(self, indices: Any) -> list[Any]:
        return [indices]

    def run(self, indices: Any) -> Any:
        if not self.batched:
            return self.collate_fn(self.dataset.get(indices, self.key))
        return self.collate_fn([self.dataset.get(index, self.key) for index in indices])

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        return values[0]


@dataclass(frozen=True)
class MapFetch:
    """Batches of any map-style dataset, as torch makes them: ``__getitems__`` where there is one."""

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool

    def plan(self, indices: Any) -> list[Any]:
        return [indices]

    def run(self, indices: Any) -> Any:
        if not self.batched:
            return self.collate_fn(self.dataset[indices])
        many = getattr(self.dataset, "__getitems__", None)
        return self.collate_fn(many(indices) if many else [self.dataset[index] for index in indices])

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        return values[0]


class IterableFetch:
    """Batches of an iterable-style dataset, until it ends: the last one shorter, or dropped.

    ``run`` raises StopIteration when nothing is left; a last short batch that is dropped counts as nothing.
    """

    def __init__(self, dataset: Any, collate_fn: Callable[[Any], Any], batched: bool, drop_last: bool) -> None:
        self._samples = iter(dataset)
        self._collate = collate_fn
        self._batched = batched
        self._drop_last = drop_last
        self._ended = False

    def plan(self, indices: Any) -> list[Any]:
        return [indices]

    def run(self, indices: Any) -> Any:
        if not self._batched:
            return self._collate(next(self._samples))
        samples = [] if self._ended else self._take(len(indices))
        if not samples or (self._drop_last and len(samples) < len(indices)):
            raise StopIteration
        return self._collate(samples)

    def _take(self, count: int) -> list[Any]:
        samples: list[Any] = []
        for _ in range(count):
            try:
                samples.append(next(self._samples))
            except StopIteration:
                self._ended = True
                break
        return samples

    def join(self, tasks: list[Any], values: list[Any]) -> Any:
        return values[0]
