"""The pictures of a sheet that shows transforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from feedline.cli.subject import Subject
from feedline.rng import Key
from feedline.transforms import BatchTransform, Compose
from feedline.transforms.draw import draw
from feedline.transforms.draw_plan import draw_plan
from feedline.transforms.showable import showable
from feedline.types import Image, Record

_GAP = 6


@dataclass(frozen=True)
class Tile:
    """A picture (HxWx3 uint8) and the words above it."""

    image: Image
    caption: str
    blank: bool = False

    @classmethod
    def empty(cls, side: int) -> Tile:
        """White paper."""
        return cls(np.full((side, side, 3), 255, np.uint8), "", blank=True)


def subject_tile(subject: Subject, side: int) -> Tile:
    """What nothing was done to."""
    image, _ = _drawn(subject, subject.record, (), side)
    return Tile(image, f"original\n{subject.height} x {subject.width}")


def result_tiles(subject: Subject, compose: Compose, key: Key, caption: str, side: int) -> list[Tile]:
    """What the key makes of the subject: one tile, or one for each view."""
    steps = tuple(step for step, _ in compose.placed(key))
    tiles = []
    for view in range(compose.views):
        plan = subject.plan(compose, key, view)
        image, word = _drawn(subject, subject.after(compose, key, plan), steps, side)
        about = f"{plan.size[0]} x {plan.size[1]}" + (f", {word}" if word else "")
        tiles.append(Tile(image, f"{_numbered(caption, view, compose.views)}\n{about}"))
    return tiles


def batch_tiles(subject: Subject, step: BatchTransform, key: Key, side: int) -> list[Tile]:
    """What the key makes of a batch of the subject and it upside down, with their shares in the labels."""
    image = np.ascontiguousarray(subject.image)
    batch = torch.from_numpy(np.stack([image, image[::-1]])), torch.arange(2)
    images, labels = step(*batch, key=key)
    captions = ["label: " + " + ".join(f"{share:.2f}" for share in shares) for shares in labels.tolist()]
    made = [draw(showable(mixed.numpy())[0], side=side) for mixed in images]
    return [Tile(mixed, caption) for mixed, caption in zip(made, captions, strict=True)]


def plan_tiles(subject: Subject, compose: Compose, key: Key, caption: str, side: int) -> list[Tile]:
    """The plan that the key makes for the subject: one tile, or one for each view."""
    steps = tuple(step for step, _ in compose.placed(key))
    record, tiles = subject.record, []
    mask = _mask(record)
    for view in range(compose.views):
        image = draw_plan(
            subject.plan(compose, key, view),
            subject.image,
            objects=record.objects,
            mask=mask,
            classes=subject.classes,
            steps=steps,
            side=(side - 2 * _GAP) // 2,
        )
        tiles.append(Tile(image, _numbered(caption, view, compose.views)))
    return tiles


def _numbered(caption: str, view: int, views: int) -> str:
    return caption if views == 1 else f"{caption}, {view + 1} of {views}".removeprefix(", ")


def _drawn(subject: Subject, record: Record, steps: tuple[object, ...], side: int) -> tuple[Image, str]:
    """A record's picture with all that is known of it, its partner on the right; and a word on its numbers."""
    image, word = showable(record.data, steps)
    mask = _mask(record)
    if record.partner is None:
        return draw(image, record.objects, mask, subject.classes, side), word
    half = (side - _GAP) // 2
    left = draw(image, record.objects, mask, subject.classes, half)
    right = draw(showable(record.partner)[0], side=half)
    whole = np.full((max(left.shape[0], right.shape[0]), left.shape[1] + _GAP + right.shape[1], 3), 255, np.uint8)
    whole[: left.shape[0], : left.shape[1]] = left
    whole[: right.shape[0], left.shape[1] + _GAP :] = right
    return whole, word


def _mask(record: Record) -> Image | None:
    """The mask; of a record with masks of its objects, these in the colours of their classes."""
    if record.mask is not None:
        return np.asarray(record.mask)
    masks = record.extra.get("rle", {})
    if record.objects is None or not masks:
        return None
    first = next(iter(masks.values()))
    whole = np.zeros((first.height, first.width, 1), np.int64)
    for number, rle in masks.items():
        whole[rle.mask()] = record.objects.labels[number] + 1
    return whole
