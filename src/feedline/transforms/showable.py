"""What transforms make of a picture, as one that can be looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from feedline.transforms.base import as_array
from feedline.transforms.convert import Normalize
from feedline.transforms.pointwise import top
from feedline.types import Image

_SQUARE = 8
_LIGHT, _DARK = 1.0, 0.8
_EASE = 0.02


def unnormalized(images: torch.Tensor, steps: Iterable[Any]) -> torch.Tensor:
    """What CxHxW or NxCxHxW floats were before the steps that are a Normalize, undone from the last to the first."""
    for step in reversed(tuple(steps)):
        if isinstance(step, Normalize):
            images = step.inverse(images)
    return images


def showable(image: Any, steps: Iterable[Any] = ()) -> tuple[Image, str]:
    """An image as HxWx3 uint8 for showing, and a word on what was done to its numbers, or "".

    Transparent pixels show a board of grey squares. Floats are white at 1; those that leave 0..1, and nobody knows by
    what Normalize, are stretched from their least to their greatest.

    Args:
        image: HxWxC uint8, uint16 or float32 array, or CxHxW tensor; of 1 to 4 channels.
        steps: what was done to it; its Normalize steps are undone.
    """
    steps = tuple(steps)
    array, _ = as_array(image)
    shares, word = array / np.float32(top(array.dtype)), ""
    if any(isinstance(step, Normalize) for step in steps):
        undone = unnormalized(torch.from_numpy(np.ascontiguousarray(shares.transpose(2, 0, 1))), steps)
        shares, word = undone.permute(1, 2, 0).numpy(), "Normalize undone"
    elif shares.min() < -_EASE or shares.max() > 1 + _EASE:
        low, high = float(shares.min()), float(shares.max())
        shares, word = (shares - low) / max(high - low, 1e-12), f"stretched from {low:.3g} to {high:.3g}"
    shares = _opaque(np.clip(shares, 0, 1))
    return np.ascontiguousarray(np.floor(shares * 255 + 0.5).astype(np.uint8)), word


def _opaque(shares: Image) -> Image:
    """HxWx3, of 1 (grey), 2 (grey and alpha), 3 or 4 channels."""
    channels = shares.shape[2]
    colours = shares[:, :, :3] if channels > 2 else np.repeat(shares[:, :, :1], 3, 2)
    if channels not in (2, 4):
        return colours
    rows, columns = (np.arange(side) // _SQUARE for side in shares.shape[:2])
    board = np.where((rows[:, None] + columns) % 2, _DARK, _LIGHT)[:, :, None]
    alpha = shares[:, :, -1:]
    return np.asarray(colours * alpha + board * (1 - alpha))
