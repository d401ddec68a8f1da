"""Grain's MapDataset with torchvision's decoder, in threads or processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grain
import numpy as np
import torch
import torchvision

from peers.job import WORKERS, Job
from peers.tensors import cropped, normalised

NEEDS = ["grain", "torch", "torchvision"]
VARIANTS = {"2 threads": False, "2 processes": True}
CONVERTS = None


def loaded(item: tuple[str, int]) -> tuple[Any, int]:
    return cropped(torchvision.io.read_file(item[0])).contiguous().numpy(), item[1]


def one_thread(_worker: int, _workers: int) -> None:
    torch.set_num_threads(1)


class Items:
    def __init__(self, job: Job) -> None:
        self.items = list(zip(job.paths(), job.labels(), strict=True))

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[str, int]:
        return self.items[index]


def stream(job: Job) -> Iterator[Any]:
    torch.set_num_threads(1)
    samples = grain.MapDataset.source(Items(job)).seed(job.seed).shuffle().repeat().map(loaded)
    reading = grain.ReadOptions(num_threads=1 if VARIANTS[job.variant] else WORKERS, prefetch_buffer_size=64)
    batches = samples.to_iter_dataset(reading).batch(job.batch, drop_remainder=True)
    if VARIANTS[job.variant]:
        options = grain.MultiprocessingOptions(num_workers=WORKERS, per_worker_buffer_size=2)
        batches = batches.mp_prefetch(options, worker_init_fn=one_thread)
    for images, labels in batches:
        yield normalised(torch.from_numpy(np.asarray(images))), labels
