"""Which way of making batches fits a dataset, and what the caller asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from feedline.loader.collate import empty
from feedline.loader.fetch import Fetch, KeyedFetch, SampleFetch
from feedline.loader.foreign import IterableFetch, MapFetch
from feedline.loader.mend import Mender, OnError
from feedline.loader.progress import Again
from feedline.loader.wrapped import guessed, keyed
from feedline.rng import Key
from feedline.types import Empty


@dataclass(frozen=True)
class FetchPlan:
    """How batches are to be made, before there is a dataset to make them of: what a worker process is told.

    Attributes:
        iterable: whether the dataset is iterable-style.
        collate_fn: torch's, or the caller's.
        own_collate: whether it is the default one.
        batch_size, drop_last: torch's; no size where there are no batches, 1 where the caller's sampler makes them.
        parts: into how many parts a batch of a dataset of ours is cut.
        reseed: whether the global generators are seeded before each sample of a foreign dataset.
        own_process: whether that is done in a process of its own.
        on_error: what is done about samples that cannot be made.
        among: what substitutes for them are chosen from, where that is not the whole dataset.
        memory: where batches of fixed sizes are made, but for worker processes, which have their own.
        every: batches between two states of an iterable-style dataset that has one.
    """

    iterable: bool
    collate_fn: Callable[[Any], Any]
    own_collate: bool
    batch_size: int | None
    drop_last: bool
    parts: int = 1
    reseed: Literal["worker", "sample"] = "worker"
    own_process: bool = True
    on_error: OnError = "raise"
    every: int = 1
    memory: Empty = empty
    among: NDArray[np.int64] | None = None

    def __call__(self, dataset: Any, key: Key, again: Again | None = None) -> Fetch:
        if self.iterable:
            skips = self.on_error != "raise"
            return IterableFetch(dataset, self.collate_fn, self.batch_size, self.drop_last, skips, again, self.every)
        batched = self.batch_size is not None
        own = keyed(dataset)
        mender = None if self.on_error == "raise" else Mender(self.on_error, dataset, key, among=self.among)
        reseeds = self.reseed == "sample"
        if own is None:
            return MapFetch(dataset, self.collate_fn, batched, key if reseeds else None, self.own_process, mender)
        reseeds = reseeds and not (own.thread_safe and self.own_collate)  # else nothing draws from what is reseeded
        if not batched or not self.own_collate or reseeds:
            return SampleFetch(own, key, self.collate_fn, batched, mender, reseeds, self.own_process)
        spec = own.spec
        fixed = spec if spec is not None and spec.fixed else None
        guess = guessed(own, key) if fixed is None and mender is None else None
        return KeyedFetch(own, fixed, key, self.parts, mender, self.memory, guess)
