"""Transforms as plain data and back: what a checkpoint carries, and what a recipe file says.

A step is written as its name, as ``{name: its first parameter}``, as ``{name: {parameter: value}}``, or, as checkpoints
have it, as ``{"name": name, parameter: value}``. Steps within a choice are written the same way, and a list among them
is steps that belong together. A transform that :mod:`feedline.transforms` exports needs no entry anywhere else.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
import torch

from feedline.errors import TransformError
from feedline.transforms.base import Choice, Transform
from feedline.transforms.compose import Compose
from feedline.types import BatchTransform

Recipe = list[dict[str, Any]]
Kind = type[Transform] | type[Choice]

NESTED = "transforms"
"""The parameter of a choice that holds steps."""
_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")
_LETTERS = 2
_DEEPEST = 64
_REFUSED = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError)


def known_transforms() -> dict[str, Kind]:
    """All steps that the room exports, by the names under which it does, in order of these."""
    return _exported(Transform, Choice)


def known_batch_transforms() -> dict[str, type[BatchTransform]]:
    """All steps on batches that the room exports, as ``known_transforms``; no recipe holds them."""
    return _exported(BatchTransform)


def parameters_of(kind: type) -> dict[str, Any]:
    """A transform's parameters and their defaults, ``inspect.Parameter.empty`` where there is none."""
    return {name: one.default for name, one in inspect.signature(kind).parameters.items()}


def to_recipe(compose: Compose) -> Recipe:
    """Each step as ``{"name": ..., parameter: value, ...}``, of numbers, lists and strings; defaults are left out.

    Raises:
        TransformError: a step is foreign, so that nobody could make it again from data.
    """
    recipe = [_written(step) for step in compose.transforms]
    _check_depth(recipe)
    return recipe


def from_recipe(recipe: Sequence[Any]) -> Compose:
    """The Compose that ``to_recipe`` wrote down, or somebody by hand.

    Raises:
        TransformError: lists within lists beyond all measure, or an unknown name, or a parameter that the transform
            does not have, lacks or refuses; names the step's place (2.1 is the first step in the second).
    """
    recipe = list(recipe)
    _check_depth(recipe)
    return Compose(_read(entry, str(place)) for place, entry in enumerate(recipe, 1))


def _check_depth(recipe: Any) -> None:
    """Raises TransformError for lists and mappings that lie too deep within others to be read by recursion."""
    level = [recipe]
    for _ in range(_DEEPEST + 1):
        below = [part for value in level for part in (value.values() if isinstance(value, Mapping) else value)]
        level = list({id(part): part for part in below if isinstance(part, list | tuple | Mapping)}.values())
        if not level:
            return
    raise TransformError(f"a recipe is at most {_DEEPEST} lists and mappings deep, and this more")


def _exported(*bases: type) -> dict[str, Any]:
    room = sys.modules[__name__.rpartition(".")[0]]
    exported = {name: getattr(room, name) for name in sorted(room.__all__)}
    classes = {name: kind for name, kind in exported.items() if isinstance(kind, type) and issubclass(kind, bases)}
    return {name: kind for name, kind in classes.items() if not inspect.isabstract(kind)}


def _on_batches(name: str) -> str:
    return f"{name} works on batches, and not on images: use it in DataLoader(batch_transform={name}(...))"


def _written(step: Any) -> dict[str, Any]:
    if isinstance(step, BatchTransform):
        raise TransformError(_on_batches(type(step).__name__))
    if type(step) not in known_transforms().values():
        raise TransformError(f"{step!r} is foreign: it cannot be written down as data")
    defaults = parameters_of(type(step))
    values = {name: _plain(getattr(step, name)) for name in defaults}
    parameters = {name: value for name, value in values.items() if not _same(value, defaults[name])}
    return {"name": type(step).__name__, **parameters}


