"""Contrast by what numbers there are: each channel's range, its histogram, or the histograms of tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline import native
from feedline.rng import Key
from feedline.transforms.base import Transform, as_pair, between, is_number, require, require_pair, require_share
from feedline.transforms.draft import Draft
from feedline.transforms.pointwise import top
from feedline.transforms.stage import stage
from feedline.types import Image

_BINS = 256


@dataclass(frozen=True)
class RandomAutocontrast(Transform):
    """Each colour stretched from black to white, with probability ``p``."""

    p: float = 0.5

    def __post_init__(self) -> None:
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            autocontrast(draft)


@dataclass(frozen=True)
class RandomEqualize(Transform):
    """Each colour's histogram made flat, with probability ``p``; see :func:`equalize`."""

    p: float = 0.5

    def __post_init__(self) -> None:
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        if key.uniform(operation, 1)[0] < self.p:
            equalize(draft)


@dataclass(frozen=True)
class CLAHE(Transform):
    """Local histograms made flat within a limit, with probability ``p``; see :func:`clahe`.

    Args:
        clip_limit: how far a bin may rise above the mean, at least 1: (least, most) between which it is drawn, or
            the most, where the least is 1.
        tile_grid_size: how many tiles (down, across).
        p: in 0..1.
    """

    clip_limit: float | tuple[float, float] = 4.0
    tile_grid_size: tuple[int, int] = (8, 8)
    p: float = 0.5

    def __post_init__(self) -> None:
        require_pair(self, "clip_limit")
        least, most = as_pair(self.clip_limit)
        if is_number(self.clip_limit):
            least = 1.0
        require(1 <= least <= most, self, "clip_limit must be (least, most), at least 1, or the most")
        object.__setattr__(self, "clip_limit", (float(least), float(most)))
        require_pair(self, "tile_grid_size", single=False)
        whole = all(side == int(side) and side >= 1 for side in self.tile_grid_size)
        require(whole, self, "tile_grid_size must be two whole numbers, at least 1")
        rows, columns = self.tile_grid_size
        object.__setattr__(self, "tile_grid_size", (int(rows), int(columns)))
        require_share(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        chosen, share = key.uniform(operation, 2)
        if chosen < self.p:
            clahe(draft, between(as_pair(self.clip_limit), share), self.tile_grid_size)


def autocontrast(draft: Draft) -> None:
    """Each colour's least number becomes black and its largest white; a flat channel stays."""
    stage(draft, "autocontrast", _stretched)


def equalize(draft: Draft) -> None:
    """Each colour's numbers spread so that its histogram of 256 bins is as flat as can be.

    16-bit and float images come out with 256 levels, as torchvision's do.
    """
    stage(draft, "equalize", _equalized)


def clahe(draft: Draft, clip_limit: float, tiles: tuple[int, int] = (8, 8)) -> None:
    """Histograms of tiles made flat, where none may rise by more than ``clip_limit``; colours by the L of Lab.

    K. Zuiderveld, "Contrast limited adaptive histogram equalization" (Graphics Gems IV, 1994), as OpenCV does it.
    16-bit and float images come out with 256 levels.

    Args:
        draft: of the picture.
        clip_limit: how often a bin may hold the mean of all bins.
        tiles: how many down and across.
    """
    rows, columns = tiles
    stage(draft, f"CLAHE {clip_limit:.2f}, {rows} x {columns} tiles", lambda image: _local(image, clip_limit, tiles))


def _stretched(image: Image) -> Image:
    low, high = image.min(0).min(0), image.max(0).max(0)
    if image.dtype.kind == "f":
        flat = low == high
        low, span = np.where(flat, 0, low), np.where(flat, 1, high - low)
        return np.clip((image - low) / span, 0.0, 1.0).astype(image.dtype, copy=False)
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return native.look_up(image, np.stack([_ramp(first, last, image.dtype) for first, last in pairs], -1))


def _ramp(low: int, high: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The table from ``low`` to ``high`` to the whole range of the type, rounded half up."""
    white = top(dtype)
    values = np.arange(white + 1, dtype=np.int64)
    if low < high:
        span = high - low
        values = (2 * (values - low).clip(0, span) * white + span) // (2 * span)
    return values.astype(dtype)


def _equalized(image: Image) -> Image:
    levels = _as_bytes(image)
    tables = np.stack([_flattening(levels[:, :, channel]) for channel in range(levels.shape[2])], -1)
    found = native.look_up(levels, tables)
    return found if image.dtype == np.uint8 else _from_bytes(found, image.dtype)


def _flattening(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pillow's table: each level is how many pixels are darker, in steps of a 255th of those that are not lightest."""
    counts = np.bincount(levels.ravel(), minlength=_BINS)
    step = (levels.size - counts[np.flatnonzero(counts)[-1]]) // (_BINS - 1)
    if step == 0:
        return np.arange(_BINS, dtype=np.uint8)
    darker = np.cumsum(counts) - counts
    table: NDArray[np.uint8] = np.minimum((darker + step // 2) // step, _BINS - 1).astype(np.uint8)
    return table


def _as_bytes(image: Image) -> NDArray[np.uint8]:
    """256 bins of the same width, as torchvision makes them."""
    if image.dtype.kind == "f":
        return (np.clip(image, 0.0, 1.0) * np.float32(_BINS - 0.001)).astype(np.uint8)
    return image if image.dtype == np.uint8 else (image >> 8).astype(np.uint8)


def _from_bytes(levels: NDArray[np.uint8], dtype: np.dtype[Any]) -> Image:
    """Black and white stay."""
    numbers: Image = levels.astype(dtype)
    if dtype.kind == "f":
        numbers /= _BINS - 1
    else:
        numbers *= top(dtype) // (_BINS - 1)
    return numbers


def _local(image: Image, clip_limit: float, tiles: tuple[int, int]) -> Image:
    equalizer = cv2.createCLAHE(clip_limit, tiles[::-1])
    levels = _as_bytes(image)
    if image.shape[2] == 1:
        found: Any = equalizer.apply(levels[:, :, 0])[:, :, None]
    else:
        lab = cv2.cvtColor(levels, cv2.COLOR_RGB2LAB)
        lab[:, :, 0] = equalizer.apply(lab[:, :, 0])
        found = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return found if image.dtype == np.uint8 else _from_bytes(found, image.dtype)
