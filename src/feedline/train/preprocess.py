"""What images go through on their way to a network, where nobody said otherwise."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from feedline.transforms import CenterCrop, Compose, Normalize, RandomAffine, RandomHorizontalFlip, Resize, ToTensor
from feedline.transforms.showable import unnormalized
from feedline.types import Image

Augment = Literal["none", "light", "flip"]


def evaluation_transform(size: int) -> Compose:
    """Shorter side to ``size``, the middle square, numbers in -1..1: CxSxS float32."""
    return Compose([Resize(size), CenterCrop(size), ToTensor(), Normalize(0.5, 0.5)])


def training_transform(size: int, augment: Augment = "light") -> Compose:
    """As for evaluation, with images moved first: "light" turns by up to 10 degrees, shifts and scales by up to 10 %.

    "flip" also mirrors half of them, which suits photographs and spoils letters; "none" leaves them as they are.
    """
    moved: list[RandomAffine | RandomHorizontalFlip] = []
    if augment in ("light", "flip"):
        moved.append(RandomAffine(10, translate=(0.1, 0.1), scale=(0.9, 1.1)))
    if augment == "flip":
        moved.append(RandomHorizontalFlip())
    return Compose([Resize(size), CenterCrop(size), *moved, ToTensor(), Normalize(0.5, 0.5)])


def showable(images: torch.Tensor, transform: Compose) -> Image:
    """A batch as the network saw it, NxCxHxW float, back to NxHxWxC uint8 for showing."""
    images = unnormalized(images, transform.transforms)
    pixels = images.detach().cpu().clamp(0, 1).mul(255).round().to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).numpy())
