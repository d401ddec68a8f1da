"""Steps one after the other, folded into plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.base import Choice, Placed, Step, Transform, apply, say, stacked
from feedline.transforms.draft import Draft
from feedline.transforms.foreign import call
from feedline.transforms.plan import Plan
from feedline.types import Header, Objects, Spec

_TRANSPOSED = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring steps of ours, which are planned together, and the foreign one behind them, if there is one.

    Attributes:
        ours: with their operation numbers.
        foreign: the step that is not ours.
        operation: its number.
    """

    ours: tuple[tuple[Transform, int], ...]
    foreign: Callable[[Any], Any] | None = None
    operation: int = 0

    def leave(self, image: Any, key: Key) -> Any:
        """What the foreign step makes of an image; the image, if there is none."""
        return image if self.foreign is None else call(self.foreign, image, key, self.operation)


class Compose:
    """Runs steps in order, as few passes over the pixels as keep what they do.

    A Compose among the steps is taken apart. A step's place in the row is its operation number, so that equal steps
    draw different numbers. A callable that is no transform of ours, torchvision's and albumentations' among them, gets
    the image alone (see ``transforms/foreign.py``); what follows it is planned when it has run.

    Args:
        transforms: in order.
    """

    def __init__(self, transforms: Iterable[Step | Compose]) -> None:
        if isinstance(transforms, Transform | Choice | Compose) or not isinstance(transforms, Iterable):
            raise TransformError(f"Compose takes a sequence of transforms, not {transforms!r}: put it in brackets")
        self.transforms = tuple(_flatten(transforms))

    @property
    def thread_safe(self) -> bool:
        """Whether every step may run in threads: ours do, and foreign ones that say ``thread_safe = True``."""
        return all(_thread_safe(step) for step in self.transforms)

    @property
    def views(self) -> int:
        """How many pictures come of one: 5 with a FiveCrop, else 1."""
        views = 1
        for step in self.transforms:
            views *= step.views if isinstance(step, Transform) else 1
        return views

    def placed(self, key: Key, operation: int = 0) -> list[Placed]:
        """The steps that this key chooses, each with its operation number."""
        steps: list[Placed] = []
        for step in self.transforms:
            if isinstance(step, Choice):
                steps += step.chosen(key, operation)
            else:
                steps.append((step, operation))
            operation += step.operations if isinstance(step, Transform | Choice) else 1
        return steps

    def plan(
        self,
        picture: Header | Sequence[int],
        key: Key = Key(),
        *,
        channels: int = 3,
        dtype: DTypeLike = np.uint8,
        objects: Objects | None = None,
        view: int = 0,
    ) -> Plan:
        """What will be done to a picture, up to the first step that is not ours.

        Args:
            picture: its header, or (height, width) of it when it is upright.
            key: what random numbers depend on.
            channels, dtype: of the picture as it is decoded.
            objects: what is where in it, in its own pixels; CropToBox looks at it.
            view: which of ``views`` pictures.

        Raises:
            TransformError: a step cannot be done to such a picture.
        """
        height, width = _upright(picture)
        draft = Draft(height, width, channels, dtype, objects=objects, view=view)
        for step, operation in self.placed(key):
            if not isinstance(step, Transform):
                return draft.finish(then=repr(step))
            say(step, draft, key, operation)
        return draft.finish()

    def __call__(self, image: Any, key: Key = Key(), operation: int = 0) -> Any:
        """The image after all steps; of several views, a stack of them: VxHxWxC, or VxCxHxW of tensors."""
        return stacked([self._view(image, key, operation, view) for view in range(self.views)])

    def _view(self, image: Any, key: Key, operation: int, view: int) -> Any:
        for stretch in stretches(self.placed(key, operation)):
            image = stretch.leave(apply(stretch.ours, image, key, view) if stretch.ours else image, key)
        return image

    def spec(self, spec: Spec) -> Spec | None:
        """What comes out where ``spec`` goes in; None where a foreign step leaves that open."""
        for step in self.transforms:
            known = step.spec(spec) if isinstance(step, Transform | Choice) else None
            if known is None:
                return None
            spec = known
        return spec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compose) and self.transforms == other.transforms

    def __hash__(self) -> int:
        return hash(self.transforms)

    def __repr__(self) -> str:
        return f"Compose([{', '.join(map(repr, self.transforms))}])"


def _upright(picture: Header | Sequence[int]) -> tuple[int, int]:
    if not isinstance(picture, Header):
        height, width = picture
        return int(height), int(width)
    turned = picture.orientation in _TRANSPOSED
    return (picture.width, picture.height) if turned else (picture.height, picture.width)


def _thread_safe(step: Step) -> bool:
    if isinstance(step, Choice):
        return all(map(_thread_safe, step.steps))
    return isinstance(step, Transform) or getattr(step, "thread_safe", False) is True


def _flatten(steps: Iterable[Step | Compose]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Compose):
            yield from step.transforms
        elif isinstance(step, type):
            raise TransformError(f"Compose takes transforms, not the class {step.__name__}: write {step.__name__}(...)")
        elif callable(step) or isinstance(step, Choice):
            yield step
        else:
            raise TransformError(f"Compose takes transforms or callables, not {step!r}")


def stretches(placed: Iterable[Placed]) -> Iterator[Stretch]:
    """Steps, cut where a foreign one stands."""
    ours: list[tuple[Transform, int]] = []
    for step, operation in placed:
        if isinstance(step, Transform):
            ours.append((step, operation))
        else:
            yield Stretch(tuple(ours), step, operation)
            ours = []
    if ours:
        yield Stretch(tuple(ours))
