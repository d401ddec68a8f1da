"""A network from its name: what a command line and a checkpoint can say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from feedline.nn.cnn import cnn
from feedline.nn.mlp import linear, mlp

MODELS: dict[str, Callable[[Sequence[int], int], nn.Module]] = {"cnn": cnn, "linear": linear, "mlp": mlp}


def build(name: str, input_shape: Sequence[int], classes: int) -> nn.Module:
    """The network called ``name`` for images of (channels, height, width).

    Raises:
        ValueError: no network of that name, or images that it cannot take.
    """
    if name not in MODELS:
        raise ValueError(f"no model is called {name!r}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name](input_shape, classes)
