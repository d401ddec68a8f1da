"""torch's DataLoader over images in memory, a batch at once by ``__getitems__`` in NumPy.

The images are padded once, before the first batch. A batch is one gather of windows; mirrored ones are copied over;
then floats are made by NumPy (channels last in memory, as feedline does) or by torch (channels first).
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
    numpy_floats: bool = True
    threads: int = 1


VARIANTS = {
    "no workers": Way(),
    "2 workers": Way(WORKERS),
    "2 workers, uint8 across": Way(WORKERS, floats_in_worker=False),
    "no workers, torch's floats": Way(numpy_floats=False),
    "no workers, torch's floats, 2 threads": Way(numpy_floats=False, threads=2),
}
_SCALE = 1 / (255 * np.array(STD, np.float32))
_SHIFT = -255 * np.array(MEAN, np.float32) * _SCALE
_ROW_SCALE, _ROW_SHIFT = np.tile(_SCALE, 1024), np.tile(_SHIFT, 1024)


def in_numpy(images: Any) -> torch.Tensor:
    """uint8 NxHxWxC to float32 NxCxHxW: an image is one row of numbers, so that NumPy's inner loops are long."""
    floats = np.empty((len(images), 3072), np.float32)
    for row, place in zip(images.reshape(len(images), 3072), floats, strict=True):
        np.multiply(row, _ROW_SCALE, out=place)
        np.add(place, _ROW_SHIFT, out=place)
    return torch.from_numpy(floats).view(-1, 32, 32, 3).permute(0, 3, 1, 2)


def in_torch(images: Any) -> torch.Tensor:
    """uint8 NxHxWxC to float32 NxCxHxW, contiguous."""
    floats = torch.empty((len(images), 3, 32, 32))
    floats.copy_(torch.from_numpy(images).permute(0, 3, 1, 2))
    return floats.mul_(torch.from_numpy(_SCALE).view(3, 1, 1)).add_(torch.from_numpy(_SHIFT).view(3, 1, 1))


class Images(Dataset[Any]):
    def __init__(self, file: str, floats: Any) -> None:
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
        return self.floats(images), self.labels[indices]


def as_it_is(batch: Any) -> Any:
    return batch


def stream(job: Job) -> Iterator[Any]:
    way = VARIANTS[job.variant]
    torch.manual_seed(job.seed)
    torch.set_num_threads(way.threads)
    floats = in_numpy if way.numpy_floats else in_torch
    loader = DataLoader(
        Images(str(job.source), floats if way.floats_in_worker else torch.from_numpy),
        job.batch,
        shuffle=True,
        num_workers=way.workers,
        collate_fn=as_it_is,
        drop_last=True,
        persistent_workers=way.workers > 0,
    )
    for images, labels in endless(loader):
        yield images if way.floats_in_worker else floats(images.numpy()), labels
