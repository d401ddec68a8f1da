"""NVIDIA DALI's CPU pipeline: a decoder that decodes the crop alone, and its default antialiasing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from nvidia.dali import fn, pipeline_def, types

from peers.job import MEAN, RATIO, SCALE, SIDE, STD, WORKERS, Job

NEEDS = ["nvidia.dali"]
CONVERTS = None


class Way(NamedTuple):
    depth: int = 2
    dynamic: bool = False
    mapped: bool = True
    threads: int = WORKERS
    layout: str = "CHW"


VARIANTS = {
    "queue of 2": Way(),
    "queue of 4": Way(depth=4),
    "dynamic executor": Way(dynamic=True),
    "read, not mapped": Way(mapped=False),
    "3 threads": Way(threads=3),
    "HWC": Way(layout="HWC"),
}


@pipeline_def
def pipeline(paths: list[str], labels: list[int], way: Way) -> Any:
    data, label = fn.readers.file(
        files=paths,
        labels=labels,
        random_shuffle=True,
        initial_fill=len(paths),
        dont_use_mmap=not way.mapped,
        name="files",
    )
    images = fn.decoders.image_random_crop(
        data, device="cpu", output_type=types.RGB, random_area=SCALE, random_aspect_ratio=RATIO, num_attempts=10
    )
    images = fn.resize(images, resize_x=SIDE, resize_y=SIDE)
    images = fn.crop_mirror_normalize(
        images,
        dtype=types.FLOAT,
        output_layout=way.layout,
        mean=[255 * number for number in MEAN],
        std=[255 * number for number in STD],
        mirror=fn.random.coin_flip(probability=0.5),
    )
    return images, label


def stream(job: Job) -> Iterator[Any]:
    way = VARIANTS[job.variant]
    built = pipeline(
        job.paths(),
        job.labels(),
        way,
        batch_size=job.batch,
        num_threads=way.threads,
        device_id=None,
        prefetch_queue_depth=way.depth,
        seed=job.seed + 1,
        exec_dynamic=way.dynamic,
    )
    built.build()
    while True:
        images, labels = built.run()
        yield np.asarray(images.as_tensor()), labels.as_array()[:, 0]
