"""Signed numbers as colours: what is zero is the same colour everywhere."""

from __future__ import annotations

import matplotlib
import numpy as np
import torch

from feedline.types import Image

NEGATIVE, POSITIVE = "blue", "red"  # of diverging()
_COLOURS = "RdBu_r"
_COMMON = 0.995


def greatest(values: torch.Tensor) -> float:
    """The greatest magnitude of those that are finite; 0 of nothing."""
    finite = values[values.isfinite()].abs()
    return float(finite.max()) if finite.numel() else 0.0


def common_limit(values: torch.Tensor) -> float:
    """The magnitude that 1 in 200 of those that are finite exceed: one bright pixel does not make all others dark."""
    finite = values[values.isfinite()].abs().numpy()
    return (float(np.quantile(finite, _COMMON)) if finite.size else 0.0) or greatest(values)


def diverging(values: torch.Tensor, limit: float) -> Image:
    """HxW -> HxWx3 uint8: blue at -limit, white at 0, red at limit; what is no number is black."""
    shares = np.ma.masked_invalid(_shares(values, limit))
    palette = matplotlib.colormaps[_COLOURS].with_extremes(bad="black")
    return np.ascontiguousarray(palette(shares, bytes=True)[:, :, :3])


def around_grey(values: torch.Tensor, limit: float) -> Image:
    """3xHxW (red, green, blue) -> HxWx3 uint8: grey at 0, a channel full at limit; what is no number is black."""
    shares = np.nan_to_num(_shares(values, limit), nan=0.0).transpose(1, 2, 0)
    return np.ascontiguousarray(np.floor(shares * 255 + 0.5).astype(np.uint8))


def shaded(values: torch.Tensor, limit: float) -> Image:
    """HxW of numbers from 0 on -> HxWx3 uint8: black at 0, white at limit; what is no number is black."""
    shares = np.clip(np.nan_to_num(values.double().numpy() / (limit or 1.0), nan=0.0), 0, 1)
    return np.repeat(np.floor(shares * 255 + 0.5).astype(np.uint8)[:, :, None], 3, 2)


def _shares(values: torch.Tensor, limit: float) -> Image:
    """0 at -limit, 1/2 at 0, 1 at limit; what is beyond is there too."""
    return np.asarray(np.clip(0.5 + values.double().numpy() / (2 * (limit or 1.0)), 0, 1))
