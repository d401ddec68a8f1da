"""feedline with uint8 batches, to be normalised on the device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedline import transforms
from peers import feedline_float
from peers.job import SIDE, Job

NEEDS = ["feedline"]
VARIANTS = {"threads": None}
CONVERTS = None

STEPS = transforms.Compose([transforms.RandomResizedCrop(SIDE), transforms.RandomHorizontalFlip()])


def stream(job: Job) -> Iterator[Any]:
    return feedline_float.stream(job, STEPS)
