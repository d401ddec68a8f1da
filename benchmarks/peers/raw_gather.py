"""NumPy alone: images[indices] and labels[indices] of arrays in memory, in a new order each epoch, on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from peers.job import Job

NEEDS = ["numpy"]
VARIANTS = {"one thread": None}
CONVERTS = None


def stream(job: Job) -> Iterator[Any]:
    images = np.load(job.source)
    labels = np.load(job.source.with_name(f"{job.source.stem}.labels.npy"))
    generator = np.random.default_rng(job.seed)
    while True:
        order = generator.permutation(len(images))
        for begin in range(0, len(order) - job.batch + 1, job.batch):
            places = order[begin : begin + job.batch]
            yield images[places], labels[places]
