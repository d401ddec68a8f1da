"""A loop compiled by numba on one thread: draws, crops, flips and normalises in one pass, into one of four batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit

from peers.job import MEAN, STD, Job

NEEDS = ["numba", "numpy"]
CONVERTS = None
RING = 4


VARIANTS = {"NHWC, by rows": True, "NHWC, by pixels": False}


@njit(fastmath=True, error_model="numpy", boundscheck=False)
def fill_rows(images: Any, indices: Any, out: Any, scale: Any, shift: Any) -> None:
    """Images and ``out`` have rows of 96 numbers, red, green and blue in turn, as scale and shift do.

    A row that is not mirrored is one loop over neighbouring numbers, which the compiler turns into SIMD.
    """
    for place in range(len(indices)):
        image, target = images[indices[place]], out[place]
        top, left = np.random.randint(0, 9) - 4, np.random.randint(0, 9) - 4
        mirrored = np.random.randint(0, 2) == 1
        first, last = max(0, -left), min(32, 32 - left)
        for row in range(32):
            y = row + top
            if y < 0 or y >= 32:
                target[row, :] = shift
            elif mirrored:
                target[row, : 3 * (32 - last)] = shift[: 3 * (32 - last)]
                target[row, 3 * (32 - first) :] = shift[3 * (32 - first) :]
                for column in range(first, last):
                    at, of = 3 * (31 - column), 3 * (left + column)
                    target[row, at] = np.float32(image[y, of]) * scale[0] + shift[0]
                    target[row, at + 1] = np.float32(image[y, of + 1]) * scale[1] + shift[1]
                    target[row, at + 2] = np.float32(image[y, of + 2]) * scale[2] + shift[2]
            else:
                target[row, : 3 * first] = shift[: 3 * first]
                target[row, 3 * last :] = shift[3 * last :]
                begin, length = 3 * (left + first), 3 * (last - first)
                numbers, places = image[y, begin : begin + length], target[row, 3 * first : 3 * last]
                for number in range(length):
                    places[number] = np.float32(numbers[number]) * scale[number] + shift[number]


@njit(fastmath=True, error_model="numpy", boundscheck=False)
def fill_pixels(images: Any, indices: Any, out: Any, scale: Any, shift: Any) -> None:
    """The same, pixel by pixel, as one would write it first."""
    for place in range(len(indices)):
        top, left = np.random.randint(0, 9) - 4, np.random.randint(0, 9) - 4
        mirrored = np.random.randint(0, 2) == 1
        for row in range(32):
            for column in range(32):
                y, x = row + top, column + left
                at = 3 * (31 - column if mirrored else column)
                inside = 0 <= y < 32 and 0 <= x < 32
                for channel in range(3):
                    value = np.float32(images[indices[place], y, 3 * x + channel]) if inside else np.float32(0)
                    out[place, row, at + channel] = value * scale[channel] + shift[channel]


def stream(job: Job) -> Iterator[Any]:
    fill = fill_rows if VARIANTS[job.variant] else fill_pixels
    with np.load(job.source) as arrays:
        images, labels = arrays["images"].reshape(-1, 32, 96), arrays["labels"]
    scale = np.tile(1 / (255 * np.array(STD, np.float32)), 32)
    shift = np.tile(np.array(MEAN, np.float32), 32) * -255 * scale
    ring, turn = np.empty((RING, job.batch, 32, 96), np.float32), 0
    draw = np.random.default_rng(job.seed)
    while True:
        order = draw.permutation(len(images))
        for start in range(0, len(order) - job.batch + 1, job.batch):
            indices = order[start : start + job.batch]
            batch, turn = ring[turn % RING], turn + 1
            fill(images, indices, batch, scale, shift)
            yield batch.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2), labels[indices]
