"""What pooling keeps of a picture and what it loses, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from feedline.train.plots import plot_sheet
from feedline.train.pooling_words import in_numbers, levels_of, loss
from feedline.types import Image

_TILE = 280
_UNREAD = 255  # paper: rows and columns that fill no window
_FRAME = 128


class Kept(Protocol):
    """What ``feedline.nn.pooled`` gives, of a picture of levels 0 to 255."""

    @property
    def kernel(self) -> int: ...
    @property
    def maximum(self) -> torch.Tensor: ...
    @property
    def average(self) -> torch.Tensor: ...
    @property
    def global_maximum(self) -> torch.Tensor: ...
    @property
    def global_average(self) -> torch.Tensor: ...


def pooling_sheet(image: Image, results: Sequence[Kept], name: str) -> bytes:
    """The picture and what is left of it, enlarged again to its size, with what differs, as PNG.

    First the picture, and a patch of colour for global max and for global average pooling; then for each kernel max
    pooling, its difference to the picture, average pooling, its difference.

    Args:
        image: HxWxC uint8, of 1 or 3 channels.
        results: one a kernel, of the picture as CxHxW numbers of 0 to 255.
        name: of the picture, for the title.
    """
    height, width, channels = image.shape
    tiles = [image, *(_patch(image, numbers) for numbers in (results[0].global_maximum, results[0].global_average))]
    captions = [
        f"{name}\n{height} x {width} x {channels} = {image.size:,} numbers",
        f"global max pooling: {levels_of(results[0].global_maximum)}",
        f"global average pooling: {levels_of(results[0].global_average)}",
        "",
    ]
    tiles.append(np.full_like(image, _UNREAD))
    for result in results:
        for word, numbers in (("max", result.maximum), ("average", result.average)):
            enlarged = _enlarged(numbers, result.kernel)
            tiles += [_on_paper(enlarged, image), _on_paper(_difference(image, enlarged) + 128, image)]
            captions += [in_numbers(word, numbers, result.kernel, image), loss(image, enlarged)]
    title = "what pooling keeps, and right of each its difference to the picture (grey: none; lighter: brighter); "
    title += "off by: mean absolute difference, in levels of 0 to 255"
    return plot_sheet(tiles, captions, title=title, columns=4, tile=_TILE, frame=True)


def _patch(image: Image, numbers: torch.Tensor) -> Image:
    """One colour, as large as the picture, in a frame: it may be white as the paper."""
    patch = np.full(image.shape, _FRAME, np.uint8)
    height, width = image.shape[:2]
    edge = 1 + max(height, width) // _TILE if min(height, width) > 2 else 0
    patch[edge : height - edge, edge : width - edge] = _whole(numbers.numpy())
    return patch


def _enlarged(numbers: torch.Tensor, kernel: int) -> Image:
    """CxHxW -> float (H * kernel) x (W * kernel) x C: each number as large as its window was."""
    larger = numbers.repeat_interleave(kernel, 1).repeat_interleave(kernel, 2)
    return np.asarray(larger.permute(1, 2, 0).numpy())


def _difference(image: Image, enlarged: Image) -> Image:
    """Where windows were: positive where pooling made it brighter."""
    return np.asarray(enlarged - image[: enlarged.shape[0], : enlarged.shape[1]])


def _on_paper(numbers: Image, image: Image) -> Image:
    """At its place in a picture of the image's size."""
    paper = np.full(image.shape, _UNREAD, np.uint8)
    paper[: numbers.shape[0], : numbers.shape[1]] = _whole(numbers)
    return paper


def _whole(numbers: Image) -> Image:
    return np.clip(np.floor(numbers + 0.5), 0, 255).astype(np.uint8)
