"""Steps one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.base import Transform
from feedline.types import Spec

Step = Transform | Callable[[Any], Any]


class Compose:
    """Runs steps in order. A Compose among the steps is taken apart; a plain callable gets the image alone.

    A step's place in the row is its operation number, so that equal steps draw different numbers.
    """

    def __init__(self, transforms: Iterable[Step | Compose]) -> None:
        if isinstance(transforms, Transform) or not isinstance(transforms, Iterable):
            raise TransformError(f"Compose takes a sequence of transforms, not {transforms!r}: put it in brackets")
        self.transforms = tuple(_flatten(transforms))

    @property
    def thread_safe(self) -> bool:
        """Whether every step is a Transform: of a foreign callable nobody knows what it draws from."""
        return all(isinstance(step, Transform) for step in self.transforms)

    def __call__(self, image: Any, key: Key = Key(), operation: int = 0) -> Any:
        for place, step in enumerate(self.transforms, operation):
            image = step(image, key, place) if isinstance(step, Transform) else step(image)
        return image

    def spec(self, spec: Spec) -> Spec | None:
        """What comes out where ``spec`` goes in; None where a foreign step leaves that open."""
        for step in self.transforms:
            if not isinstance(step, Transform):
                return None
            spec = step.spec(spec)
        return spec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compose) and self.transforms == other.transforms

    def __hash__(self) -> int:
        return hash(self.transforms)

    def __repr__(self) -> str:
        return f"Compose([{', '.join(map(repr, self.transforms))}])"


def _flatten(steps: Iterable[Step | Compose]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Compose):
            yield from step.transforms
        elif callable(step):
            yield step
        else:
            raise TransformError(f"Compose takes transforms or callables, not {step!r}")
