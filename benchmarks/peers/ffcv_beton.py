"""FFCV: one file of JPEG bytes, its decoder and its random crop (OpenCV's area filter), two threads."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from ffcv.fields import IntField, RGBImageField
from ffcv.fields.decoders import IntDecoder, RandomResizedCropRGBImageDecoder
from ffcv.loader import Loader, OrderOption
from ffcv.transforms import NormalizeImage, RandomHorizontalFlip, Squeeze, ToTensor, ToTorchImage
from ffcv.writer import DatasetWriter
from torchvision.datasets import ImageFolder

from peers.job import MEAN, RATIO, SCALE, SIDE, STD, WORKERS, Job, endless

NEEDS = ["ffcv", "torch", "torchvision"]
VARIANTS = {"2 threads": None}
CONVERTS = "one .beton, JPEGs encoded anew at quality 90"


def converted(job: Job) -> str:
    file = job.converted / "ffcv.beton"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        fields = {"image": RGBImageField(write_mode="jpg", jpeg_quality=90), "label": IntField()}
        DatasetWriter(str(part), fields, num_workers=1).from_indexed_dataset(ImageFolder(job.source))
        part.rename(file)
    return str(file)


def leave() -> None:
    """Ends the process: threads of FFCV that are at work when Python ends would abort it, all figures told."""
    sys.stdout.flush()
    os._exit(0)


def stream(job: Job) -> Iterator[Any]:
    atexit.register(leave)
    mean, std = (np.array(numbers, np.float32) * 255 for numbers in (MEAN, STD))
    images = [
        RandomResizedCropRGBImageDecoder((SIDE, SIDE), scale=SCALE, ratio=RATIO),
        RandomHorizontalFlip(),
        NormalizeImage(mean, std, np.float32),
        ToTensor(),
        ToTorchImage(channels_last=False),
    ]
    labels = [IntDecoder(), ToTensor(), Squeeze()]
    loader = Loader(
        converted(job),
        batch_size=job.batch,
        num_workers=WORKERS,
        order=OrderOption.RANDOM,
        os_cache=True,
        drop_last=True,
        seed=job.seed,
        pipelines={"image": images, "label": labels},
    )
    for batch in endless(loader):
        yield batch[0], torch.as_tensor(batch[1])
