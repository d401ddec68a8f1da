"""What transforms are shown on: an image, a dataset's sample, or a landscape for those who have none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline._open import open as open_dataset
from feedline.cli.demonstration import CLASSES, demonstration
from feedline.codecs.mask import decode_mask
from feedline.codecs.sniff import sniff
from feedline.dataset import ImageDataset
from feedline.errors import DataError
from feedline.rng import Key
from feedline.sources import VocSource
from feedline.transforms import Compose, Plan
from feedline.transforms.execute import run, run_mask
from feedline.transforms.objects import follow
from feedline.types import UNLABELLED, Image, Mode, Record, Spec

_HEAD = 4096


class _One(Sequence[Record]):
    """A source of one sample."""

    def __init__(self, record: Record, classes: Sequence[str]) -> None:
        self._record = record
        self.classes, self.groups, self.has_files = list(classes), None, False
        self.targets: NDArray[np.int64] = np.array([record.label], np.int64)
        self.spec = Spec(None, None, None)

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        return (self._record,)[index]

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def path(self, index: int) -> str:
        return self._record.path


@dataclass(frozen=True)
class Subject:
    """A sample: its dataset, its index there, and its record with pictures that are decoded."""

    name: str
    dataset: ImageDataset
    index: int
    record: Record

    @property
    def classes(self) -> Sequence[str]:
        return self.dataset.classes

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

    def prepared(self, compose: Compose) -> Compose:
        """The steps as its dataset takes them, which knows what they leave to it."""
        return Compose([self.dataset.with_transform(compose).transform or compose])

    def plan(self, compose: Compose, key: Key, view: int = 0) -> Plan:
        _, _, channels = self.image.shape
        size, dtype, objects = self.image.shape[:2], self.image.dtype, self.record.objects
        return compose.plan(size, key, channels=channels, dtype=dtype, objects=objects, view=view)

    def after(self, compose: Compose, key: Key, plan: Plan) -> Record:
        """The sample as a training would get it; of several views the one that the plan makes, without its partner."""
        if compose.views == 1:
            return self.dataset.with_transform(compose).sample(self.index, key)
        record = self.record
        mask = None if record.mask is None else run_mask(plan, np.asarray(record.mask))
        objects = None if record.objects is None else follow(plan, record.objects)[0]
        return replace(record, data=run(plan, self.image), objects=objects, mask=mask, partner=None)


def subject_of(
    data: str | None,
    index: int | None = None,
    *,
    split: str | None = None,
    boxes: Path | None = None,
    mask: Path | None = None,
    pair: str | None = None,
    mode: Mode | None = None,
) -> Subject:
    """What ``feedline transforms show`` was asked to show.

    Raises:
        DataError, DecodeError, OSError: nothing is there, or nothing that can be shown.
    """
    if data is None:
        return _alone("demonstration", demonstration(), CLASSES, mode)
    single = _is_image(data)
    for option, value in {"--index": index, "--split": split, "--pair": pair}.items():
        if single and value is not None:
            raise DataError(f"{option} goes with a dataset, and {data} is a single image: leave it out")
    if boxes is not None and not single:
        raise DataError("--boxes is for a single image: a dataset's samples have their own")
    if boxes is not None:
        subject = _annotated(data, boxes, mode)
    elif single:
        record = Record(Path(data).read_bytes(), UNLABELLED, data)
        subject = _alone(os.path.basename(data), record, (), mode)
    else:
        how: dict[str, Any] = {} if split is None else {"split": split}
        subject = _sample(open_dataset(data, mode=mode, pair=pair, **how), 0 if index is None else index)
    return subject if mask is None else _masked(subject, mask)


def _is_image(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return sniff(stream.read(_HEAD)) is not None


def _alone(name: str, record: Record, classes: Sequence[str], mode: Mode | None) -> Subject:
    dataset = ImageDataset(_One(record, classes), mode=mode or "RGB")
    return Subject(name, dataset, 0, dataset.record(0))


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
            return _alone(name, dataset.source[index], dataset.classes, mode)
    raise DataError(f"{boxes} has no image called {name}")


def _sample(dataset: ImageDataset, index: int) -> Subject:
    if not -len(dataset) <= index < len(dataset):
        raise DataError(f"--index must be less than the number of samples, {len(dataset):,}, not {index}")
    index = dataset.root_index(index)
    record = dataset.record(index)
    return Subject(f"{os.path.basename(record.path)} (index {index})", dataset, index, record)


def _masked(subject: Subject, path: Path) -> Subject:
    """With a mask of the user's, as a sample of its own."""
    extra = {**subject.record.extra, "mask_path": str(path)}
    mask = decode_mask(path.read_bytes())
    if mask.shape[2] != 1:
        raise DataError(f"a mask has one channel, whose numbers are classes: {path} has {mask.shape[2]}")
    if mask.shape[:2] != subject.image.shape[:2]:
        sizes = f"{mask.shape[0]} x {mask.shape[1]}, not {subject.height} x {subject.width}"
        raise DataError(f"a mask must have its image's size: {path} is {sizes}")
    record = replace(subject.record, mask=mask, extra=extra)
    dataset = ImageDataset(_One(record, subject.classes), mode=subject.dataset.mode)
    return Subject(subject.name, dataset, 0, record)
