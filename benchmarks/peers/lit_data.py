"""LitData: chunks of JPEG bytes, torchvision's decoder, two worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from litdata import StreamingDataLoader, StreamingDataset, optimize

from peers.job import WORKERS, Job, endless
from peers.tensors import cropped_bytes, normalised

NEEDS = ["litdata", "torch", "torchvision"]
VARIANTS = {"2 workers": None}
CONVERTS = "chunks of 64 MB"


def stored(item: tuple[str, int]) -> dict[str, Any]:
    return {"image": Path(item[0]).read_bytes(), "label": item[1]}


def converted(job: Job) -> str:
    folder = job.converted / "litdata"
    if not (folder / "index.json").is_file():
        optimize(stored, job.shuffled(), str(folder), chunk_bytes="64MB", num_workers=1, verbose=False)
    return str(folder)


class Samples(StreamingDataset):
    def __getitem__(self, index: Any) -> tuple[Any, int]:
        sample = super().__getitem__(index)
        return cropped_bytes(sample["image"]), sample["label"]


def stream(job: Job) -> Iterator[Any]:
    torch.manual_seed(job.seed)
    torch.set_num_threads(1)
    samples = Samples(converted(job), shuffle=True, drop_last=True, seed=job.seed)
    loader = StreamingDataLoader(samples, batch_size=job.batch, num_workers=WORKERS, persistent_workers=True)
    for images, labels in endless(loader):
        yield normalised(images), labels
