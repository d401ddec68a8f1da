"""From indices to a batch: planning, running and joining, for datasets of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from feedline.loader.collate import collate, empty
from feedline.loader.mend import Mended, Mender
from feedline.loader.places import sample_key
from feedline.loader.reseed import put_back, reseed, reseed_for_collate
from feedline.loader.samples import Watched, joined
from feedline.loader.wrapped import filler
from feedline.rng import Key
from feedline.timing import lap, stage
from feedline.types import UNMADE, Empty, KeyedDataset, Spec


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

    def mended(self, **changes: Any) -> Fetch:
        """The same with another mender, where there is one."""

    def state(self) -> Any:
        """Where a stream of samples is now, where that is known and due."""

    def final(self) -> Any:
        """Where it is behind its end."""


class Stateless:
    """What is the same for all batches that come of indices: there is no stream, and a mender, if any, is told."""

    def state(self) -> Any:
        return None

    def final(self) -> Any:
        return None

    def mended(self, **changes: Any) -> Fetch:
        mender = getattr(self, "mender", None)
        return self if mender is None else replace(self, mender=replace(mender, **changes))  # type: ignore[type-var, return-value]


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
    """Consecutive samples of a batch.

    Attributes:
        indices: of them; an array where they are whole numbers, of which many may be made at once.
        start: the first one's place in the batch.
        images: the whole batch, where sizes are fixed.
        places: the array that is their part of the batch, where there is one.
    """

    indices: Sequence[int] | NDArray[np.int64]
    start: int = 0
    images: torch.Tensor | None = None
    places: NDArray[Any] | None = None

    @property
    def listed(self) -> Sequence[Any]:
        """The indices as Python's numbers."""
        return self.indices.tolist() if isinstance(self.indices, np.ndarray) else self.indices


