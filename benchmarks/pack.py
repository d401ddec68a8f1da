"""Packing 2,000 JPEGs as they are, beside ``cp -r`` of the same files into the same disk.

    python benchmarks/corpus.py [FOLDER]                            # once
    python benchmarks/pack.py [--corpus FOLDER] [--rounds 5] [--profile]

The files of the corpus, each by two names and with bytes of its own, lie in the page cache. A round is both in turn,
the other one first every second time, each followed by ``os.sync``, which is in its time; what they wrote is removed
between. Packing is measured in a process that has imported feedline and pyarrow and has packed two files, which
imports what pyarrow asks for late; ``command`` is ``feedline pack``, imports and all. Processor time is that
of the process, and of cp. ``--profile`` tells where packing on one thread spends its time.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import feed
from corpus import DEFAULT

from feedline.prepare import pack, writing

COPIES = 2
COMMAND = "import sys; from feedline_command import main; sys.exit(main())"


class Took(NamedTuple):
    """Seconds of the clock, and of the processor."""

    clock: float
    processor: float


def doubled(corpus: Path, place: Path) -> Path:
    """A folder of each file of the corpus by two names, copied."""
    folder = place / "files"
    for path in sorted((corpus / "jpeg").rglob("*.jpg")):
        target = folder / path.parent.name
        target.mkdir(parents=True, exist_ok=True)
        for copy in range(COPIES):
            shutil.copyfile(path, target / f"{path.stem}_{copy}.jpg")
    if not folder.is_dir():
        raise SystemExit(f"no JPEGs in {corpus / 'jpeg'}: python benchmarks/corpus.py {corpus}")
    return folder


def spent() -> float:
    """Of the processor, by this process and those that it waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def timed(way: Callable[[Path, Path], Any], source: Path, out: Path) -> Took:
    """Until all of it is on the disk; what was there before is on it already."""
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    begun, ticks = time.perf_counter(), spent()
    way(source, out)
    os.sync()
    return Took(time.perf_counter() - begun, spent() - ticks)


def copy(source: Path, out: Path) -> None:
    subprocess.run(["cp", "-r", str(source), str(out)], check=True)


def packed(source: Path, out: Path) -> None:
    pack(source, out, progress=False)


def command(source: Path, out: Path) -> None:
    subprocess.run([sys.executable, "-c", COMMAND, "pack", str(source), str(out)], check=True, capture_output=True)


WAYS: dict[str, Callable[[Path, Path], None]] = {"cp -r": copy, "pack": packed, "command": command}


def rounds(source: Path, place: Path, count: int) -> dict[str, list[Took]]:
    found: dict[str, list[Took]] = {name: [] for name in WAYS}
    for number in range(count):
        for name in list(WAYS)[:: 1 if number % 2 else -1]:
            found[name].append(timed(WAYS[name], source, place / "out.feed"))
    return found


def report(found: dict[str, list[Took]]) -> None:
    print(f"{'':10}{'seconds':>10}{'lowest':>10}{'highest':>10}{'processor':>11}{'cp / it':>10}{'by processor':>14}")
    base = found["cp -r"]
    for name, each in found.items():
        clocks, ticks = [took.clock for took in each], [took.processor for took in each]
        pairs = list(zip(base, each, strict=True))
        ratio = statistics.median(theirs.clock / ours.clock for theirs, ours in pairs)
        less = statistics.median(theirs.processor / ours.processor for theirs, ours in pairs)
        print(
            f"{name:10}{statistics.median(clocks):10.3f}{min(clocks):10.3f}{max(clocks):10.3f}"
            f"{statistics.median(ticks):11.3f}{ratio:10.2f}{less:14.2f}"
        )


class Inline:
    """What an executor does, at once and on this thread: for a profile, which sees one thread."""

    def __init__(self, _workers: int) -> None:
        pass

    def submit(self, call: Callable[..., Any], *given: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(call(*given))
        return done

    def shutdown(self, **_how: bool) -> None:
        pass


def profile(source: Path, out: Path) -> None:
    """Prints the calls that took longest themselves."""
    shutil.rmtree(out, ignore_errors=True)
    writing.ThreadPoolExecutor = Inline  # type: ignore[assignment,misc]
    with cProfile.Profile() as seen:
        packed(source, out)
    pstats.Stats(seen).sort_stats("tottime").print_stats(15)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=DEFAULT, help="the folder that corpus.py made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.corpus) as folder:
        place = Path(folder)
        os.environ["FEEDLINE_CACHE"] = str(place / "cache")
        source = doubled(asked.corpus, place)
        warm(source, place)
        found = rounds(source, place, asked.rounds)
        size = sum(path.stat().st_size for path in source.rglob("*.jpg"))
        print(feed.heading(f"{sum(1 for _ in source.rglob('*.jpg')):,} JPEGs, {size / 1e6:.0f} MB", asked.rounds))
        report(found)
        if asked.profile:
            profile(source, place / "out.feed")


def warm(source: Path, place: Path) -> None:
    """Imports what pyarrow asks for late."""
    for path in list(source.rglob("*.jpg"))[:2]:
        (place / "few" / "a").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place / "few" / "a" / path.name)
    packed(place / "few", place / "few.feed")


if __name__ == "__main__":
    main()
