"""The weights of a layer as the pictures that it looks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from feedline.nn.named import named_layer, require_initialised

_WEIGHED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)


@dataclass(frozen=True)
class Filters:
    """Signed weights of one layer.

    Attributes:
        layer: its name in the model.
        weights: FxCxHxW float32, on the CPU: a copy.
    """

    layer: str
    weights: torch.Tensor


def filters(model: nn.Module, layer: str | None = None, input_shape: Sequence[int] | None = None) -> Filters:
    """What each filter of a convolution, or each unit of a first linear layer, multiplies pixels with.

    Of a transposed convolution a filter is what one input channel paints: F counts those, C the output's channels.

    Args:
        model: any network; nothing in it is changed.
        layer: a name of ``model.named_modules()``; without it the first 2-d convolution there (in the order in which
            layers were assigned, which need not be that of calls), or the first linear layer where there is none.
        input_shape: (channels, height, width) of an image, which a linear layer's weights are laid out as.

    Raises:
        ValueError: no such layer, one without filters, or a linear layer whose weights are not those of pixels.
    """
    require_initialised(model)
    name = first_layer(model) if layer is None else layer
    module = named_layer(model, name)
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        return Filters(name, _copied(module.weight))
    if isinstance(module, nn.Linear):
        return Filters(name, _units(model, name, module, input_shape))
    kind = type(module).__name__
    raise ValueError(f"filters are weights of a Conv2d, ConvTranspose2d or Linear, and layer {name!r} is a {kind}")


def first_layer(model: nn.Module) -> str:
    """The name of the first 2-d convolution, or of the first linear layer where there is none.

    Raises:
        ValueError: neither is there.
    """
    for kind in (nn.Conv2d, nn.Linear):
        for name, module in model.named_modules():
            if isinstance(module, kind):
                return str(name)
    raise ValueError(f"the {type(model).__name__} has no filters: neither a Conv2d nor a Linear is in it")


def _units(model: nn.Module, name: str, module: nn.Linear, input_shape: Sequence[int] | None) -> torch.Tensor:
    first = next(other for other, each in model.named_modules() if isinstance(each, _WEIGHED))
    if name != first:
        raise ValueError(f"only of the first layer are the inputs pixels: that is {first!r}, and {name!r} comes later")
    if input_shape is None:
        raise ValueError(f"layer {name!r} is linear: its weights are pictures only where input_shape is given")
    if len(input_shape) != 3 or math.prod(input_shape) != module.in_features:
        shape = "x".join(map(str, input_shape))
        raise ValueError(f"layer {name!r} takes {module.in_features:,} numbers, which no image of {shape} has")
    return _copied(module.weight).reshape(-1, *input_shape)


def _copied(weight: torch.Tensor) -> torch.Tensor:
    return weight.detach().to("cpu", torch.float32, copy=True)
