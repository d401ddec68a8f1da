"""The index of a folder of many images: python benchmarks/index.py [--images 200000] [--pairs 7].

Files without content are made in a temporary folder, 1300 a class, named as those of a well-known set. The scan is
compared with a bare walk, os.scandir and is_dir() on every entry, in pairs, one after the other in turn, both warm;
"opened" is a FolderSource whose index is not saved yet, with all that saves it. Ratios are walk / scan: 1 is as fast as
the bare walk. Memory is that of two spawned workers that read every path and label, beside that with 10 images.
"""

import argparse
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from feedline import __version__
from feedline.sources import FolderSource

PER_CLASS = 1300
KINDS = ("Rss", "Pss", "Private")


def fill(root: Path, count: int) -> Path:
    """Empty files in class folders."""
    for number in range(0, count, PER_CLASS):
        name = f"n{1_440_764 + 37 * number // PER_CLASS:08}"
        (root / name).mkdir(parents=True)
        for image in range(min(PER_CLASS, count - number)):
            (root / name / f"{name}_{image * 7919 % 99_991}.JPEG").touch()
    return root


def bare_walk(root: str) -> int:
    """How many files there are."""
    count, due = 0, [root]
    while due:
        with os.scandir(due.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    due.append(entry.path)
                else:
                    count += 1
    return count


def forget() -> None:
    """Removes the saved indices."""
    for file in Path(os.environ["FEEDLINE_CACHE"]).glob("index/*.bin"):
        file.unlink()


def seconds(call: Callable[[], object]) -> tuple[float, float]:
    """Of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


def ratios(root: str, pairs: int) -> tuple[list[float], list[float]]:
    """Bare walk / opening without a saved index, by the clock and by the processor's time."""
    clock, processor = [], []
    for _ in range(pairs):
        forget()
        walked, opened = seconds(lambda: bare_walk(root)), seconds(lambda: FolderSource(root))
        clock.append(walked[0] / opened[0])
        processor.append(walked[1] / opened[1])
    return clock, processor


def read_all(source: FolderSource, pipe: Connection) -> None:
    """What a worker does: every path and label, in another order; then what memory it holds, in bytes."""
    for index in np.random.default_rng(0).permutation(len(source)).tolist():
        source.path(index)
        source.label(index)
    held = dict.fromkeys(KINDS, 0)
    pipe.send("read")
    pipe.recv()  # all workers have read: what they share is shared by all
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        kind = line.split("_")[0].split(":")[0]
        if kind in KINDS and not line.startswith("Pss_"):
            held[kind] += 1024 * int(line.split()[1])
    pipe.send(held)
    pipe.recv()


def memory(source: FolderSource, workers: int = 2) -> dict[str, int]:
    """Bytes that the workers hold together."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(workers):
        here, there = context.Pipe()
        context.Process(target=read_all, args=(source, there), daemon=True).start()
        pipes.append(here)
    for step in range(2):
        answers = [pipe.recv() for pipe in pipes]
        for pipe in pipes:
            pipe.send(step)
    return {kind: sum(answer[kind] for answer in answers) for kind in KINDS}


def spread(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} (quartiles {low:.2f} to {high:.2f}, n = {len(values)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--folder", help="a tree that is there already, in place of a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ["FEEDLINE_CACHE"] = f"{place}/cache"
        root = options.folder or str(fill(Path(place, "many"), options.images))
        few = FolderSource(fill(Path(place, "few"), 10))
        bare_walk(root)
        clock, processor = ratios(root, options.pairs)
        time.sleep(2.5)  # folders that changed just now are not trusted
        forget()
        source = FolderSource(root)
        again = statistics.median(seconds(lambda: FolderSource(root))[0] for _ in range(options.pairs))
        more, base = memory(source), memory(few)
        rows = [
            ("bare walk / opened, by the clock", spread(clock)),
            ("bare walk / opened, by the processor", spread(processor)),
            ("opened again, seconds", f"{again:.4f}"),
            ("index", f"{source.nbytes / 1e6:.1f} MB"),
            *(
                (f"two workers beside 10 images, {kind}", f"{(more[kind] - base[kind]) / 1e6:+.1f} MB")
                for kind in KINDS
            ),
        ]
        print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}")
        print(f"Python {platform.python_version()}, feedline {__version__}, {len(source):,} images")
        for name, value in rows:
            print(f"{name:45} {value}")


if __name__ == "__main__":
    main()
