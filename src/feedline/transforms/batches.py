"""Steps on batches out of steps on batches: one after the other, or one of several."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from feedline.errors import TransformError
from feedline.rng import BATCH_OPERATION, Key
from feedline.types import BatchTransform

_CHILDREN_BLOCK = 1 << 15  # behind what a step draws for itself: the seeds of the steps in it


@dataclass(frozen=True)
class BatchCompose(BatchTransform):
    """Steps on batches one after the other, each with draws of its own.

    Args:
        transforms: BatchTransforms, or plain callables, which get the batch alone.

    Raises:
        TransformError: no sequence of callables.
    """

    transforms: Sequence[Callable[..., Any]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "transforms", _steps(self))

    def __call__(self, *batch: Any, key: Key = Key()) -> Any:
        whole = batch[0] if len(batch) == 1 else batch
        for number, step in enumerate(self.transforms):
            whole = _run(step, whole, _child(key, number))
        return whole


@dataclass(frozen=True)
class BatchChoice(BatchTransform):
    """One of several steps for each batch: ``BatchChoice([CutMix(num_classes=10), MixUp(num_classes=10)])``.

    It is to batches what torchvision's ``RandomChoice([cutmix, mixup])`` is, with its parameters.

    Args:
        transforms: BatchTransforms, or plain callables, which get the batch alone.
        p: how often each is taken, in proportion; None takes all equally often.

    Raises:
        TransformError: no sequence of callables, or ``p`` that does not fit it.
    """

    transforms: Sequence[Callable[..., Any]]
    p: Sequence[float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "transforms", _steps(self))
        if self.p is not None:
            object.__setattr__(self, "p", self._proportions(self.p))

    def __call__(self, *batch: Any, key: Key = Key()) -> Any:
        ends = list(accumulate(self.p or [1] * len(self.transforms)))
        drawn = key.uniform(BATCH_OPERATION, 1)[0] * ends[-1]
        number = next(number for number, end in enumerate(ends) if drawn < end)
        return _run(self.transforms[number], batch[0] if len(batch) == 1 else batch, _child(key, number))

    def _proportions(self, p: Any) -> tuple[float, ...]:
        found = tuple(p) if isinstance(p, list | tuple) else ()
        numbers = all(isinstance(each, int | float) and each >= 0 for each in found)
        if not numbers or len(found) != len(self.transforms) or not 0 < sum(found) < math.inf:
            count = len(self.transforms)
            raise TransformError(
                f"BatchChoice: p must be a number from 0 for each of {count} transforms, one above 0; given p={p!r}"
            )
        return found


def _steps(step: BatchCompose | BatchChoice) -> tuple[Callable[..., Any], ...]:
    given = step.transforms
    steps = tuple(given) if isinstance(given, list | tuple) else ()
    if not steps or not all(map(callable, steps)):
        raise TransformError(f"{type(step).__name__}: takes a list of one or more transforms of batches, not {given!r}")
    return steps


def _run(step: Callable[..., Any], batch: Any, key: Key) -> Any:
    return step(batch, key=key) if isinstance(step, BatchTransform) else step(batch)


def _child(key: Key, number: int) -> Key:
    """The key of a step within a step, so that none draws what another drew."""
    high, low = key.words(BATCH_OPERATION, 2, _CHILDREN_BLOCK + number)
    return Key(high << 32 | low, key.epoch, key.index)
