"""A store of 10 million tiny raw images: what it takes to open it, and to take the first batch.

    python benchmarks/big_store.py [--rows 10000000] [--rounds 3] [--folder FOLDER]

The store, images of 8x8 with a path and a label each, is written by StoreWriter as ``pack`` would:
batches of 8,192 rows, shards of 256 MiB; about 2 GB, which are deleted at the end. Then each round is a process of its
own, which imports feedline, torch and pyarrow, and opens and reads a store of a few rows; from then on it counts
seconds and private memory (Private_Clean and Private_Dirty of smaps_rollup). Pages of the store that this process alone
has mapped and read are Private_Clean: they are the page cache's, which other processes share and the system takes back;
what was written to, Private_Dirty, is told apart. The first round finds no labels in the user's cache, the others do.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import feed
import numpy as np

import feedline
from feedline.prepare.writing import batch_rows
from feedline.store import Columns, Part, Row, StoreWriter

SIDE, CLASSES, FEW = 8, 10, 512
BATCH = 512


def rows(images: bytes, first: int, count: int) -> list[Row]:
    size = SIDE * SIDE
    return [
        Row(
            Part(images[number * size : (number + 1) * size], f"{first + number:08}.png"),
            SIDE,
            SIDE,
            "raw",
            label=(first + number) % CLASSES,
            source="random",
        )
        for number in range(count)
    ]


def write(folder: Path, count: int) -> float:
    """A store of so many random images; seconds."""
    begun, generator, most = time.perf_counter(), np.random.default_rng(0), batch_rows(count)
    classes = [str(number) for number in range(CLASSES)]
    with StoreWriter(folder, Columns((SIDE, SIDE, 1)), classes, job={"rows": count}) as writer:
        for first in range(0, count, most):
            number = min(most, count - first)
            images = generator.bytes(number * SIDE * SIDE)
            writer.write(rows(images, first, number), "all", first + number)
        writer.commit()
    return time.perf_counter() - begun


def private() -> np.ndarray:
    """MB of this process alone: all, and what was written to."""
    lines = [line.split() for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]]
    held = {words[0]: 1024 * int(words[1]) / 1e6 for words in lines}
    return np.array([held["Private_Clean:"] + held["Private_Dirty:"], held["Private_Dirty:"]])


def first_batch(path: str) -> Any:
    dataset = feedline.open(path)
    loader = feedline.DataLoader(dataset, BATCH, shuffle=True, seed=0)
    return dataset, next(iter(loader))


def opened(path: str, few: str) -> dict[str, float]:
    """In a new process: seconds and bytes from the imports on."""
    first_batch(few)
    before, begun, ticks = private(), time.perf_counter(), time.process_time()
    dataset = feedline.open(path)
    found = {"open, s": time.perf_counter() - begun, "open, processor s": time.process_time() - ticks}
    found["open, MB"], found["open, MB written to"] = private() - before
    kept = first_batch(path)
    found |= {"with the first batch, s": time.perf_counter() - begun, "processor s": time.process_time() - ticks}
    found["with it, MB"], found["with it, MB written to"] = private() - before
    del dataset, kept
    return found


def asked_anew(path: Path, few: Path) -> dict[str, float]:
    """``opened`` in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(path), str(few)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report(path: Path, few: Path, rounds: int) -> None:
    size = sum(file.stat().st_size for file in path.iterdir())
    manifest = (path / "manifest.json").stat().st_size
    print(f"{size / 1e9:.2f} GB in {len(list(path.glob('*.arrow')))} shards; the manifest has {manifest:,} bytes")
    found = [asked_anew(path, few) for _ in range(rounds)]
    for name in found[0]:
        print(f"{name:28}" + "".join(f"{each[name]:12.3f}" for each in found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the store is written; by default where temporary files are")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(opened(*asked.measure)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        os.environ["FEEDLINE_CACHE"] = f"{folder}/cache"
        path, few = Path(folder, "big.feed"), Path(folder, "few.feed")
        write(few, FEW)
        print(feed.heading(f"{asked.rows:,} images of {SIDE}x{SIDE}x1", asked.rounds).partition("; medians")[0])
        print(f"written in {write(path, asked.rows):.0f} s", flush=True)
        report(path, few, asked.rounds)


if __name__ == "__main__":
    main()