def _same(value: Any, default: Any) -> bool:
    """Whether a plain value is what the default is when it is written down."""
    if default is inspect.Parameter.empty:
        return False
    return isinstance(value, bool) == isinstance(default, bool) and bool(value == _plain(default))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()  # of a scalar too it is Python's number
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, Compose):
        return [_plain(step) for step in value.transforms]
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    return float(value) if isinstance(value, Real) else _written(value)


def _read(entry: Any, place: str) -> Any:
    """A step, or of a list the steps in it as one."""
    if isinstance(entry, list | tuple):
        return Compose(_read(one, f"{place}.{number}") for number, one in enumerate(entry, 1))
    name, given = _split(entry, place)
    kind = _kind(name, place)
    parameters = parameters_of(kind)
    if not isinstance(given, Mapping):
        if not parameters:
            raise _error(place, f"{name} takes no parameters; given {given!r}")
        given = {next(iter(parameters)): given}
    _check_names(name, given, parameters, place)
    values = {key: _value(value) for key, value in given.items()}
    if issubclass(kind, Choice) and NESTED in values:
        values[NESTED] = _steps(name, given[NESTED], place)
    try:
        return kind(**values)
    except TransformError as error:
        raise _error(place, str(error)) from error
    except _REFUSED as error:
        raise _error(place, f"{name}: it cannot be made of {dict(given)!r}: {error}") from error


def _split(entry: Any, place: str) -> tuple[str, Any]:
    """Name and parameters."""
    if isinstance(entry, str):
        return entry, {}
    if isinstance(entry, Mapping) and "name" in entry:
        return entry["name"], {key: value for key, value in entry.items() if key != "name"}
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((name, given),) = entry.items()
        return name, {} if given is None else given
    if isinstance(entry, Mapping) and len(entry) > 1 and _kind_or_none(next(iter(entry))) is not None:
        wrong = list(entry)[1]
        name = next(iter(entry))
        raise _error(place, f"{name}: parameters belong within {{}}, or deeper than the name; beside it is {wrong!r}")
    raise _error(place, f"a step is a name, or a name with its parameters, not {_short(entry)}")


def _kind_or_none(name: Any) -> Kind | None:
    return known_transforms().get(name) if isinstance(name, str) else None


def _kind(name: Any, place: str) -> Kind:
    kind = _kind_or_none(name)
    if kind is not None:
        return kind
    if name == "Compose":
        raise _error(place, "Compose: steps that belong together are written as a list, without a name")
    if isinstance(name, str) and name in known_batch_transforms():
        raise _error(place, _on_batches(name))
    raise _error(place, f"no transform is called {name!r}; {_nearest(name, list(known_transforms()))}")


def _check_names(name: str, given: Mapping[Any, Any], parameters: Mapping[str, Any], place: str) -> None:
    for key in given:
        if key not in parameters:
            raise _error(place, f"{name} has no parameter {key!r}; {_nearest(key, list(parameters))}")
    lacking = [key for key, default in parameters.items() if default is inspect.Parameter.empty and key not in given]
    if lacking:
        raise _error(place, f"{name} needs {', '.join(lacking)}; given {dict(given)!r}")


def _nearest(word: Any, there: list[str]) -> str:
    """The offer of what was meant, else all that there is."""
    folded, meant = {name.lower(): name for name in there}, str(word).lower()
    near = get_close_matches(meant, list(folded), n=1)
    near = near or [name for name in folded if len(meant) > _LETTERS and meant in name]
    if near:
        return f"did you mean {' or '.join(folded[name] for name in near)}?"
    return f"there are {', '.join(there) or 'none'}"


def _steps(name: str, given: Any, place: str) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise _error(place, f"{name}: {NESTED} must be a list of steps, not {_short(given)}")
    return [_read(entry, f"{place}.{number}") for number, entry in enumerate(given, 1)]


def _value(value: Any) -> Any:
    """A parameter as a transform takes it: tuples, and 1e-3 as the number that YAML does not see in it."""
    if isinstance(value, list | tuple):
        return tuple(_value(item) for item in value)
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _error(place: str, what: str) -> TransformError:
    return TransformError(f"step {place}: {what}")
