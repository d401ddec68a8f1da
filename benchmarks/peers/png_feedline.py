"""feedline over a folder of PNGs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from feedline import transforms
from peers import feedline_float
from peers.job import Job

NEEDS = ["feedline"]
VARIANTS = {"threads": None}
CONVERTS = None


def stream(job: Job) -> Iterator[Any]:
    steps = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    return feedline_float.stream(job, steps, mode="L")
