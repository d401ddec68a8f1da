"""What transforms are shown on: an image, a dataset's sample, or a landscape for those who have none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from feedline._open import open as open_dataset
from feedline.cli.demonstration import CLASSES, demonstration
from feedline.codecs.sniff import sniff
from feedline.dataset import ImageDataset
from feedline.errors import DataError
from feedline.records import decoded
from feedline.rng import Key
from feedline.sources import VocSource
from feedline.transforms import Compose, Plan
from feedline.transforms.execute import resample, run, run_mask
from feedline.transforms.objects import follow
from feedline.transforms.plan import Resample
from feedline.types import UNLABELLED, Image, Mode, Record

_HEAD = 4096


@dataclass(frozen=True)
class Subject:
    """A sample whose pictures are decoded, the names of its classes, and its index in its dataset."""

    name: str
    record: Record
    classes: Sequence[str]
    index: int = 0

    @property
    def image(self) -> Image:
        return np.asarray(self.record.data)

    @property
    def height(self) -> int:
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        return int(self.image.shape[1])

    def key(self, seed: int, epoch: int = 0) -> Key:
        """What its random numbers depend on, as in training."""
        return Key(seed, epoch, self.index)

    def plan(self, compose: Compose, key: Key, view: int = 0) -> Plan:
        _, _, channels = self.image.shape
        size, dtype, objects = self.image.shape[:2], self.image.dtype, self.record.objects
        return compose.plan(size, key, channels=channels, dtype=dtype, objects=objects, view=view)

    def after(self, plan: Plan) -> Record:
        """The sample when the plan was run; of the partner of a pair, only its geometry."""
        record = self.record
        mask = run_mask(plan, np.asarray(record.mask)) if record.mask is not None else None
        objects = None if record.objects is None else follow(plan, record.objects)[0]
        partner = None if record.partner is None else _moved(plan, np.asarray(record.partner))
        return replace(record, data=run(plan, self.image), objects=objects, mask=mask, partner=partner)


def subject_of(
    data: str | None,
    index: int | None = None,
    *,
    split: str | None = None,
    boxes: Path | None = None,
    mask: Path | None = None,
    mode: Mode | None = None,
) -> Subject:
    """What ``feedline transforms show`` was asked to show.

    Raises:
        DataError, DecodeError, OSError: nothing is there, or nothing that can be shown.
    """
    if data is None:
        return Subject("demonstration", demonstration(), CLASSES)
    if index is None and split is None and _is_image(data):
        subject = _annotated(data, boxes, mode) if boxes is not None else _alone(data, mode)
    elif boxes is not None:
        raise DataError("--boxes is for a single image: a dataset's samples have their own")
    else:
        how: dict[str, Any] = {} if split is None else {"split": split}
        subject = _sample(open_dataset(data, mode=mode, **how), 0 if index is None else index)
    return subject if mask is None else _masked(subject, mask)


def _is_image(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return sniff(stream.read(_HEAD)) is not None


def _alone(path: str, mode: Mode | None) -> Subject:
    record = Record(Path(path).read_bytes(), UNLABELLED, path)
    return Subject(os.path.basename(path), decoded(record, mode or "RGB", 0), ())


def _annotated(path: str, boxes: Path, mode: Mode | None) -> Subject:
    """The sample of this name in what the annotations describe."""
    folder, name = os.path.split(os.path.abspath(path))
    if boxes.suffix == ".xml":
        dataset = open_dataset(VocSource(boxes.parent), mode=mode)
    elif boxes.suffix == ".json":
        dataset = open_dataset(boxes, mode=mode, root=folder)
    else:
        dataset = open_dataset(boxes, mode=mode)
    for index, other in enumerate(dataset.paths):
        if os.path.basename(other) == name:
            return replace(_sample(dataset, index), index=0)
    raise DataError(f"{boxes} has no image called {name}")


def _sample(dataset: ImageDataset, index: int) -> Subject:
    if not -len(dataset) <= index < len(dataset):
        raise DataError(f"--index must be less than the number of samples, {len(dataset):,}, not {index}")
    index = dataset.root_index(index)
    record = dataset.record(index)
    return Subject(f"{os.path.basename(record.path)} (index {index})", record, dataset.classes, index)


def _masked(subject: Subject, path: Path) -> Subject:
    record = decoded(replace(subject.record, mask=path.read_bytes(), extra={"mask_path": str(path)}), "unchanged", 0)
    mask = np.asarray(record.mask)
    if mask.shape[:2] != subject.image.shape[:2]:
        sizes = f"{mask.shape[0]} x {mask.shape[1]}, not {subject.height} x {subject.width}"
        raise DataError(f"a mask must have its image's size: {path} is {sizes}")
    return replace(subject, record=replace(subject.record, mask=mask))


def _moved(plan: Plan, partner: Image) -> Image:
    """The partner of a pair after the geometry of the plan."""
    for stage in plan.stages:
        if isinstance(stage, Resample):
            partner = resample(stage, partner, (0, 0))
    return np.ascontiguousarray(partner)
