"""feedline over a memory-mapped npz, which is in the page cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedline import transforms
from peers import feedline_float
from peers.job import MEAN, STD, Job

NEEDS = ["feedline"]
VARIANTS = {"threads": None}
CONVERTS = None

STEPS = transforms.Compose(
    [
        transforms.RandomCrop(32, padding=4),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ]
)


def stream(job: Job) -> Iterator[Any]:
    return feedline_float.stream(job, STEPS)
