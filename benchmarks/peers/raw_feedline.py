"""feedline from a store of raw pixels, as they are: uint8."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peers import store_feedline
from peers.job import Job

NEEDS = ["feedline", "pyarrow"]
VARIANTS = {store_feedline.PLAIN: None}
CONVERTS = "a store of raw pixels"


def stream(job: Job) -> Iterator[Any]:
    return store_feedline.stream(job, None)
