"""The fastest crop of a JPEG that torchvision has, and torch's normalising of a batch: parts of several peers."""

from __future__ import annotations

from typing import Any

import torch
import torchvision
from torchvision.transforms import v2

from peers.job import MEAN, SIDE, STD

AUGMENT = v2.Compose([v2.RandomResizedCrop(SIDE, antialias=True), v2.RandomHorizontalFlip()])


def cropped(data: torch.Tensor) -> Any:
    """A JPEG's bytes to 3x224x224 uint8."""
    return AUGMENT(torchvision.io.decode_jpeg(data, mode=torchvision.io.ImageReadMode.RGB))


def cropped_bytes(data: bytes | bytearray) -> Any:
    return cropped(torch.frombuffer(bytearray(data), dtype=torch.uint8))


def normalised(images: torch.Tensor) -> torch.Tensor:
    """uint8 to normalised float32: sample by sample, so that each is in the cache through the three passes."""
    mean = torch.tensor(MEAN).mul(255).view(3, 1, 1)
    scale = torch.tensor(STD).mul(255).view(3, 1, 1).reciprocal()
    out = torch.empty(images.shape, dtype=torch.float32)
    for image, place in zip(images, out, strict=True):
        place.copy_(image).sub_(mean).mul_(scale)
    return out
