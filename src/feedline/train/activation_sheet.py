"""What a layer makes of one image, as pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from feedline.errors import DataError
from feedline.train.choosing import counted, strongest, tile_side
from feedline.train.plots import plot_sheet
from feedline.train.signed import NEGATIVE, POSITIVE, common_limit, diverging, greatest, shaded
from feedline.types import Image

_ROW = 8  # channels in a row, behind the image
_TILE = 112
_BARS, _DPI = (320, 640), 110  # height and width in pixels
_BELOW, _ABOVE = "#2166ac", "#b2182b"


def activation_sheet(image: Image, output: torch.Tensor, layer: str, *, most: int = 64, each: bool = False) -> bytes:
    """The image, then each channel with its mean and greatest number, as PNG; of a vector, bars.

    Args:
        image: HxWxC uint8, of 1 to 4 channels, as the network saw it.
        output: what the layer made of it: CxHxW, or a vector (also Cx1x1), floating point.
        layer: whose output it is; empty for the network itself.
        most: channels on the sheet; of more, those of the greatest mean magnitude.
        each: every channel by its own greatest magnitude, and not all by one that few numbers of those shown exceed.

    Raises:
        DataError: an output that is neither.
    """
    numbers = output.detach().cpu().float()
    place = f"layer {layer}" if layer else "the network itself"
    if numbers.ndim == 1 or (numbers.ndim == 3 and numbers.shape[1:].numel() == 1):
        return _vector_sheet(image, numbers.flatten(), place)
    if numbers.ndim != 3:
        shape = "x".join(map(str, output.shape)) or "a single number"
        raise DataError(f"maps (CxHxW) and vectors can be drawn, and layer {layer!r} gives {shape} for an image")
    return _map_sheet(image, numbers, place, most, each)


def _map_sheet(image: Image, maps: torch.Tensor, place: str, most: int, each: bool) -> bytes:
    chosen = strongest(maps.abs().mean((1, 2)), most)
    limit, signed = common_limit(maps[chosen]), bool((maps[chosen] < 0).any())
    channels, height, width = maps.shape
    tiles = [image]
    captions = [f"the image\n{image.shape[0]} x {image.shape[1]}"]
    for order, number in enumerate(chosen):
        if order and order % _ROW == 0:  # the image has the first column for itself
            tiles.append(np.full_like(image, 255))
            captions.append("")
        scale = greatest(maps[number]) if each else limit
        tiles.append((diverging if signed else shaded)(maps[number], scale))
        captions.append(f"{number} max {float(maps[number].max()):.3g}\nmean {float(maps[number].mean()):.3g}")
    title = f"{place}: {counted(len(chosen), channels, 'channel', 'those of the greatest mean magnitude')}"
    title += f" of {height} x {width}; {_legend(signed, limit, each)}"
    columns = min(len(tiles), _ROW + 1)
    side = tile_side(height, width, columns, _TILE)
    return plot_sheet(tiles, captions, title=title, columns=columns, tile=side, frame=True)


def _legend(signed: bool, limit: float, each: bool) -> str:
    scale = "at the channel's own greatest magnitude" if each else f"from {limit:.3g} on, for all"
    if signed:
        return f"{NEGATIVE} is negative, white 0, {POSITIVE} positive, full {scale}"
    return f"black is 0, white {scale}"


def _vector_sheet(image: Image, vector: torch.Tensor, place: str) -> bytes:
    high, _ = _BARS
    whole = np.hstack([_fitted(image, high), _bars(vector)])
    at = int(vector.nan_to_num(nan=-torch.inf).argmax())
    caption = f"the image, {image.shape[0]} x {image.shape[1]}; and the number that each unit gives"
    title = f"{place}: a vector of {len(vector):,}; greatest is {float(vector[at]):.3g} of unit {at}, "
    title += f"mean {float(vector.mean()):.3g}"
    return plot_sheet([whole], [caption], title=title, columns=1, tile=whole.shape[1])


def _fitted(image: Image, side: int) -> Image:
    """In the middle of a white square, SxSx3, enlarged pixel by pixel."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    fitted = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if scale >= 1 else cv2.INTER_AREA)
    paper = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - fitted.shape[0]) // 2, (side - fitted.shape[1]) // 2
    colours = np.atleast_3d(fitted)[:, :, : 3 if image.shape[2] > 2 else 1]  # without alpha
    paper[top : top + fitted.shape[0], left : left + fitted.shape[1]] = colours
    return paper


def _bars(vector: torch.Tensor) -> Image:
    """A bar a unit, upward in red and downward in blue: HxWx3 uint8."""
    high, wide = _BARS
    figure = Figure(figsize=(wide / _DPI, high / _DPI), dpi=_DPI, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.subplots()
    numbers = vector.numpy()
    axes.bar(np.arange(len(numbers)), numbers, width=0.9, color=np.where(numbers < 0, _BELOW, _ABOVE))
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlabel("unit")
    axes.grid(axis="y", alpha=0.3)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
