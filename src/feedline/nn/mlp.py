"""The multilayer perceptron of every first course."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def mlp(input_shape: Sequence[int], classes: int, hidden: Sequence[int] = (512, 512)) -> nn.Sequential:
    """Flatten, then fully connected layers with ReLU between them: NxCxHxW float32 -> N x ``classes`` logits.

    Args:
        input_shape: (channels, height, width) of one image.
        classes: how many logits come out.
        hidden: width of each hidden layer; none makes a linear model.

    For 1x28x28 and 10 classes it has 669,706 parameters: 401,920 + 262,656 + 5,130.
    """
    widths = [math.prod(input_shape), *hidden]
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], classes))


def linear(input_shape: Sequence[int], classes: int) -> nn.Sequential:
    """One fully connected layer: the baseline that a network has to beat."""
    return mlp(input_shape, classes, hidden=())
