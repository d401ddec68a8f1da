"""What is allowed and seldom meant: the warnings of layers that follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from feedline.nn.shapes.convolution import Conv, ConvTranspose
from feedline.nn.shapes.layer import Layer
from feedline.nn.shapes.plain import Elementwise, Linear, Norm
from feedline.nn.shapes.sizes import Shape


def neighbour_warnings(layers: Sequence[Layer], inputs: Sequence[Shape]) -> list[list[str]]:
    """Of each layer, what it does to no purpose because of the one behind it, or because it is the last.

    Args:
        layers: of the network.
        inputs: what comes into each.
    """
    found: list[list[str]] = [[] for _ in layers]
    for number, (layer, behind) in enumerate(pairwise(layers)):
        if _useless_bias(layer, behind, inputs[number]):
            found[number].append("its bias is useless: the norm behind it takes every mean away again (nobias)")
        if _collapses(layer, behind):
            found[number].append(f"nothing stands between it and {behind}: both together are one linear map (relu)")
    if layers and isinstance(layers[-1], Elementwise) and layers[-1].name == "softmax":
        found[-1].append("torch's CrossEntropyLoss has softmax in it: train without this one")
    return found


def _useless_bias(layer: Layer, behind: Layer, shape: Shape) -> bool:
    if not isinstance(behind, Norm) or behind.kind == "group":
        return False
    if isinstance(layer, Linear):  # on a picture it has a bias for each column, and the norm a mean for each channel
        return layer.bias and len(shape) == 1
    return isinstance(layer, Conv | ConvTranspose) and layer.bias


def _collapses(layer: Layer, behind: Layer) -> bool:
    if isinstance(layer, Linear):
        return isinstance(behind, Linear)
    return _mixes(layer) and _mixes(behind)


def _mixes(layer: Layer) -> bool:
    """Whether it is a convolution of all channels; parted ones stand beside others on purpose."""
    return isinstance(layer, Conv) and layer.filters is not None and layer.groups == 1
