"""torch's DataLoader with torchvision's usual pipeline: ImageFolder, Pillow, ToTensor, Normalize."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from peers.job import MEAN, SIDE, STD, WORKERS, Job, endless

NEEDS = ["torch", "torchvision"]
VARIANTS = {"2 workers": None}
CONVERTS = None


def stream(job: Job) -> Iterator[Any]:
    torch.manual_seed(job.seed)
    steps = transforms.Compose(
        [
            transforms.RandomResizedCrop(SIDE),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    loader = DataLoader(
        ImageFolder(job.source, steps),
        job.batch,
        shuffle=True,
        num_workers=WORKERS,
        drop_last=True,
        persistent_workers=True,
    )
    return endless(loader)
