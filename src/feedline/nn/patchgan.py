"""The discriminator of pix2pix: it judges patches (Isola et al., arXiv 1611.07004)."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from feedline.nn.demands import require_positive
from feedline.nn.initialise import initialise
from feedline.nn.norm import Norm, norm_layers
from feedline.nn.widths import widths_of


def patchgan(
    in_channels: int,
    *,
    layers: int = 3,
    width: float = 1.0,
    norm: Norm = "batch",
    size: tuple[int, int] | None = None,
) -> nn.Sequential:
    """NxCxHxW float32 -> Nx1xhxw logits: above 0 where a patch seems real. There is no sigmoid.

    ``layers`` 4x4 convolutions with stride 2, two with stride 1, weights drawn by :func:`feedline.nn.initialise`. 3 of
    them see 70x70 pixels and give 30x30 logits on 256x256; on 6 channels (input and output of a generator with 3 each)
    they have 2,768,705 parameters. 0 judges each pixel by itself, with 1x1 convolutions.

    Args:
        in_channels: of what is judged: with a condition, its channels and the image's.
        layers: how often the size is halved.
        width: a factor for the numbers of filters: 64, 128, 256, 512, 512, ...
        norm: ``"batch"``, ``"instance"`` (without weights; the convolutions have biases then) or ``"none"``.
        size: (height, width) of the images, where it is known: checked against :func:`least_size`.

    Raises:
        ValueError: an argument is none of these, or ``size`` is too small for so many layers.
    """
    require_positive(in_channels=in_channels)
    least = least_size(layers)
    if size is not None and min(size) < least:
        raise ValueError(f"{layers} layers judge images of at least {least} pixels a side, not {size[0]}x{size[1]}")
    stages = _patches(in_channels, layers, width, norm) if layers else _pixels(in_channels, width, norm)
    model = nn.Sequential(*stages)
    initialise(model)
    return model


def least_size(layers: int) -> int:
    """How many pixels a side an image needs, for :func:`patchgan` of so many layers to give a logit.

    Raises:
        ValueError: a negative number of layers.
    """
    if layers < 0:
        raise ValueError(f"layers is how often the size is halved, 0 or more, not {layers}")
    return 3 * 2**layers if layers else 1


def _patches(in_channels: int, layers: int, width: float, norm: Norm) -> list[nn.Module]:
    widths = widths_of(layers + 1, width)
    stages: list[nn.Module] = [nn.Conv2d(in_channels, widths[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
    for level, (before, after) in enumerate(pairwise(widths), start=1):
        stride = 2 if level < layers else 1
        stages.append(nn.Conv2d(before, after, 4, stride, padding=1, bias=norm != "batch"))
        stages += [*norm_layers(norm, after), nn.LeakyReLU(0.2)]
    return [*stages, nn.Conv2d(widths[-1], 1, 4, stride=1, padding=1)]


def _pixels(in_channels: int, width: float, norm: Norm) -> list[nn.Module]:
    first, second = widths_of(2, width)
    return [
        nn.Conv2d(in_channels, first, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(first, second, 1, bias=norm != "batch"),
        *norm_layers(norm, second),
        nn.LeakyReLU(0.2),
        nn.Conv2d(second, 1, 1),
    ]
