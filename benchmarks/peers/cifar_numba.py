"""A loop compiled by numba on one thread: draws, crops, flips and normalises in one pass, into one of four batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from peers.job import MEAN, STD, Job

NEEDS = ["numba", "numpy"]
CONVERTS = None
RING = 4


class Way(NamedTuple):
    channels_last: bool
    padded: bool = False


VARIANTS = {
    "NHWC": Way(True),
    "NCHW": Way(False),
    "NHWC, padded before": Way(True, padded=True),
    "NCHW, padded before": Way(False, padded=True),
}


@njit(fastmath=True, error_model="numpy", boundscheck=False)
def fill(images: Any, indices: Any, out: Any, scale: Any, shift: Any, border: int) -> None:
    """Out is NxHxWxC or a view of an NxCxHxW array with that order of axes; ``border`` is what lies around already."""
    height, width = images.shape[1], images.shape[2]
    for place in range(len(indices)):
        image, target = images[indices[place]], out[place]
        top, left = np.random.randint(0, 9) - 4 + border, np.random.randint(0, 9) - 4 + border
        mirrored = np.random.randint(0, 2) == 1
        for row in range(32):
            y = row + top
            inside = 0 <= y < height
            first = max(0, -left) if inside else 32
            last = max(first, min(32, width - left)) if inside else 32
            for column in range(first):
                at = 31 - column if mirrored else column
                for channel in range(3):
                    target[row, at, channel] = shift[channel]
            start, step = (31, -1) if mirrored else (0, 1)
            for column in range(first, last):
                for channel in range(3):
                    value = np.float32(image[y, left + column, channel])
                    target[row, start + step * column, channel] = value * scale[channel] + shift[channel]
            for column in range(last, 32):
                at = 31 - column if mirrored else column
                for channel in range(3):
                    target[row, at, channel] = shift[channel]


def batches(way: Way, count: int) -> list[tuple[Any, Any]]:
    """Arrays to hand out in turn, each with its view as NxHxWxC."""
    if way.channels_last:
        arrays = [np.empty((count, 32, 32, 3), np.float32) for _ in range(RING)]
        return [(array.transpose(0, 3, 1, 2), array) for array in arrays]
    arrays = [np.empty((count, 3, 32, 32), np.float32) for _ in range(RING)]
    return [(array, array.transpose(0, 2, 3, 1)) for array in arrays]


def stream(job: Job) -> Iterator[Any]:
    way = VARIANTS[job.variant]
    with np.load(job.source) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    border = 4 if way.padded else 0
    images = np.ascontiguousarray(np.pad(images, ((0, 0), (border, border), (border, border), (0, 0))))
    scale = 1 / (255 * np.array(STD, np.float32))
    shift = -np.array(MEAN, np.float32) * 255 * scale
    ring, turn = batches(way, job.batch), 0
    draw = np.random.default_rng(job.seed)
    while True:
        order = draw.permutation(len(images))
        for start in range(0, len(order) - job.batch + 1, job.batch):
            indices = order[start : start + job.batch]
            batch, view = ring[turn % RING]
            fill(images, indices, view, scale, shift, border)
            turn += 1
            yield batch, labels[indices]
