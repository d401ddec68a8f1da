"""Which normalisation stands behind a convolution."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

Norm = Literal["batch", "instance", "none"]


def norm_layers(norm: Norm, channels: int) -> list[nn.Module]:
    """The layers that normalise NxCxHxW: batch norm with weights, instance norm without, or none.

    Raises:
        ValueError: no normalisation of that name.
    """
    if norm not in get_args(Norm):
        raise ValueError(f"norm is one of {', '.join(get_args(Norm))}, not {norm!r}")
    if norm == "none":
        return []
    return [nn.BatchNorm2d(channels) if norm == "batch" else nn.InstanceNorm2d(channels)]
