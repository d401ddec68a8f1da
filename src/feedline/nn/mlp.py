"""The multilayer perceptron of every first course."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from feedline.nn.demands import require_positive, require_shape


def mlp(input_shape: Sequence[int], classes: int, hidden: Sequence[int] = (512, 512)) -> nn.Sequential:
    """Flatten, then fully connected layers with ReLU between them: NxCxHxW float32 -> N x ``classes`` logits.

    Args:
        input_shape: (channels, height, width) of one image, or of any other input.
        classes: how many logits come out.
        hidden: width of each hidden layer; none makes a linear model.

    Raises:
        ValueError: no shape, or no classes.

    For 1x28x28 and 10 classes it has 669,706 parameters: 401,920 + 262,656 + 5,130.
    """
    require_shape(input_shape)
    require_positive(classes=classes)
    widths = [math.prod(input_shape), *hidden]
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], classes))


def linear(input_shape: Sequence[int], classes: int) -> nn.Sequential:
    """One fully connected layer: the baseline that a network has to beat."""
    return mlp(input_shape, classes, hidden=())
