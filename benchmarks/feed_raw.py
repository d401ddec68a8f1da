"""Small raw images to batches of 512, beside a bare NumPy gather of the same bytes: what the loader itself costs.

    python benchmarks/feed_raw.py [PATH] [--images 200000] [--side 28] [--rounds 15] [--store]

PATH is anything that feedline.open opens, of uint8 images of one size, such as a store; without one an .npy of random
grey images is made in a temporary folder; ``--store`` packs either into a store there, which is read. A round is one
whole pass of each in turn, in a new random order: first the gather, ``images[indices]`` with the images in memory and
without labels, then the loader, shuffled and seeded, with each number of worker threads, its labels in the batch and
its start in the time. Floats are ToTensor and Normalize, beside a gather and ``astype``. Where others use the cores,
the best of many short rounds says more than the median.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import feed
import numpy as np
import torch

import feedline
from feedline import DataLoader, ImageDataset
from feedline.prepare import pack
from feedline.transforms import Compose, Normalize, ToTensor

Pass = Callable[[], Iterable[Any]]


def made(folder: str, count: int, side: int) -> Path:
    """An .npy of random grey images, and their labels beside it."""
    file, random = Path(folder, "x.npy"), np.random.default_rng(0)
    np.save(file, random.integers(0, 256, (count, side, side), dtype=np.uint8))
    np.save(file.with_name("x.labels.npy"), random.integers(0, 10, count))
    return file


def read(dataset: ImageDataset, batch: int) -> np.ndarray:
    """All images, as they are stored."""
    images = np.concatenate([images.numpy() for images, _ in DataLoader(dataset, batch)])
    if images.dtype != np.uint8:
        raise SystemExit(f"{dataset} has images of {images.dtype}: uint8 is compared")
    return images


def gather(images: np.ndarray, batch: int, floats: bool) -> Pass:
    """A pass over the images in a new order, in NumPy alone."""
    random = np.random.default_rng(0)

    def batches() -> Iterable[np.ndarray]:
        order = random.permutation(len(images))
        for start in range(0, len(order), batch):
            found = images[order[start : start + batch]]
            yield found.astype(np.float32) if floats else found

    return batches


def rate(batches: Pass, count: int) -> float:
    """Images a second."""
    begun = time.perf_counter()
    for _ in batches():
        pass
    return count / (time.perf_counter() - begun)


def rates(dataset: ImageDataset, images: np.ndarray, asked: argparse.Namespace, floats: bool) -> dict[str, list[float]]:
    """Of each that is measured, one a round."""
    passes: dict[str, Pass] = {"NumPy gather": gather(images, asked.batch, floats)}
    for workers in asked.workers:
        loader = DataLoader(
            dataset, asked.batch, shuffle=True, seed=0, num_workers=workers, persistent_workers=workers > 0
        )
        passes[f"feedline, {workers} threads"] = loader.__iter__
    for batches in passes.values():
        rate(batches, len(images))
    found: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(asked.rounds):
        for name, batches in passes.items():
            found[name].append(rate(batches, len(images)))
    return found


def table(found: dict[str, list[float]], batch: int) -> list[str]:
    base = next(iter(found.values()))
    lines = [f"{'':24}{'images/s':>12}{'best':>12}{'us a batch':>12}{'best':>8}{'ratio':>8}{'of bests':>10}"]
    for name, each in found.items():
        middle, best = statistics.median(each), max(each)
        ratio = statistics.median(ours / theirs for ours, theirs in zip(each, base, strict=True))
        lines.append(
            f"{name:24}{middle:12,.0f}{best:12,.0f}{1e6 * batch / middle:12.0f}{1e6 * batch / best:8.0f}"
            f"{ratio:8.2f}{best / max(base):10.2f}"
        )
    return lines


def report(path: Path, asked: argparse.Namespace) -> None:
    plain = feedline.open(path, mode="unchanged")
    images = read(plain, asked.batch)
    shape = "x".join(map(str, images.shape[1:]))
    print(feed.heading(f"{len(images):,} raw images of {shape} to batches of {asked.batch}", asked.rounds))
    versions = f"NumPy {np.__version__}, torch {torch.__version__}, feedline {feedline.__version__}"
    print(f"{versions}, {feedline.native.IMPLEMENTATION}")
    channels = images.shape[-1]
    steps = Compose([ToTensor(), Normalize((0.5,) * channels, (0.5,) * channels)])
    for title, dataset in (("uint8", plain), ("float32", plain.with_transform(steps))):
        print(f"\n{title}", *table(rates(dataset, images, asked, title != "uint8"), asked.batch), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, help="what feedline.open opens; without it an .npy is made")
    parser.add_argument("--images", type=int, default=200_000, help="of the .npy that is made")
    parser.add_argument("--side", type=int, default=28, help="of its images")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--store", action="store_true", help="packs them and reads the store")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.path or made(folder, asked.images, asked.side)
        if asked.store:
            path = pack(path, Path(folder, "raw.feed"), progress=False).path
        report(path, asked)


if __name__ == "__main__":
    main()
