"""What pooling did to a picture, in words for its sheet."""

from __future__ import annotations

import numpy as np
import torch

from feedline.types import Image


def in_numbers(word: str, numbers: torch.Tensor, kernel: int, image: Image) -> str:
    """The size of what is left, and how much of the picture that is, or what filled no window."""
    channels, rows, columns = numbers.shape
    below, right = image.shape[0] - rows * kernel, image.shape[1] - columns * kernel
    unread = [f"{many} {what}{'s' * (many > 1)}" for many, what in ((below, "row"), (right, "column")) if many]
    left = f"not read: {', '.join(unread)}" if unread else f"1/{kernel**2} of the numbers"
    return f"{word} of {kernel} x {kernel}: {rows} x {columns} x {channels}\n{left}"


def loss(image: Image, enlarged: Image) -> str:
    """In levels: how far pixels are off, and whether the whole became brighter; and the share of variance that is left.

    ``enlarged`` covers the upper left of the picture, or all of it. The share is 1 - sum of squared differences / sum
    of squared deviations from the channels' means: 0 is what one colour, the mean, reaches.
    """
    part = image[: enlarged.shape[0], : enlarged.shape[1]].astype(np.float64)
    difference = enlarged - part
    spread = float(((part - part.mean((0, 1))) ** 2).sum())
    about = f"off by {np.abs(difference).mean():.1f}, {_shift(float(difference.mean()))}"
    if not spread:
        return about
    share = 1 - float((difference**2).sum()) / spread
    left = f"{share:.0%} of the variance is left" if share >= 0 else "farther from it than its mean colour"
    return f"{about}\n{left}"


def _shift(levels: float) -> str:
    if abs(levels) < 0.05:
        return "equally bright"
    return f"{'darker' if levels < 0 else 'brighter'} by {abs(levels):.1f}"


def levels_of(numbers: torch.Tensor) -> str:
    """How many numbers global pooling gives, 1 or 3; and, in a second line, which levels they are."""
    names = ("red", "green", "blue") if len(numbers) == 3 else ("grey",)
    levels = ", ".join(f"{name} {level:.0f}" for name, level in zip(names, numbers.tolist(), strict=True))
    return f"{len(names)} number{'s' * (len(names) > 1)}\n{levels} of 255"
