"""The generator of pix2pix: a U-Net, from images to images (Isola et al., arXiv 1611.07004)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import pad

from feedline.nn.demands import require_positive
from feedline.nn.initialise import initialise
from feedline.nn.norm import Norm, norm_layers
from feedline.nn.widths import widths_of

FULL = 4  # the outermost layer, counted from 0, whose decoder gives 512 filters
NOISY = 3  # how many decoder layers have dropout, at most


class UNet(nn.Module):
    """Halves the image ``depth`` times and doubles it as often, each size of the way down joined on the way up.

    NxCxHxW float32 -> NxKxHxW float32 from -1 to 1, for images of any size: where a side is no multiple of
    2**depth, its edges are repeated on both sides (the odd pixel at the bottom or right) and cut off the output.

    Args:
        encoder: layers that halve, from the image on.
        decoder: as many that double; each but the first takes the layer before it and the encoder's output of its
            size, joined by channels.
    """

    def __init__(self, encoder: list[nn.Module], decoder: list[nn.Module]) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(encoder)
        self.decoder = nn.ModuleList(decoder)
        self.multiple = 2 ** len(encoder)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        height, width = images.shape[-2:]
        (top, bottom), (left, right) = _margins(height, self.multiple), _margins(width, self.multiple)
        if top or bottom or left or right:
            images = pad(images, (left, right, top, bottom), mode="replicate")
        return self._translate(images)[..., top : top + height, left : left + width]

    def _translate(self, images: torch.Tensor) -> torch.Tensor:
        passed = [images]
        for down in self.encoder:
            passed.append(down(passed[-1]))
        first, *others = self.decoder
        output: torch.Tensor = first(passed.pop())
        for up in others:
            output = up(torch.cat([passed.pop(), output], dim=1))
        return output


def unet(
    in_channels: int,
    out_channels: int,
    *,
    depth: int,
    width: float = 1.0,
    norm: Norm = "batch",
    dropout: float = 0.5,
) -> UNet:
    """A U-Net of 4x4 convolutions with stride 2, weights drawn by :func:`feedline.nn.initialise`.

    The encoder has 64, 128, 256, 512, 512, ... filters, the decoder the same backwards. No norm on the outermost
    layers nor on the innermost of the encoder: what is left of a 256x256 image is a single pixel there, and its norm
    would be zero. In training the first three decoder layers of 512 filters have dropout, which is the noise.

    Args:
        in_channels, out_channels: of the images that go in and come out.
        depth: how often the size is halved: 8 makes one pixel of 256x256.
        width: a factor for all numbers of filters.
        norm: ``"batch"``, ``"instance"`` (without weights; the convolutions have biases then) or ``"none"``.
        dropout: the share that is dropped.

    Raises:
        ValueError: channels below 1, or a ``depth``, ``width`` or ``norm`` that is none of these.
    """
    require_positive(in_channels=in_channels, out_channels=out_channels)
    if depth < 2:
        raise ValueError(f"depth is how often the size is halved, at least 2, not {depth}")
    widths = widths_of(depth, width)
    noisy = range(FULL, depth)[-NOISY:]
    encoder: list[nn.Module] = [_first(in_channels, widths[0], norm)]
    decoder: list[nn.Module] = [_last(2 * widths[0], out_channels)]
    for level in range(1, depth):
        outer, inner = widths[level - 1], widths[level]
        innermost = level == depth - 1
        encoder.append(_down(outer, inner, norm, innermost))
        decoder.append(_up(inner if innermost else 2 * inner, outer, norm, dropout if level in noisy else 0.0))
    model = UNet(encoder, decoder[::-1])
    initialise(model)
    return model


def unet_256(
    in_channels: int = 3, out_channels: int = 3, *, width: float = 1.0, norm: Norm = "batch", dropout: float = 0.5
) -> UNet:
    """The U-Net for 256x256 pixels: 54,413,955 parameters for 3 channels to 3."""
    return unet(in_channels, out_channels, depth=8, width=width, norm=norm, dropout=dropout)


def unet_128(
    in_channels: int = 3, out_channels: int = 3, *, width: float = 1.0, norm: Norm = "batch", dropout: float = 0.5
) -> UNet:
    """The U-Net for 128x128 pixels: 41,828,995 parameters for 3 channels to 3."""
    return unet(in_channels, out_channels, depth=7, width=width, norm=norm, dropout=dropout)


def unet_64(
    in_channels: int = 3, out_channels: int = 3, *, width: float = 1.0, norm: Norm = "batch", dropout: float = 0.5
) -> UNet:
    """The U-Net for 64x64 pixels: 29,244,035 parameters for 3 channels to 3."""
    return unet(in_channels, out_channels, depth=6, width=width, norm=norm, dropout=dropout)


def unet_32(
    in_channels: int = 3, out_channels: int = 3, *, width: float = 1.0, norm: Norm = "batch", dropout: float = 0.5
) -> UNet:
    """The U-Net for 32x32 pixels: 16,659,075 parameters for 3 channels to 3."""
    return unet(in_channels, out_channels, depth=5, width=width, norm=norm, dropout=dropout)


def _first(before: int, after: int, norm: Norm) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 4, stride=2, padding=1, bias=norm != "batch"))


def _down(before: int, after: int, norm: Norm, innermost: bool) -> nn.Sequential:
    halving = nn.Conv2d(before, after, 4, stride=2, padding=1, bias=norm != "batch")
    return nn.Sequential(nn.LeakyReLU(0.2), halving, *([] if innermost else norm_layers(norm, after)))


def _up(before: int, after: int, norm: Norm, dropout: float) -> nn.Sequential:
    doubling = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=norm != "batch")
    noise = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(nn.ReLU(), doubling, *norm_layers(norm, after), *noise)


def _last(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.Tanh())


def _margins(size: int, multiple: int) -> tuple[int, int]:
    """How many pixels are added before and behind ``size`` to make it a multiple."""
    missing = -size % multiple
    return missing // 2, missing - missing // 2
