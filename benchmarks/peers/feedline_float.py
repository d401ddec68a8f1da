"""feedline, as a user writes it: threads, float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import feedline
from feedline import transforms
from peers.job import SIDE, WORKERS, Job

NEEDS = ["feedline"]
VARIANTS = {"threads": None}
CONVERTS = None

STEPS = transforms.Compose(
    [
        transforms.RandomResizedCrop(SIDE),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize("imagenet"),
    ]
)


def stream(job: Job, steps: Any = STEPS, mode: Any = None) -> Iterator[Any]:
    return batches(feedline.open(str(job.source), transform=steps, mode=mode), job)


def batches(dataset: Any, job: Job) -> Iterator[Any]:
    loader = feedline.DataLoader(
        dataset, job.batch, shuffle=True, num_workers=WORKERS, seed=job.seed, drop_last=True, persistent_workers=True
    )
    epoch = 0
    while True:
        loader.set_epoch(epoch)
        yield from loader
        epoch += 1
