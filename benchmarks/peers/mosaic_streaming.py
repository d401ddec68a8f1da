"""Streaming: MDS shards of JPEG bytes, torchvision's decoder, two processes of torch's DataLoader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from streaming import MDSWriter, StreamingDataset
from torch.utils.data import DataLoader

from peers.job import WORKERS, Job, endless
from peers.tensors import cropped_bytes, normalised

NEEDS = ["streaming", "torch", "torchvision"]
VARIANTS = {"2 workers": None}
CONVERTS = "MDS shards"


def converted(job: Job) -> str:
    folder = job.converted / "streaming"
    if not (folder / "index.json").is_file():
        with MDSWriter(out=str(folder), columns={"image": "bytes", "label": "int"}) as writer:
            for path, label in job.shuffled():
                writer.write({"image": Path(path).read_bytes(), "label": label})
    return str(folder)


class Samples(StreamingDataset):
    def __getitem__(self, index: Any) -> tuple[Any, int]:
        sample = super().__getitem__(index)
        return cropped_bytes(sample["image"]), sample["label"]


def stream(job: Job) -> Iterator[Any]:
    torch.manual_seed(job.seed)
    torch.set_num_threads(1)
    samples = Samples(local=converted(job), shuffle=True, batch_size=job.batch, shuffle_seed=job.seed)
    loader = DataLoader(samples, job.batch, num_workers=WORKERS, drop_last=True, persistent_workers=True)
    for images, labels in endless(loader):
        yield normalised(images), labels
