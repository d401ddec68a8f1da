"""Measures one peer in a process of its own and prints one line of JSON: python benchmarks/one.py PEER JOB.

Batches of the warm-up are not counted, nor is what precedes them. Then so many batches are taken that every peer goes
over the end of an epoch, one by one, as a training loop would, which keeps the last one while it asks for the next.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import time
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import numpy as np
from peers.job import Job


def numbers_of(batch: Any) -> tuple[Any, Any]:
    images, labels = batch[0], batch[1]
    return np.asarray(images), np.asarray(labels)


def described(batches: list[Any]) -> dict[str, Any]:
    """What the batches are, so that a reader sees whether the peers do the same work."""
    images, labels = numbers_of(batches[0])
    values = images[:16].astype(np.float64)
    return {
        "shape": list(images.shape),
        "dtype": str(images.dtype),
        "mean": round(float(values.mean()), 3),
        "std": round(float(values.std()), 3),
        "classes_in_first_batch": len(set(labels.reshape(-1).tolist())),
    }


def measured(stream: Any, warm: int, batches: int) -> dict[str, Any]:
    first = list(itertools.islice(stream, 1))
    told = described(first)
    del first
    for _batch in itertools.islice(stream, warm):
        pass
    count, begun, ticks = 0, time.perf_counter(), os.times()
    for batch in itertools.islice(stream, batches):
        count += len(batch[1])
    seconds = time.perf_counter() - begun
    spent = os.times()
    cpu = spent.user + spent.system - ticks.user - ticks.system
    return {**told, "images_per_second": count / seconds, "images": count, "own_cpu_seconds": round(cpu, 3)}


def versions(modules: list[str]) -> dict[str, str]:
    owners = packages_distributions()
    names = {name for module in modules for name in owners.get(module.split(".")[0], [])[:1]}
    return {name: version(name) for name in sorted(names)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("job", help="JSON: source, converted, batch, variant, warm, batches")
    asked = parser.parse_args()
    wish = json.loads(asked.job)
    peer = importlib.import_module(f"peers.{asked.peer}")
    variant = wish["variant"] or next(iter(peer.VARIANTS))
    job = Job(Path(wish["source"]), Path(wish["converted"]), wish["batch"], variant)
    stream = peer.stream(job)
    told = measured(stream, wish["warm"], wish["batches"])
    if hasattr(stream, "close"):
        stream.close()
    print(json.dumps({"variant": variant, "versions": versions(peer.NEEDS), "converts": peer.CONVERTS, **told}))


if __name__ == "__main__":
    main()
