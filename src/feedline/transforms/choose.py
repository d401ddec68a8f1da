"""Steps that stand for others, and choose among them by the sample's key alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from itertools import accumulate, permutations
from typing import Any

from feedline.rng import Key
from feedline.transforms.base import Choice, Placed, Step, Transform, is_number, require, require_share
from feedline.transforms.compose import Compose
from feedline.types import Spec

Row = Step | Compose | Sequence[Any]
"""A step, or steps one after the other."""
_MANY = 5
"""Steps whose every order is looked through for what comes out."""


class _Rows(Choice):
    """A choice among rows of steps: it draws by its first operation number, and each row has numbers of its own."""

    transforms: Any

    def _keep(self) -> None:
        """Checks ``transforms`` and keeps a tuple, in which a row of several steps is a Compose."""
        given = self.transforms
        several = isinstance(given, Iterable) and not isinstance(given, str | Transform | Choice)
        require(several and bool(list(given)), self, "transforms must be a sequence of at least one step")
        object.__setattr__(self, "transforms", tuple(_row(self, each) for each in given))
        for step in self.steps:
            views = step.views if isinstance(step, Transform) else 1
            require(views == 1, self, f"{type(step).__name__} makes {views} pictures of one, which no choice may")

    @cached_property
    def rows(self) -> tuple[Compose, ...]:
        """What is chosen from."""
        return tuple(each if isinstance(each, Compose) else Compose([each]) for each in self.transforms)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for row in self.rows for step in row.transforms)

    @property
    def operations(self) -> int:
        return 1 + sum(map(_operations, self.rows))

    def _place(self, row: int, key: Key, operation: int) -> list[Placed]:
        before = sum(map(_operations, self.rows[:row]))
        return self.rows[row].placed(key, operation + 1 + before)

    def __call__(self, image: Any, key: Key = Key(), operation: int = 0) -> Any:
        """The image after what this step alone chooses."""
        return Compose([self])(image, key, operation)


@dataclass(frozen=True)
class RandomApply(_Rows):
    """All steps in order, with probability ``p``; else none.

    Args:
        transforms: steps; a list or Compose within is taken apart.
        p: in 0..1.
    """

    transforms: Sequence[Row] | Compose
    p: float = 0.5

    def __post_init__(self) -> None:
        if isinstance(self.transforms, Compose):
            object.__setattr__(self, "transforms", self.transforms.transforms)
        self._keep()
        object.__setattr__(self, "transforms", self.steps)
        require_share(self)

    def chosen(self, key: Key, operation: int) -> list[Placed]:
        if key.uniform(operation, 1)[0] >= self.p:
            return []
        return Compose(self.steps).placed(key, operation + 1)

    def spec(self, spec: Spec) -> Spec | None:
        return _agreed([spec] * (self.p < 1) + [Compose(self.steps).spec(spec)] * (self.p > 0))


@dataclass(frozen=True)
class RandomChoice(_Rows):
    """Exactly one of the steps.

    Args:
        transforms: steps; a list or Compose within is one of them, done in its order.
        p: a weight each, none negative, in any sum; None where all are as likely.
    """

    transforms: Sequence[Row]
    p: Sequence[float] | None = None

    def __post_init__(self) -> None:
        self._keep()
        if self.p is not None:
            listed = isinstance(self.p, Sequence) and len(self.p) == len(self.rows)
            weights = listed and all(is_number(weight) and weight >= 0 for weight in self.p) and sum(self.p) > 0
            require(weights, self, f"p must be {len(self.rows)} weights, one a step, none negative, not all 0")
            object.__setattr__(self, "p", tuple(map(float, self.p)))

    @property
    def weights(self) -> tuple[float, ...]:
        """Of each row."""
        return (1.0,) * len(self.rows) if self.p is None else tuple(self.p)

    def chosen(self, key: Key, operation: int) -> list[Placed]:
        return self._place(_drawn(self.weights, key.uniform(operation, 1)[0]), key, operation)

    def spec(self, spec: Spec) -> Spec | None:
        return _agreed([row.spec(spec) for row, weight in zip(self.rows, self.weights, strict=True) if weight > 0])


@dataclass(frozen=True)
class RandomOrder(_Rows):
    """All steps, in an order that is drawn.

    Args:
        transforms: steps; a list or Compose within stays together in its order.
    """

    transforms: Sequence[Row]

    def __post_init__(self) -> None:
        self._keep()

    def chosen(self, key: Key, operation: int) -> list[Placed]:
        words = key.words(operation, len(self.rows))
        order = sorted(range(len(self.rows)), key=words.__getitem__)
        return [placed for row in order for placed in self._place(row, key, operation)]

    def spec(self, spec: Spec) -> Spec | None:
        if all(row.spec(spec) == spec for row in self.rows):
            return spec
        if len(self.rows) > _MANY:
            return None
        return _agreed([Compose(order).spec(spec) for order in permutations(self.rows)])


@dataclass(frozen=True)
class OneOf(_Rows):
    """With probability ``p`` exactly one of the steps, for certain; else none.

    As in albumentations, a step's own ``p`` is its weight, and the one that is chosen is done whatever its ``p``. Steps
    without one, foreign ones (whose ``p`` stays theirs), and lists weigh 1.

    Args:
        transforms: steps; a list or Compose within is one of them, done in its order.
        p: in 0..1.
    """

    transforms: Sequence[Row]
    p: float = 0.5

    def __post_init__(self) -> None:
        self._keep()
        require_share(self)
        require(sum(self.weights) > 0, self, "at least one step must have a p above 0")

    @cached_property
    def rows(self) -> tuple[Compose, ...]:
        return tuple(each if isinstance(each, Compose) else Compose([_certain(each)]) for each in self.transforms)

    @property
    def weights(self) -> tuple[float, ...]:
        """Of each row."""
        return tuple(1.0 if isinstance(each, Compose) else _own(each) for each in self.transforms)

    def chosen(self, key: Key, operation: int) -> list[Placed]:
        whether, which = key.uniform(operation, 2)
        return self._place(_drawn(self.weights, which), key, operation) if whether < self.p else []

    def spec(self, spec: Spec) -> Spec | None:
        possible = [row.spec(spec) for row, weight in zip(self.rows, self.weights, strict=True) if weight > 0]
        return _agreed([spec] * (self.p < 1) + possible * (self.p > 0))


def _row(choice: _Rows, given: Any) -> Step | Compose:
    """A step, or a Compose of several."""
    if isinstance(given, list | tuple):
        steps = [_row(choice, each) for each in given]
        require(bool(steps), choice, "a list within must hold at least one step")
        return steps[0] if len(steps) == 1 else Compose(steps)
    require(isinstance(given, Compose | Choice) or callable(given), choice, f"{given!r} is neither step nor callable")
    step: Step | Compose = given
    return step


def _operations(row: Compose) -> int:
    return sum(step.operations if isinstance(step, Transform | Choice) else 1 for step in row.transforms)


def _drawn(weights: Sequence[float], share: float) -> int:
    """Which of them a number in [0, 1) falls on."""
    ends = list(accumulate(weights))
    last = max(place for place, weight in enumerate(weights) if weight > 0)
    return min(bisect_right(ends, share * ends[-1]), last)


def _has_own(step: Any) -> bool:
    """Whether it is a step of ours that is done with a probability of its own."""
    ours = isinstance(step, Transform | Choice) and is_dataclass(step)
    return ours and any(field.name == "p" for field in fields(step)) and is_number(step.p)


def _own(step: Any) -> float:
    return float(step.p) if _has_own(step) else 1.0


def _certain(step: Any) -> Any:
    """The step, done for certain."""
    return replace(step, p=1.0) if _has_own(step) else step


def _form(spec: Spec) -> tuple[Any, bool, bool]:
    return spec.dtype, spec.tensor, spec.planar


def _agreed(specs: Sequence[Spec | None]) -> Spec | None:
    """What all say; None where one says nothing, or where they say other types."""
    first = specs[0]
    if first is None or any(one is None or _form(one) != _form(first) for one in specs):
        return None

    def same(name: str) -> int | None:
        values = {getattr(one, name) for one in specs}
        return values.pop() if len(values) == 1 else None

    return replace(first, height=same("height"), width=same("width"), channels=same("channels"))
