"""What every transform of ours is, and what those are that choose among others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch

from feedline.errors import TransformError
from feedline.native import FILTERS, Filter
from feedline.rng import Key
from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.types import Image, Spec


class Transform(ABC):
    """One step, a pure function of (picture's size, key, operation): it says what shall happen, and a plan does it."""

    operations: ClassVar[int] = 1
    """How many operation numbers it draws by."""
    views: ClassVar[int] = 1
    """How many pictures it makes of one."""

    def __init_subclass__(cls) -> None:
        """Parameters of NumPy's or torch's types become Python's before they are checked: to compare and write down."""
        check = cls.__dict__.get("__post_init__")
        if check is not None:

            def checked(self: Transform) -> None:
                _keep_plain(self)
                check(self)

            cls.__post_init__ = checked  # type: ignore[attr-defined]

    @abstractmethod
    def add(self, draft: Draft, key: Key, operation: int) -> None:
        """Says to the draft what this step does to the picture that the draft has so far.

        Args:
            draft: of a picture; knows height, width, channels, dtype and objects.
            key: what random numbers depend on.
            operation: this step's place among the steps, so that two equal steps draw different numbers.

        Raises:
            TransformError: it cannot be done to such a picture.
        """

    def __call__(self, image: Any, key: Key = Key(), operation: int = 0) -> Any:
        """The image after this step alone; of several views, a stack of them.

        Args:
            image: HxWxC uint8, uint16 or float32 array, or CxHxW tensor.
            key, operation: as for :meth:`add`.
        """
        return stacked([apply([(self, operation)], image, key, view) for view in range(self.views)])

    def spec(self, spec: Spec) -> Spec | None:
        """What comes out where ``spec`` goes in; None where that has no shape that a Spec can say."""
        return spec


class Choice(ABC):
    """A step that stands for others, which it chooses by its key alone."""

    @property
    @abstractmethod
    def operations(self) -> int:
        """How many operation numbers it and the steps in it draw by."""

    @property
    @abstractmethod
    def steps(self) -> tuple[Step, ...]:
        """All that it may choose."""

    @abstractmethod
    def chosen(self, key: Key, operation: int) -> Iterable[Placed]:
        """Steps and their operation numbers, in the order in which they shall be done."""

    @abstractmethod
    def spec(self, spec: Spec) -> Spec | None:
        """What comes out where ``spec`` goes in; None where that is open."""


Step = Transform | Choice | Callable[[Any], Any]
Placed = tuple[Transform | Callable[[Any], Any], int]
"""A step that stands for itself, and its operation number."""


def apply(steps: Sequence[tuple[Transform, int]], image: Any, key: Key, view: int = 0) -> Any:
    """What transforms make of an image, by one plan."""
    array, tensor = as_array(image)
    height, width, channels = array.shape
    draft = Draft(height, width, channels, array.dtype, tensor, view=view)
    for step, operation in steps:
        say(step, draft, key, operation)
    return run(draft.finish(), array)


def say(step: Transform, draft: Draft, key: Key, operation: int) -> None:
    """Lets a step say to the draft what it does.

    Raises:
        TransformError: it cannot be done; names the step.
    """
    try:
        step.add(draft, key, operation)
    except (ZeroDivisionError, OverflowError) as error:  # matrices without a way back
        raise TransformError(f"{type(step).__name__}: nothing is left of the picture; given {step!r}") from error
    except TransformError as error:
        name = type(step).__name__
        if str(error).startswith(name):
            raise
        raise TransformError(f"{name}: {error}; given {step!r}") from error


def stacked(views: Sequence[Any]) -> Any:
    """One picture as it is; of several a stack: VxHxWxC, or VxCxHxW of tensors."""
    if len(views) == 1:
        return views[0]
    return torch.stack(list(views)) if isinstance(views[0], torch.Tensor) else np.stack(views)


def as_array(image: Any) -> tuple[Image, bool]:
    """The image as an HxWxC array (of a tensor, a view), and whether it is a tensor.

    Raises:
        TransformError: it is neither.
    """
    if isinstance(image, torch.Tensor) and image.ndim == 3:
        try:
            return image.detach().permute(1, 2, 0).numpy(), True
        except (TypeError, RuntimeError) as error:
            raise TransformError(
                f"transforms take tensors that NumPy can read, not {image.dtype} on {image.device}"
            ) from error
    if isinstance(image, np.ndarray) and image.ndim == 3:
        return image, False
    what = f"{type(image).__name__} of shape {tuple(getattr(image, 'shape', ()))}"
    raise TransformError(f"transforms take an HxWxC array or a CxHxW tensor, not a {what}")


def require(holds: bool, step: object, rule: str) -> None:
    """Raises TransformError with the transform's name, the broken rule and the transform as it was given."""
    if not holds:
        raise TransformError(f"{type(step).__name__}: {rule}; given {step!r}")


def is_number(value: Any) -> bool:
    """Whether it is a real number, and neither NaN nor infinite nor a truth value."""
    if isinstance(value, bool):
        return False
    try:
        return isinstance(value, Real | np.number) and bool(np.isfinite(float(value)))
    except OverflowError:  # a whole number that no float can hold
        return False


def require_flag(step: object, name: str) -> None:
    """Raises TransformError unless the parameter is True or False."""
    require(isinstance(getattr(step, name), bool), step, f"{name} must be True or False")


def require_share(step: object, name: str = "p") -> None:
    """Raises TransformError unless the parameter is a number in 0..1; keeps it as a float."""
    value = getattr(step, name)
    require(is_number(value) and 0 <= value <= 1, step, f"{name} must be a number in 0..1")
    object.__setattr__(step, name, float(value))


def require_pair(step: object, name: str, single: bool = True) -> None:
    """Raises TransformError unless the parameter is two numbers, or one where ``single`` allows that."""
    value = getattr(step, name)
    if single and is_number(value):
        return
    pair = is_sequence(value) and len(value) == 2 and all(map(is_number, value))
    require(pair, step, f"{name} must be two numbers" + (" or one" if single else ""))


def is_sequence(value: Any) -> bool:
    """Whether it is a list or a tuple or the like, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def as_pair(value: Any) -> tuple[Any, Any]:
    """(value, value) for a single number; the two items of a sequence."""
    if isinstance(value, Real):
        return value, value
    first, second = value
    return first, second


def require_size(step: object, name: str = "size") -> None:
    """Raises TransformError unless the parameter is (height, width) or one number for both; keeps it as a pair."""
    value = getattr(step, name)
    if is_sequence(value) and len(value) == 1:
        object.__setattr__(step, name, value[0])
    require_pair(step, name)
    sides = as_pair(getattr(step, name))
    require(all(side == int(side) and side >= 1 for side in sides), step, f"{name} must be whole pixels, at least 1")
    object.__setattr__(step, name, (int(sides[0]), int(sides[1])))


def require_filter(step: object, name: str = "interpolation") -> None:
    """Raises TransformError unless the parameter names a filter; torchvision's InterpolationMode has its name too.

    "nearest" takes the pixel that an output pixel's centre lies in, which torchvision calls "nearest-exact".
    """
    value = getattr(step, name)
    value = getattr(value, "value", value)
    value = "nearest" if value == "nearest-exact" else value
    require(isinstance(value, str) and value in FILTERS, step, f"{name} must be one of {', '.join(FILTERS)}")
    object.__setattr__(step, name, value)


def require_fill(step: object, name: str = "fill") -> None:
    """Raises TransformError unless the parameter is a number, or one a channel, none negative; None is 0."""
    value: Any = 0 if getattr(step, name) is None else getattr(step, name)
    numbers: tuple[Any, ...] = (value,) if is_number(value) else ()
    if is_sequence(value):
        numbers = (*value,)
    rule = f"{name} must be a number, or one a channel, in the unit of the image, none negative"
    require(bool(numbers) and all(is_number(number) and number >= 0 for number in numbers), step, rule)
    object.__setattr__(step, name, value if is_number(value) else numbers)


def _keep_plain(step: object) -> None:
    for name, value in list(vars(step).items()):
        plain = _plain(value)
        if plain is not value:
            object.__setattr__(step, name, plain)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray | torch.Tensor):
        return tuple(value.tolist()) if value.ndim else value.item()
    if isinstance(value, list | tuple) and any(isinstance(item, np.generic) for item in value):
        return tuple(map(_plain, value))
    return value


def between(bounds: tuple[float, float], share: float) -> float:
    """The number that lies this share of the way from the lower to the upper bound."""
    return bounds[0] + share * (bounds[1] - bounds[0])


__all__ = ["Choice", "Filter", "Placed", "Step", "Transform", "apply", "as_array"]
