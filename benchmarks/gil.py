"""Microseconds a sample that hold the interpreter's lock: python benchmarks/gil.py FOLDER [--workers 2] [--passes 5].

The method: of a whole pass in steady state, the processor time of the process (all threads), less the processor time
that the kernel measured within its chunks, where it holds no lock (``counting().unlocked_ns``), divided by the samples.
What is left is the interpreter's own work, the loader's, torch's, and the hand-over between threads: an upper bound of
what holds the lock. A pass without workers has no hand-over; both are printed.
"""

import argparse
import statistics
import time

import torch

import feedline
from feedline import DataLoader, counting
from feedline.transforms import Compose, Normalize, RandomHorizontalFlip, RandomResizedCrop, ToTensor


def measured(loader: DataLoader) -> tuple[float, float]:
    """Microseconds a sample with the lock and without it."""
    with counting() as counts:
        begun, samples = time.process_time_ns(), 0
        for images, _ in loader:
            samples += len(images)
        spent = time.process_time_ns() - begun
    return (spent - counts.unlocked_ns) / samples / 1000, counts.unlocked_ns / samples / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--passes", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    steps = [RandomResizedCrop(224), RandomHorizontalFlip(), ToTensor(), Normalize("imagenet")]
    dataset = feedline.open(given.folder, transform=Compose(steps))
    print(f"{len(dataset)} images, batches of 64, kernel: {feedline.native.IMPLEMENTATION}")
    for workers in (0, given.workers):
        loader = DataLoader(dataset, 64, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
        measured(loader)
        found = [measured(loader) for _ in range(given.passes)]
        held, free = (statistics.median(row[place] for row in found) for place in (0, 1))
        print(f"{workers} workers: {held:7.1f} us a sample with the lock at most, {free:8.1f} us without it")


if __name__ == "__main__":
    main()
