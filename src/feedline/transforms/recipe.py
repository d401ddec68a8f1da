"""Transforms as plain data and back: what a checkpoint carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch

from feedline.errors import TransformError
from feedline.transforms.base import Transform
from feedline.transforms.compose import Compose
from feedline.transforms.convert import Normalize, ToDtype, ToTensor
from feedline.transforms.crop import CenterCrop, Pad, RandomCrop, RandomResizedCrop
from feedline.transforms.flip import RandomHorizontalFlip, RandomVerticalFlip
from feedline.transforms.geometry import RandomAffine, RandomRotation
from feedline.transforms.resize import Resize

Recipe = list[dict[str, Any]]

_KNOWN: dict[str, type[Transform]] = {
    kind.__name__: kind
    for kind in (
        CenterCrop,
        Normalize,
        Pad,
        RandomAffine,
        RandomCrop,
        RandomHorizontalFlip,
        RandomResizedCrop,
        RandomRotation,
        RandomVerticalFlip,
        Resize,
        ToDtype,
        ToTensor,
    )
}


def to_recipe(compose: Compose) -> Recipe:
    """Each step as ``{"name": ..., parameter: value, ...}``, of numbers, lists and strings; defaults are left out.

    Raises:
        TransformError: a step is foreign, so that nobody could make it again from data.
    """
    recipe = []
    for step in compose.transforms:
        if type(step) not in _KNOWN.values():
            raise TransformError(f"{step!r} is foreign: it cannot be written down as data")
        parameters = {
            field.name: _plain(getattr(step, field.name))
            for field in fields(step)  # type: ignore[arg-type]
            if getattr(step, field.name) != field.default
        }
        recipe.append({"name": type(step).__name__, **parameters})
    return recipe


def from_recipe(recipe: Sequence[Mapping[str, Any]]) -> Compose:
    """The Compose that ``to_recipe`` wrote down.

    Raises:
        TransformError: an unknown name, or a parameter that the transform does not have.
    """
    steps = []
    for entry in recipe:
        parameters = dict(entry)
        name = parameters.pop("name", None)
        if name not in _KNOWN:
            raise TransformError(f"no transform is called {name!r}; there are {', '.join(sorted(_KNOWN))}")
        try:
            steps.append(_KNOWN[name](**parameters))
        except TypeError as error:
            raise TransformError(f"{name}: {error}") from error
    return Compose(steps)


def _plain(value: Any) -> Any:
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