@dataclass(frozen=True)
class KeyedFetch(Stateless):
    """Batches of a dataset of ours, each cut into as many parts as there are workers.

    Where the dataset's spec is fixed the batch is allocated first, from ``memory``, and samples are written into their
    places. Where it is not, but one sample was of a size, ``guess``, that is tried for all of them: what cannot be
    filled with that is made one by one.
    """

    dataset: KeyedDataset
    spec: Spec | None
    key: Key
    parts: int
    mender: Mender | None = None
    memory: Empty = empty
    guess: Spec | None = None

    def plan(self, indices: Iterable[int]) -> list[Part]:
        numbers = _numbers(indices)
        step = max(1, -(-len(numbers) // self.parts))
        starts = range(0, len(numbers), step)
        spec = self.spec or self.guess
        if spec is None:
            return [Part(numbers[start : start + step], start) for start in starts]
        images = spec.empty(len(numbers), self.memory)
        array = images.numpy()
        return [Part(numbers[start : start + step], start, images, array[start : start + step]) for start in starts]

    def run(self, part: Part) -> Any:
        """Labels where the images went to their places, else whole samples; Mended where some may be missing.

        A Mended has a list for each place: of one item, or empty.
        """
        labels = self._filled(part)
        if isinstance(labels, np.ndarray):
            return labels if self.mender is None else Mended(labels, (), len(labels))
        if self.spec is None and part.images is not None:
            get = Watched(lambda index: self.dataset.get(index, self.key), len(part.indices))
            return get.all(part.listed)
        left = [number for number, label in enumerate(labels) if label is UNMADE]
        if self.mender is not None:
            return self._mended(self.mender, part, labels, left)
        indices = part.listed
        get = Watched(lambda number: self._item(part, number, indices[number]), len(left))
        for number, label in zip(left, get.all(left), strict=True):
            labels[number] = label
        return labels

    def _filled(self, part: Part) -> list[Any] | NDArray[np.int64]:
        """What the dataset can make at once: labels, or UNMADE."""
        make = None if self.mender is not None and self.mender.lost else filler(self.dataset)
        if make is None or part.places is None or not isinstance(part.indices, np.ndarray):
            return [UNMADE] * len(part.indices)
        labels = make(part.indices, self.key, part.places)
        return [UNMADE] * len(part.indices) if labels is None else labels

    def _item(self, part: Part, number: int, index: Any) -> Any:
        return self._placed(part, number, self.dataset.get(index, self.key))

    @staticmethod
    def _placed(part: Part, number: int, found: tuple[Any, int]) -> Any:
        """The sample, or its label where the image goes to its place in the batch."""
        if part.images is None:
            return found
        image, label = found
        part.images[part.start + number].copy_(torch.as_tensor(image))
        lap("collate")
        return label

    def _mended(self, mender: Mender, part: Part, labels: list[Any], left: list[int]) -> Mended:
        """The labels that are there, and those of the samples that are left, where they can be made."""
        get = Watched(lambda index: self.dataset.get(index, self.key), len(left))

        def keep(place: int, found: Any) -> Any:
            return self._placed(part, left[place], found)

        indices = part.listed
        made, failures, short = mender.make_all(get, [indices[number] for number in left], keep)
        items = [[label] for label in labels]
        for number, found in zip(left, made, strict=True):
            items[number] = found
        return Mended(items, failures, sum(map(len, items)), short)

    def join(self, tasks: list[Part], values: list[Any]) -> Any:
        labels = _labels(values) if tasks else None
        if labels is not None:
            whole = [tasks[0].images, torch.from_numpy(labels)]
            return whole if self.mender is None else Mended(whole, (), len(labels))
        if self.mender is None and self.spec is None and self.guess is not None:
            samples = [
                sample for part, value in zip(tasks, values, strict=True) for sample in self._samples(part, value)
            ]
            return self._collated(tasks, samples, None)
        if self.mender is None:
            return self._join(tasks, [item for value in values for item in value])
        places = [found for value in values for found in _each(value.value)]
        failures = tuple(failure for value in values for failure in value.failures)
        kept = [number for number, found in enumerate(places) if found]
        short = next((value.error for value in values if value.error), None)
        if not kept or short:
            return Mended(None, failures, 0, short)
        return Mended(self._join(tasks, [places[number][0] for number in kept], kept), failures, len(kept))

    def _samples(self, part: Part, value: Any) -> list[Any]:
        """What ``get`` gives, also of a part whose images were filled in."""
        if part.images is None or not isinstance(value, np.ndarray):
            return list(value)
        images = part.images[part.start : part.start + len(part.indices)]
        each = list(images) if self.guess is not None and self.guess.tensor else list(images.numpy())
        return list(zip(each, value.tolist(), strict=True))

    def _join(self, tasks: list[Part], items: list[Any], kept: list[int] | None = None) -> Any:
        """The batch of these items; ``kept`` says which places of the batch they have, where not all are taken."""
        images = tasks[0].images if tasks else None
        whole = kept is None or images is None or len(kept) == len(images)
        if images is None:
            with stage("collate"):
                return self._collated(tasks, items, kept)
        return [images if whole else images[kept], torch.from_numpy(np.array(items))]

    def _collated(self, tasks: list[Part], items: list[Any], kept: list[int] | None) -> Any:
        indices = [index for part in tasks for index in part.listed]
        indices = indices if kept is None else [indices[number] for number in kept]
        return collate(items, indices, getattr(self.dataset, "paths", None))


def _numbers(indices: Any) -> Any:
    """An int64 array, or a list of whatever else they are."""
    indices = indices if isinstance(indices, np.ndarray) else list(indices)
    numbers = np.asarray(indices)
    if numbers.dtype == np.int64 and numbers.ndim == 1:
        return numbers
    return indices.tolist() if isinstance(indices, np.ndarray) else indices


def _labels(values: list[Any]) -> NDArray[np.int64] | None:
    """Of a batch whose parts were all made at once; else None."""
    made = [value.value if isinstance(value, Mended) else value for value in values]
    if not all(isinstance(value, np.ndarray) for value in made):
        return None
    return made[0] if len(made) == 1 else np.concatenate(made)


def _each(labels: Any) -> list[list[Any]]:
    """A list for each place, also of a part whose samples were all made at once."""
    return [[label] for label in labels.tolist()] if isinstance(labels, np.ndarray) else labels


@dataclass(frozen=True)
class SampleFetch(WholeBatch):
    """A dataset of ours without batches (``batch_size=None``), or with a ``collate_fn`` or transform of the caller's.

    Attributes:
        reseeds: whether the global generators, which these may draw from, are seeded before each sample.
        own_process: whether nobody minds in what state the global generators are left.
    """

    dataset: KeyedDataset
    key: Key
    collate_fn: Callable[[Any], Any]
    batched: bool
    mender: Mender | None = None
    reseeds: bool = False
    own_process: bool = True

    def run(self, indices: Any) -> Any:
        watched = Watched(self._get, len(indices) if self.batched else 1)
        with nullcontext() if not self.reseeds or self.own_process else put_back():
            return joined(watched, indices, self.batched, partial(self._collate, indices), self.mender)

    def _get(self, index: int) -> Any:
        if self.reseeds:
            reseed(sample_key(self.key, index))
        return self.dataset.get(index, self.key)

    def _collate(self, indices: Any, samples: Any) -> Any:
        if self.reseeds:
            reseed_for_collate(sample_key(self.key, indices[0] if self.batched else indices))
        return self.collate_fn(samples)
