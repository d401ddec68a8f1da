"""Who is making this sample."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from torch.utils.data import get_worker_info as torch_worker_info

_here = threading.local()


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker thread, with the attributes of torch's description of a worker process."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


def get_worker_info() -> Any:
    """The worker that runs this code: id, num_workers, seed and dataset; None outside of workers.

    In a worker process it is what torch's function of this name tells. In a worker thread, of which torch's knows
    nothing, the dataset is the one that all threads share, and the seed is that of the pass: no global generator
    was seeded with it.
    """
    return getattr(_here, "info", None) or torch_worker_info()


def enter_thread(number: int, num_workers: int, seed: int, dataset: Any) -> None:
    """Says, in a worker thread that begins, who it is."""
    _here.info = WorkerInfo(id=number, num_workers=num_workers, seed=seed, dataset=dataset)
