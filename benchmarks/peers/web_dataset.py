"""WebDataset: eight tar files, torchvision's decoder, two processes of torch's DataLoader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import webdataset
from torch.utils.data import DataLoader

from peers.job import WORKERS, Job, endless
from peers.tensors import cropped_bytes, normalised

NEEDS = ["webdataset", "torch", "torchvision"]
VARIANTS = {"2 workers": None}
CONVERTS = "8 tar files"
SHARDS = 8


def converted(job: Job) -> list[str]:
    """The tar files, a sample after the other into each in turn; a file ``done`` says that they are whole."""
    folder = job.converted / "webdataset"
    names = [str(folder / f"{number:02}.tar") for number in range(SHARDS)]
    if (folder / "done").is_file():
        return names
    folder.mkdir(parents=True, exist_ok=True)
    writers = [webdataset.TarWriter(name) for name in names]
    for number, (path, label) in enumerate(job.shuffled()):
        sample = {"__key__": f"{number:06}", "jpg": Path(path).read_bytes(), "cls": label}
        writers[number % SHARDS].write(sample)
    for writer in writers:
        writer.close()
    (folder / "done").touch()
    return names


def loaded(sample: dict[str, Any]) -> tuple[Any, int]:
    return cropped_bytes(sample["jpg"]), int(sample["cls"])


def stream(job: Job) -> Iterator[Any]:
    torch.manual_seed(job.seed)
    torch.set_num_threads(1)
    samples = webdataset.WebDataset(converted(job), shardshuffle=SHARDS).shuffle(1000).map(loaded)
    batches = samples.batched(job.batch, partial=False)
    for images, labels in endless(DataLoader(batches, batch_size=None, num_workers=WORKERS, persistent_workers=True)):
        yield normalised(torch.as_tensor(images)), labels
