"""feedline's DataLoader beside torch's: python benchmarks/loader.py [--pairs 15].

Each figure is a ratio of rates, feedline / torch, above 1 where feedline is faster: measured in pairs, one after the
other in turn, in one run; the table has the median pair and the quartiles. Samples are in memory, so that nothing but
the loaders is measured.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import Dataset

from feedline import DataLoader, __version__


class Images(Dataset[Any]):
    """``count`` samples of (uint8 tensor, int), of which a few are really different."""

    def __init__(self, count: int, side: int, channels: int) -> None:
        generator = torch.Generator().manual_seed(0)
        shape = (8, channels, side, side)
        self.images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.images[index % 8], index % 10


Make = Callable[..., Any]


def rate(make: Make, dataset: Images, batch_size: int, **options: Any) -> float:
    """Batches a second of a whole pass behind its first batch."""
    batches = iter(make(dataset, batch_size=batch_size, num_workers=2, **options))
    next(batches)
    begun, count = time.perf_counter(), 0
    for _images, _labels in batches:
        count += 1
    return count / (time.perf_counter() - begun)


def first(make: Make, dataset: Images, batch_size: int, **options: Any) -> float:
    """One over the seconds from ``iter`` to the first batch."""
    begun = time.perf_counter()
    batches = iter(make(dataset, batch_size=batch_size, num_workers=2, **options))
    next(batches)
    seconds = time.perf_counter() - begun
    del batches
    return 1 / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    pairs = parser.parse_args().pairs
    tiny, large = Images(512 * 60, 32, 3), Images(32 * 60, 448, 3)
    cases = [
        ("first batch, 2 processes", first, tiny, 512, "process"),
        ("first batch, 2 threads", first, tiny, 512, "thread"),
        ("32x32x3, batch 512, 2 processes", rate, tiny, 512, "process"),
        ("32x32x3, batch 512, 2 threads", rate, tiny, 512, "thread"),
        ("600 kB, batch 32, 2 processes", rate, large, 32, "process"),
        ("600 kB, batch 32, 2 threads", rate, large, 32, "thread"),
    ]
    print(
        f"feedline {__version__}, torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}"
    )
    print(f"{torch.get_num_threads()} cores; {pairs} pairs; feedline / torch (torch: 2 processes), above 1 is faster")
    print(f"{'case':<34} {'median':>7} {'quartiles':>15}   torch")
    for name, measure, dataset, batch_size, kind in cases:
        ratios, torchs = [], []
        for pair in range(pairs + 1):
            theirs = measure(TorchDataLoader, dataset, batch_size)
            ours = measure(DataLoader, dataset, batch_size, worker_type=kind)
            if pair:  # the first one warms up
                ratios.append(ours / theirs)
                torchs.append(theirs)
        low, median, high = statistics.quantiles(ratios, n=4)
        print(f"{name:<34} {median:>7.2f} {low:>7.2f}-{high:<7.2f}   {statistics.median(torchs):,.1f} / s", flush=True)


if __name__ == "__main__":
    main()
