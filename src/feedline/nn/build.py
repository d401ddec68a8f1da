"""A network from its name: what a command line and a checkpoint can say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from feedline.nn.cnn import cnn
from feedline.nn.mlp import linear, mlp
from feedline.nn.norm import Norm
from feedline.nn.unet import UNet, unet_32, unet_64, unet_128, unet_256

MODELS: dict[str, Callable[[Sequence[int], int], nn.Module]] = {"cnn": cnn, "linear": linear, "mlp": mlp}
GENERATORS: dict[str, Callable[..., UNet]] = {
    "unet_32": unet_32,
    "unet_64": unet_64,
    "unet_128": unet_128,
    "unet_256": unet_256,
}


def build(name: str, input_shape: Sequence[int], classes: int) -> nn.Module:
    """The network called ``name`` for images of (channels, height, width).

    Raises:
        ValueError: no network of that name, or images that it cannot take.
    """
    if name not in MODELS:
        raise ValueError(f"no model is called {name!r}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name](input_shape, classes)


def generator(
    name: str,
    in_channels: int,
    out_channels: int,
    *,
    width: float = 1.0,
    norm: Norm = "batch",
    dropout: float = 0.5,
) -> UNet:
    """The network called ``name`` that makes images of images: NxCxHxW float32 -> NxKxHxW float32 from -1 to 1.

    Args:
        name: one of ``GENERATORS``.
        in_channels, out_channels: of the images that go in and come out.
        width: a factor for all numbers of filters.
        norm: ``"batch"``, ``"instance"`` or ``"none"``.
        dropout: the share that is dropped in training.

    Raises:
        ValueError: no network of that name, or an argument that it cannot take.
    """
    if name not in GENERATORS:
        raise ValueError(f"no generator is called {name!r}; there are {', '.join(GENERATORS)}")
    return GENERATORS[name](in_channels, out_channels, width=width, norm=norm, dropout=dropout)
