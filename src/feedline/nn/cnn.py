"""A small convolutional network for small images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from feedline.nn.demands import require_positive, require_shape


def cnn(input_shape: Sequence[int], classes: int, widths: Sequence[int] = (16, 32, 64)) -> nn.Sequential:
    """Stages of two 3x3 convolutions (batch norm, ReLU) and 2x2 max pooling, global average, one linear layer.

    NxCxHxW float32 -> N x ``classes`` logits, for images of at least 2**len(widths) pixels a side.

    Args:
        input_shape: (channels, height, width) of one image; the size only has to be large enough.
        classes: how many logits come out.
        widths: channels of each stage.

    Raises:
        ValueError: the shape is of no image, or one too small for so many stages; or there are no classes.
    """
    require_shape(input_shape, dimensions=3)
    require_positive(classes=classes)
    channels, height, width = input_shape
    least = 2 ** len(widths)
    if min(height, width) < least:
        raise ValueError(f"{len(widths)} stages need images of at least {least} pixels a side, not {height}x{width}")
    layers: list[nn.Module] = []
    for before, after in pairwise([channels, *widths]):
        layers += [*_convolution(before, after), *_convolution(after, after), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(widths[-1], classes))


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    ]
