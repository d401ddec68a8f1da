"""Decodes regions of photographs with and without restart markers: what the markers cost and save.

    python benchmarks/regions.py [FOLDER] [--every 2] [--files 200] [--regions 500] [--passes 5]
    python benchmarks/regions.py [FOLDER] --loader [--files 200] [--passes 5]

FOLDER holds JPEGs, by default those that `corpus.py` makes. Regions are RandomResizedCrop's (area 0.08 to 1, ratio 3/4
to 4/3), without resampling. Every region is compared to the bit first; then both ways take turns, region by region, and
the least of the passes counts for each region, so that what else the machine does disturbs both alike and little. One
thread, bytes in memory.

``--loader`` packs the files into two stores, as they are and with restart markers, and takes whole epochs of the loader
over each in turn: RandomResizedCrop(224) of such areas, flip and floats, two threads. Its times an image are of the
kernel, which decodes, resamples and writes, by the processor; and of the clock.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, NamedTuple

import numpy as np
from corpus import DEFAULT

import feedline
from feedline import transforms
from feedline.native import counting
from feedline.native.restarts import Rewritten, rewritten
from feedline.prepare import pack

try:
    from feedline.native import _kernel
except ImportError:
    sys.exit("benchmarks/regions.py: there is no C kernel here")

SHARES = (0.08, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Bounds of the areas that units are told for."""


class Case(NamedTuple):
    """A region of a file, and what either way takes for it: seconds, and units read (and in all)."""

    data: bytes
    other: Rewritten
    region: tuple[int, int, int, int]
    share: float
    units: int


def region_of(height: int, width: int, generator: np.random.Generator) -> tuple[int, int, int, int]:
    """As RandomResizedCrop draws one: top, left, height and width."""
    for _ in range(10):
        area = height * width * generator.uniform(0.08, 1.0)
        ratio = float(np.exp(generator.uniform(np.log(3 / 4), np.log(4 / 3))))
        wide, tall = round((area * ratio) ** 0.5), round((area / ratio) ** 0.5)
        if 0 < wide <= width and 0 < tall <= height:
            return int(generator.integers(height - tall + 1)), int(generator.integers(width - wide + 1)), tall, wide
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def plain(case: Case) -> Any:
    return _kernel.decode_jpeg(case.data, 3, *case.region, 1, False)


def tiled(case: Case) -> Any:
    return _kernel.decode_jpeg(case.other.data, 3, *case.region, 1, False, 1, case.other.offsets)


def cases(paths: list[Path], every: int, count: int) -> list[Case]:
    generator, made = np.random.default_rng(0), []
    files = [(data, other) for data in (path.read_bytes() for path in paths) if (other := rewritten(data, every))]
    for number in range(count):
        data, other = files[number % len(files)]
        width, height, *_ = _kernel.jpeg_header(data)
        region = region_of(height, width, generator)
        with counting() as counts:
            _kernel.decode_jpeg(data, 3, 0, 0, height, width, 1, False)
        made.append(Case(data, other, region, region[2] * region[3] / (height * width), counts.mcus_read))
    return made


def timed(way: Callable[[Case], Any], case: Case) -> float:
    begun = thread_time()
    way(case)
    return thread_time() - begun


def measured(every: list[Case], passes: int) -> np.ndarray[Any, Any]:
    """Seconds of each region, plain and by tiles: the least of the passes."""
    found = np.array([[(timed(plain, case), timed(tiled, case)) for case in every] for _ in range(passes)])
    return found.min(0)


def read(way: Callable[[Case], Any], case: Case) -> float:
    """The share of the file's units whose codes are read."""
    with counting() as counts:
        way(case)
    return counts.mcus_read / case.units


def report(every: list[Case], seconds: np.ndarray[Any, Any]) -> None:
    shares = np.array([case.share for case in every])
    units = np.array([(read(plain, case), read(tiled, case)) for case in every])
    print("area        regions    units read, plain  by tiles    us a region, plain  by tiles    less time")
    for low, high in [*pairwise(SHARES), (SHARES[0], SHARES[-1])]:
        among = (shares >= low - 0.01) & (shares <= high)
        if among.any():
            (old, new), (before, after) = units[among].mean(0), 1e6 * seconds[among].mean(0)
            print(
                f"{low:.2f}..{high:.2f} {among.sum():10} {100 * old:18.1f}% {100 * new:8.1f}%"
                f"{before:22.0f} {after:9.0f} {100 * (1 - after / before):11.1f}%"
            )


