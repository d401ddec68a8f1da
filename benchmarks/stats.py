"""What the loader's statistics cost: readings of the clock, times what one costs, over a fast epoch."""

import argparse
import platform
import sys
import tempfile
from statistics import median
from time import perf_counter
from timeit import repeat

import numpy as np
import torch

import feedline
from feedline import timing
from feedline.loader import iterator, stats
from feedline.loader.workers import peer

COUNTED = (timing, iterator, stats, peer)


def epoch(loader: feedline.DataLoader) -> float:
    """Seconds of a pass."""
    begun = perf_counter()
    for _ in loader:
        pass
    return perf_counter() - begun


def calls_of(loader: feedline.DataLoader) -> int:
    """How often the clock is read in a pass, in this process."""
    count = [0]

    def counting() -> float:
        count[0] += 1
        return perf_counter()

    for module in COUNTED:
        module.perf_counter = counting
    try:
        epoch(loader)
    finally:
        for module in COUNTED:
            module.perf_counter = perf_counter
    return count[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000, help="of 32 x 32 x 3, in an array (default: 20,000)")
    parser.add_argument("--passes", type=int, default=7, help="of which the median counts (default: 7)")
    arguments = parser.parse_args()
    images = np.zeros((arguments.images, 32, 32, 3), np.uint8)
    folder = tempfile.TemporaryDirectory()
    np.savez(f"{folder.name}/images.npz", images=images, labels=np.zeros(len(images), np.int64))
    dataset = feedline.open(f"{folder.name}/images.npz")
    clock = min(repeat(perf_counter, number=100_000)) / 100_000
    look = min(repeat(timing.watch, number=100_000)) / 100_000
    print(f"feedline {feedline.__version__}, torch {torch.__version__}, Python {platform.python_version()}")
    print(f"one reading of the clock {1e9 * clock:.0f} ns, one look whether a sample is watched {1e9 * look:.0f} ns")
    for num_workers, batch_size in ((0, 512), (0, 32), (2, 512), (2, 32)):
        loader = feedline.DataLoader(dataset, batch_size, num_workers=num_workers)
        calls = calls_of(loader)
        seconds = median(epoch(loader) for _ in range(arguments.passes))
        cost = calls * clock + 2 * len(dataset) * look  # the dataset looks, and the loader where it goes to its place
        print(
            f"{num_workers} threads, batch {batch_size}: {seconds:.3f} s an epoch, {calls:,} readings, "
            f"{2 * len(dataset):,} looks: {100 * cost / seconds:.2f} % of it"
        )


if __name__ == "__main__":
    sys.exit(main())
