"""The best of torch's DataLoader: decode_jpeg and v2 on uint8 tensors in two processes, normalised a batch at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torchvision
from torch.utils.data import DataLoader, Dataset

from peers.job import WORKERS, Job, endless
from peers.tensors import cropped, cropped_bytes, normalised

NEEDS = ["torch", "torchvision"]
CONVERTS = None


class Way(NamedTuple):
    threads: int = 1
    torchvision_reads: bool = True
    prefetch: int = 2
    sharing: str = "file_descriptor"


VARIANTS = {
    "read_file, 1 thread": Way(),
    "read_file, 2 threads": Way(threads=2),
    "open, 1 thread": Way(torchvision_reads=False),
    "read_file, 1 thread, prefetch 4": Way(prefetch=4),
    "read_file, 1 thread, file_system": Way(sharing="file_system"),
}


class Files(Dataset[Any]):
    def __init__(self, paths: list[str], labels: list[int], torchvision_reads: bool) -> None:
        self.paths, self.labels, self.torchvision_reads = paths, labels, torchvision_reads

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        path = self.paths[index]
        if self.torchvision_reads:
            return cropped(torchvision.io.read_file(path)), self.labels[index]
        return cropped_bytes(Path(path).read_bytes()), self.labels[index]


def stream(job: Job) -> Iterator[Any]:
    way = VARIANTS[job.variant]
    torch.manual_seed(job.seed)
    torch.set_num_threads(way.threads)
    torch.multiprocessing.set_sharing_strategy(way.sharing)
    loader = DataLoader(
        Files(job.paths(), job.labels(), way.torchvision_reads),
        job.batch,
        shuffle=True,
        num_workers=WORKERS,
        drop_last=True,
        persistent_workers=True,
        prefetch_factor=way.prefetch,
    )
    for images, labels in endless(loader):
        yield normalised(images), labels
