"""Stages that remain in a plan because they see more than one pixel, or more of it than a matrix does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from feedline.errors import TransformError
from feedline.transforms.draft import Draft
from feedline.types import Image

MOST_CHANNELS = 4


def stage(draft: Draft, name: str, run: Callable[[Image], Image]) -> None:
    """Says to the draft that the colours (HxW x 1 or 3, contiguous) go through ``run``; alpha stays.

    Raises:
        TransformError: the image is normalised, so that nobody knows what is black and white.
    """
    require_white(draft, name)
    draft.work(name, lambda image: on_colours(image, run))


def require_white(draft: Draft, name: str) -> None:
    """Raises TransformError where 0 and 1 are no longer black and white, or nobody knows what the channels are.

    Nothing of that matters to a picture whose colours are left alone, the other one of a pair.
    """
    if not draft.colours:
        return
    if draft.channels > MOST_CHANNELS:
        raise TransformError(f"{name}: colours have 1 to {MOST_CHANNELS} channels, and the image {draft.channels}")
    if draft.normalized:
        raise TransformError(f"{name}: normalised images have no black and white: put it before Normalize")


def on_colours(image: Image, run: Callable[[Image], Image]) -> Image:
    """The image whose colours went through ``run``, and whose alpha, if any, stays."""
    colours = colours_of(image.shape[2])
    if colours == image.shape[2]:
        return run(image)
    return np.concatenate([run(np.ascontiguousarray(image[:, :, :colours])), image[:, :, colours:]], -1)


def colours_of(channels: int) -> int:
    """How many of the channels are no alpha."""
    return channels - (channels in (2, 4))