def report_bytes(every: Sequence[Case]) -> None:
    """New codes make files smaller, and markers larger: the second comparison is to as few markers as can be."""
    files = list({id(case.data): case for case in every}.values())
    before, after = sum(len(case.data) for case in files), sum(len(case.other.data) for case in files)
    fewest = sum(len(found.data) for case in files if (found := rewritten(case.data, 1 << 20)))
    interval = np.mean([case.other.interval for case in files])
    print(f"{len(files)} files of {before:,} bytes become {after:,} ({100 * (after / before - 1):+.2f} %),")
    print(f"a marker every {interval:.1f} units; to new codes and a marker a row {100 * (after / fewest - 1):+.2f} %")


def stores(paths: Sequence[Path], every: Path) -> list[Path]:
    """The files, packed as they are and with restart markers."""
    files = every / "files"
    files.mkdir()
    for number, path in enumerate(paths):
        shutil.copyfile(path, files / f"{number:05}.jpg")
    found = [every / "plain.feed", every / "markers.feed"]
    for store, markers in zip(found, (False, True), strict=True):
        pack(files, store, restart_markers=markers, progress=False)
    return found


def loader_of(store: Path, area: tuple[float, float]) -> Any:
    steps = transforms.Compose(
        [
            transforms.RandomResizedCrop(224, scale=area),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize("imagenet"),
        ]
    )
    dataset = feedline.open(store, transform=steps)
    return feedline.DataLoader(dataset, 64, shuffle=True, num_workers=2, seed=0, persistent_workers=True)


def epoch(loader: Any) -> tuple[float, float, float]:
    """Of an image: units read, us of the processor in the kernel, us of the clock."""
    with counting() as counts:
        begun, images = perf_counter(), sum(len(labels) for _, labels in loader)
        clock = perf_counter() - begun
    return counts.mcus_read / images, counts.unlocked_ns / 1e3 / images, 1e6 * clock / images


def report_loader(places: Sequence[Path], passes: int) -> None:
    print("area         units an image, plain  markers     us of the kernel, plain  markers   less    by the clock")
    for area in [*pairwise(SHARES), (SHARES[0], SHARES[-1])]:
        loaders = [loader_of(store, area) for store in places]
        for loader in loaders:
            epoch(loader)
        found = np.array([[epoch(loader) for loader in loaders] for _ in range(passes)])
        (units, kernel, _), (fewer, less, _) = np.median(found, 0)
        ratios = 100 * (1 - np.median(found[:, 1] / found[:, 0], 0))
        print(
            f"{area[0]:.2f}..{area[1]:.2f} {units:23.0f} {fewer:8.0f} {kernel:27.0f} {less:8.0f}"
            f" {ratios[1]:5.1f}% {ratios[2]:14.1f}%"
        )


def whole_loader(paths: Sequence[Path], passes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FEEDLINE_CACHE"] = f"{folder}/cache"
        places = stores(paths, Path(folder))
        before, after = (sum(file.stat().st_size for file in store.iterdir()) for store in places)
        print(f"{len(paths)} files: {before:,} bytes of a store become {after:,} ({100 * (after / before - 1):+.2f} %)")
        report_loader(places, passes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT / "jpeg")
    parser.add_argument("--every", type=int, default=2, help="units between two markers, or more")
    parser.add_argument("--files", type=int, default=200, help="spread over the folder")
    parser.add_argument("--regions", type=int, default=500)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--loader", action="store_true", help="the whole loader, from stores")
    asked = parser.parse_args()
    paths = sorted(asked.folder.rglob("*.jpg"))
    paths = paths[:: max(1, len(paths) // asked.files)][: asked.files]
    if asked.loader:
        whole_loader(paths, asked.passes)
        return
    made = cases(paths, asked.every, asked.regions)
    report_bytes(made)
    equal = sum(plain(case) == tiled(case) for case in made)
    print(f"{equal} of {len(made)} regions equal to the bit")
    report(made, measured(made, asked.passes))


if __name__ == "__main__":
    main()
