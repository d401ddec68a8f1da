"""The weights that adversarial networks begin with."""

from __future__ import annotations

from torch import nn

STD = 0.02


def initialise(model: nn.Module) -> None:
    """Draws weights as DCGAN does (Radford et al., arXiv 1511.06434), in place, from torch's own generator.

    Weights of convolutions and transposed convolutions are N(0, 0.02), of batch and instance norm N(1, 0.02); biases
    of all of these are 0. Other layers are left as they are.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            _draw(module, mean=0.0)
        elif isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d)) and module.affine:
            _draw(module, mean=1.0)


def _draw(module: nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d | nn.InstanceNorm2d, mean: float) -> None:
    nn.init.normal_(module.weight, mean, STD)
    if module.bias is not None:
        nn.init.zeros_(module.bias)
