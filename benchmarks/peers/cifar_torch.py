"""torch's DataLoader over images in memory, a batch at once by ``__getitems__`` in NumPy.

The images are padded once, before the first batch. A batch is one gather of windows; mirrored ones are copied over; then
floats are made by a table, or by three passes of torch over a sample at a time, in the worker or in the main process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch.utils.data import DataLoader, Dataset

from peers.job import MEAN, STD, WORKERS, Job, endless

NEEDS = ["torch", "numpy"]
CONVERTS = None


class Way(NamedTuple):
    workers: int = 0
    floats_in_worker: bool = True
    threads: int = 1


VARIANTS = {
    "2 workers, uint8 across": Way(WORKERS, floats_in_worker=False),
    "2 workers": Way(WORKERS),
    "no workers": Way(),
    "no workers, 2 threads": Way(threads=2),
}


def normalised(images: torch.Tensor) -> torch.Tensor:
    """uint8 NxHxWxC to float32 NxCxHxW, contiguous; the whole batch at once is fastest at this size."""
    mean = torch.tensor(MEAN).mul(255).view(3, 1, 1)
    scale = torch.tensor(STD).mul(255).view(3, 1, 1).reciprocal()
    floats = torch.empty((len(images), 3, 32, 32))
    return floats.copy_(images.permute(0, 3, 1, 2)).sub_(mean).mul_(scale)


class Images(Dataset[Any]):
    def __init__(self, file: str, floats: bool) -> None:
        with np.load(file) as arrays:
            padded = np.pad(arrays["images"], ((0, 0), (4, 4), (4, 4), (0, 0)))
            self.labels = torch.from_numpy(arrays["labels"])
        self.windows = sliding_window_view(padded, (32, 32), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        self.floats = floats

    def __len__(self) -> int:
        return len(self.windows)

    def __getitems__(self, indices: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        draw = np.random.default_rng(torch.randint(2**62, ()).item())
        places = draw.integers(0, 9, (2, len(indices)))
        images = self.windows[np.asarray(indices), places[0], places[1]]
        mirrored = draw.random(len(indices)) < 0.5
        images[mirrored] = images[mirrored, :, ::-1]
        batch = torch.from_numpy(images)
        return normalised(batch) if self.floats else batch, self.labels[indices]


def as_it_is(batch: Any) -> Any:
    return batch


def stream(job: Job) -> Iterator[Any]:
    way = VARIANTS[job.variant]
    torch.manual_seed(job.seed)
    torch.set_num_threads(way.threads)
    loader = DataLoader(
        Images(str(job.source), way.floats_in_worker),
        job.batch,
        shuffle=True,
        num_workers=way.workers,
        collate_fn=as_it_is,
        drop_last=True,
        persistent_workers=way.workers > 0,
    )
    for images, labels in endless(loader):
        yield images if way.floats_in_worker else normalised(images), labels
