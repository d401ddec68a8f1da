"""NVIDIA DALI's CPU pipeline over a folder of PNGs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from nvidia.dali import fn, pipeline_def, types

from peers.job import WORKERS, Job

NEEDS = ["nvidia.dali"]
VARIANTS = {"queue of 2, read": (2, False), "queue of 2, mapped": (2, True), "queue of 4, read": (4, False)}
CONVERTS = None


@pipeline_def
def pipeline(paths: list[str], labels: list[int], mapped: bool) -> Any:
    data, label = fn.readers.file(
        files=paths, labels=labels, random_shuffle=True, initial_fill=len(paths), dont_use_mmap=not mapped
    )
    images = fn.decoders.image(data, device="cpu", output_type=types.GRAY)
    images = fn.crop_mirror_normalize(images, dtype=types.FLOAT, output_layout="CHW", mean=[127.5], std=[127.5])
    return images, label


def stream(job: Job) -> Iterator[Any]:
    depth, mapped = VARIANTS[job.variant]
    settings = {"num_threads": WORKERS, "device_id": None, "prefetch_queue_depth": depth, "seed": job.seed + 1}
    built = pipeline(job.paths(), job.labels(), mapped, batch_size=job.batch, **settings)
    built.build()
    while True:
        images, labels = built.run()
        yield np.asarray(images.as_tensor()), labels.as_array()[:, 0]
