"""Chains that the kernel can draw and plan by itself, without a Python object a sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import TransformError
from feedline.native.chunk import MOST, ROUND, Program, Step, packed
from feedline.rng import Key
from feedline.transforms.base import Transform, say
from feedline.transforms.compose import Compose
from feedline.transforms.convert import Normalize, ToDtype, ToTensor
from feedline.transforms.crop import CenterCrop, Pad, RandomCrop, RandomResizedCrop, sides
from feedline.transforms.draft import Draft, Fill
from feedline.transforms.flip import RandomHorizontalFlip, RandomVerticalFlip
from feedline.transforms.pointwise import float_table
from feedline.transforms.resize import Resize
from feedline.transforms.stages import Convert

_WHITE = 255
_MOST_CHANNELS = 4
_CONVERSIONS = (ToTensor, ToDtype, Normalize)


def program(steps: Compose, channels: int, fast: bool = False) -> Program | None:
    """The chain for the kernel, where all of it is crops, resizes, flips and frames of fill, and then conversions.

    Args:
        steps: the whole chain.
        channels: of the pictures, which are uint8; more than 4 are not for the kernel.
        fast: whether JPEGs that shrink are decoded at 1/2, 1/4 or 1/8.
    """
    if channels > _MOST_CHANNELS:
        return None
    geometry: list[Step] = []
    conversions: list[tuple[Transform, int]] = []
    operation = 0
    for step in steps.transforms:
        if not isinstance(step, Transform):
            return None
        if type(step) in _CONVERSIONS:
            conversions.append((step, operation))
        else:
            said = None if conversions else _step(step, operation, channels)
            if said is None:
                return None
            geometry.append(said)
        operation += step.operations
    try:
        return Program(packed(geometry), channels, *_levels(conversions, channels), fast)
    except TransformError:  # said with the sample's path where it is planned
        return None


def _step(step: Transform, operation: int, channels: int) -> Step | None:
    """The step as the kernel takes it; None where that does not know it, or not with these parameters."""
    make = _MAKES.get(type(step))
    said = None if make is None else make(step, channels)
    if said is None or max(*said.size, *said.sides, said.most) > MOST:
        return None
    return replace(said, operation=operation)


def _levels(
    conversions: list[tuple[Transform, int]], channels: int
) -> tuple[NDArray[np.float32] | None, NDArray[np.float64] | None]:
    """Channels x 256, and the 2 x 12 that they come of; None and None where numbers stay as they are.

    Raises:
        TransformError: the conversions cannot be done, or are none to float32.
    """
    draft = Draft(1, 1, channels)
    for step, operation in conversions:
        say(step, draft, Key(), operation)
    stages = draft.finish().stages
    if not stages:
        return None, None
    (stage,) = stages if len(stages) == 1 else (None,)
    if not isinstance(stage, Convert) or stage.curves:
        raise TransformError("no conversion to float32 alone")
    factor, offset = ((numbers * channels)[:channels] for numbers in (stage.factor, stage.offset))
    line = np.tile(np.array([factor, offset], np.float64), ROUND // channels)
    return np.ascontiguousarray(float_table(factor, offset, _WHITE).T), line


def _filled(fill: Fill, channels: int) -> tuple[int, ...] | None:
    numbers = (fill,) if isinstance(fill, int | float) else tuple(fill)
    numbers = numbers * channels if len(numbers) == 1 else numbers
    if len(numbers) != channels or max(numbers) > _WHITE:
        return None
    return tuple(int(number) for number in numbers)


def _center_crop(step: CenterCrop, _: int) -> Step:
    assert isinstance(step.size, tuple)
    return Step("CenterCrop", size=step.size)


def _random_crop(step: RandomCrop, channels: int) -> Step | None:
    fill = _filled(step.fill, channels)
    if step.pad_if_needed or step.padding_mode != "constant" or fill is None:
        return None
    assert isinstance(step.size, tuple)
    return Step("RandomCrop", size=step.size, sides=sides(step.padding or 0), fill=fill)


def _pad(step: Pad, channels: int) -> Step | None:
    fill = _filled(step.fill, channels)
    if step.padding_mode != "constant" or fill is None:
        return None
    return Step("Pad", sides=sides(step.padding), fill=fill)


def _resized_crop(step: RandomResizedCrop, _: int) -> Step:
    assert isinstance(step.size, tuple)
    low, high = step.ratio
    numbers = (*step.scale, low, high, math.log(low), math.log(high))
    return Step(
        "RandomResizedCrop",
        size=step.size,
        filter=step.interpolation,
        antialias=step.antialias,
        numbers=numbers,
    )


def _resize(step: Resize, _: int) -> Step:
    size = step.size if isinstance(step.size, tuple) else (step.size or 0, 0)
    assert isinstance(size[0], int)
    height, width = size
    return Step(
        "Resize",
        size=(height, width),
        most=step.max_size or 0,
        filter=step.interpolation,
        antialias=step.antialias,
    )


def _flip(step: RandomHorizontalFlip | RandomVerticalFlip, _: int) -> Step:
    return Step(type(step).__name__, numbers=(step.p,))


_MAKES: dict[type[Transform], Callable[[Any, int], Step | None]] = {
    CenterCrop: _center_crop,
    RandomCrop: _random_crop,
    Pad: _pad,
    RandomResizedCrop: _resized_crop,
    Resize: _resize,
    RandomHorizontalFlip: _flip,
    RandomVerticalFlip: _flip,
}
