"""torch's DataLoader over a folder of PNGs: ``__getitems__`` decodes a batch with pyspng, in two workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyspng
import torch
from torch.utils.data import DataLoader, Dataset

from peers.job import WORKERS, Job, endless

NEEDS = ["pyspng", "torch"]
VARIANTS = {"uint8 across": False, "floats in the workers": True}
CONVERTS = None


def normalised(images: torch.Tensor) -> torch.Tensor:
    return images.to(torch.float32).sub_(127.5).mul_(1 / 127.5)


def read(path: str) -> bytes:
    """The bytes of a file, without Python's file object, which takes longer than so small a file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 1 << 20)
    finally:
        os.close(handle)


class Pictures(Dataset[Any]):
    def __init__(self, paths: list[str], labels: list[int], floats: bool) -> None:
        self.paths, self.labels, self.floats = paths, torch.tensor(labels), floats

    def __len__(self) -> int:
        return len(self.paths)

    def __getitems__(self, indices: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        pictures = np.empty((len(indices), 1, 28, 28), np.uint8)
        for place, index in enumerate(indices):
            pictures[place, 0] = pyspng.load(read(self.paths[index])).reshape(28, 28)
        batch = torch.from_numpy(pictures)
        return normalised(batch) if self.floats else batch, self.labels[indices]


def as_it_is(batch: Any) -> Any:
    return batch


def stream(job: Job) -> Iterator[Any]:
    floats = VARIANTS[job.variant]
    torch.manual_seed(job.seed)
    torch.set_num_threads(1)
    loader = DataLoader(
        Pictures(job.paths(), job.labels(), floats),
        job.batch,
        shuffle=True,
        num_workers=WORKERS,
        collate_fn=as_it_is,
        drop_last=True,
        persistent_workers=True,
    )
    for images, labels in endless(loader):
        yield images if floats else normalised(images), labels
