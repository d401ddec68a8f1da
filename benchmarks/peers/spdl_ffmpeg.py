"""SPDL: FFmpeg decodes, crops and resizes in two threads; the crop is drawn before the size is known.

FFmpeg's filter gets the drawn share, ratio and place as an expression of the image's size, so that no header is read in
Python; a window that would be too large is cut where torchvision would draw again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Any

import spdl.io
import torch
from spdl.pipeline import PipelineBuilder

from peers.job import RATIO, SCALE, SIDE, WORKERS, Job
from peers.tensors import normalised

NEEDS = ["spdl", "torch"]
VARIANTS = {"2 threads": None}
CONVERTS = None


def described(draw: random.Random) -> str:
    """A filter chain: window, 224x224 (bilinear, whose kernel widens where it shrinks), and mirrored half the time."""
    share = draw.uniform(*SCALE)
    ratio = math.exp(draw.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
    width = f"min(iw,round(sqrt(iw*ih*{share * ratio:.6f})))"
    height = f"min(ih,round(sqrt(iw*ih*{share / ratio:.6f})))"
    place = f"(iw-ow)*{draw.random():.6f}:(ih-oh)*{draw.random():.6f}"
    flip = ",hflip" if draw.random() < 0.5 else ""
    window = f"crop={width}:{height}:{place}".replace("min(iw,", "min(iw\\,").replace("min(ih,", "min(ih\\,")
    return f"{window},scale={SIDE}:{SIDE}:flags=bilinear{flip},format=rgb24"


class Batches:
    """Lists of (path, label, filter), epoch after epoch."""

    def __init__(self, job: Job) -> None:
        self.items = list(zip(job.paths(), job.labels(), strict=True))
        self.batch, self.draw = job.batch, random.Random(job.seed)

    def __iter__(self) -> Iterator[list[tuple[str, int, str]]]:
        while True:
            self.draw.shuffle(self.items)
            for start in range(0, len(self.items) - self.batch + 1, self.batch):
                yield [(path, label, described(self.draw)) for path, label in self.items[start : start + self.batch]]


def loaded(items: list[tuple[str, int, str]]) -> tuple[torch.Tensor, torch.Tensor]:
    frames = [spdl.io.decode_packets(spdl.io.demux_image(path), filter_desc=chain) for path, _label, chain in items]
    images = spdl.io.to_torch(spdl.io.convert_frames(frames)).permute(0, 3, 1, 2)
    return normalised(images), torch.tensor([label for _path, label, _chain in items])


def stream(job: Job) -> Iterator[Any]:
    torch.set_num_threads(1)
    spdl.io.demux_image(job.paths()[0])  # says here, and not in a thread, that FFmpeg's libraries are missing
    builder = PipelineBuilder().add_source(Batches(job)).pipe(loaded, concurrency=WORKERS).add_sink(2)
    pipeline = builder.build(num_threads=WORKERS)
    with pipeline.auto_stop():
        yield from pipeline
