"""A layer's filters as pictures."""

from __future__ import annotations

import torch

from feedline.train.choosing import counted, strongest, tile_side
from feedline.train.plots import plot_sheet
from feedline.train.signed import NEGATIVE, POSITIVE, around_grey, diverging, greatest
from feedline.types import Image

_NARROW, _WIDE = 8, 16  # columns, of up to 64 and of more


def filter_sheet(weights: torch.Tensor, layer: str, *, most: int = 64, each: bool = False) -> bytes:
    """Filters side by side, as PNG: of 3 channels in colour around grey, of others one channel from blue to red.

    Of filters with 2 or more than 3 channels the one whose weights have the greatest norm is shown, and named below.
    What the colours mean is in the title.

    Args:
        weights: FxCxHxW, signed, on the CPU.
        layer: whose they are.
        most: filters on the sheet; of more, those of the greatest norm.
        each: every filter by its own greatest weight, and not all by the greatest of those shown.
    """
    chosen = strongest(weights.flatten(1).norm(dim=1), most)
    limit = greatest(weights[chosen])
    images, captions = [], []
    for number in chosen:
        own = greatest(weights[number])
        image, channel = _picture(weights[number], own if each else limit)
        images.append(image)
        captions.append(f"{number}{channel}\n±{own:.3g}")
    _, channels, height, width = weights.shape
    title = f"layer {layer}: {counted(len(chosen), len(weights), 'filter', 'those of the greatest norm')}"
    title += f" of {channels} x {height} x {width} weights; {_legend(channels, limit, each)}"
    columns = min(len(images), _NARROW if len(images) <= 64 else _WIDE)
    return plot_sheet(images, captions, title=title, columns=columns, tile=tile_side(height, width, columns))


def _picture(weights: torch.Tensor, limit: float) -> tuple[Image, str]:
    """Of one filter, CxHxW; and which channel it shows, where that has to be said."""
    if len(weights) == 3:
        return around_grey(weights, limit), ""
    channel = strongest(weights.flatten(1).norm(dim=1), 1)[0]
    return diverging(weights[channel], limit), "" if len(weights) == 1 else f", input {channel}"


def _legend(channels: int, limit: float, each: bool) -> str:
    scale = "plus and minus its own greatest weight, below it" if each else f"{limit:.3g} for all"
    if channels == 3:
        return f"red, green and blue, grey is 0, full is {scale}"
    which = "" if channels == 1 else "its strongest input channel alone: "
    return f"{which}{NEGATIVE} is negative, white 0, {POSITIVE} positive, full is {scale}"
