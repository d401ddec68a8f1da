"""A sample's image, planned before it is decoded, so that no more is decoded than its transforms look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

from feedline.codecs.shape import ahead_of, reduced_size, upright_size
from feedline.errors import TransformError
from feedline.records import header_of, image_of, objects_of, part_of
from feedline.rng import Key
from feedline.transforms.base import Transform, as_array, say
from feedline.transforms.box_crop import CropToBox
from feedline.transforms.compose import Compose, Stretch, stretches
from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.transforms.plan import Plan
from feedline.transforms.reduced import reduced, shrinks
from feedline.types import Header, Image, Mode, Objects, Record

Scale = Literal["exact", "fast"]
SCALES = ("exact", "fast")
CHANNELS = {"RGB": 3, "L": 1, "RGBA": 4}
_SMALL = 4096
"""Bytes of a file up to which looking at its header first is not worth it."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is known of a picture before it is decoded.

    Attributes:
        whole: the plan of the first stretch, for the picture as it is.
        plan: the same, for what is decoded.
        region: (top, left, height, width) of the upright picture that is decoded; None for all of it.
        size: (height, width) at which it is decoded, where that is less than it has.
    """

    whole: Plan
    plan: Plan
    region: tuple[int, int, int, int] | None = None
    size: tuple[int, int] | None = None

    @property
    def origin(self) -> tuple[int, int]:
        return (0, 0) if self.region is None else self.region[:2]


class Chain:
    """The steps that one key chose, for one sample.

    Args:
        steps: all of them.
        key: of the sample.
        colours: whether more is done than geometry and the conversion of numbers.

    Attributes:
        stretches: in order; none where there are no steps.
        views: how many pictures come of one.
    """

    def __init__(self, steps: Compose, key: Key, colours: bool = True) -> None:
        self.key, self.colours, self.views = key, colours, steps.views
        self.stretches = tuple(stretches(steps.placed(key)))

    def ahead(self, record: Record, mode: Mode, index: int, scale: Scale) -> Ahead | None:
        """What is to be decoded of a record's image; None where all of it is, and planned when it is there.

        Raises:
            DecodeError: its header cannot be read; names path and index.
            TransformError: a step cannot be done to a picture of its size.
        """
        first = self.stretches[0].ours if self.stretches else ()
        if not first or self.views > 1 or mode not in CHANNELS or not _worth_it(record):
            return None
        header = header_of(record, index)
        objects = objects_of(record, index, header)
        draft = Draft(*upright_size(header), CHANNELS[mode], objects=objects, colours=self.colours)
        plan = _drafted(draft, first, self.key)
        fast = _reduced(plan, header) if scale == "fast" else None
        if fast is not None:
            return fast
        return Ahead(plan, plan, None if plan.region == (0, 0, *plan.source) else plan.region)

    def run(self, image: Image, ahead: Ahead | None = None, objects: Objects | None = None) -> Any:
        """What the steps make of an image; of several views, a stack of them.

        Args:
            image: HxWxC: what ``ahead`` says of it, or all.
            ahead: where the picture was planned already.
            objects: what is where in it, where it was not.
        """
        if self.views == 1:
            return self._view(image, ahead, objects, 0)
        views = [self._view(image, ahead, objects, view) for view in range(self.views)]
        return torch.stack(views) if isinstance(views[0], torch.Tensor) else np.stack(views)

    def _view(self, image: Any, ahead: Ahead | None, objects: Objects | None, view: int) -> Any:
        for stretch in self.stretches:
            if ahead is not None:
                image = run(ahead.plan, image, ahead.origin)
            elif stretch.ours:
                array, plan = self.planned(stretch, image, objects, view)
                image = run(plan, array)
            if objects is not None and stretch.foreign is not None:
                self._require_no_look_behind(stretch)
            ahead = objects = None  # behind a foreign step nobody knows where they are
            if self.colours:
                image = stretch.leave(image, self.key)
        return image

    def _require_no_look_behind(self, stretch: Stretch) -> None:
        """Raises TransformError where a step behind a foreign one looks at objects, whose places are lost there."""
        behind = self.stretches[self.stretches.index(stretch) + 1 :]
        for step, _ in (placed for later in behind for placed in later.ours):
            if isinstance(step, CropToBox):
                raise TransformError(
                    f"CropToBox: where the boxes of the sample are is not known behind {stretch.foreign!r}, which is "
                    "foreign: put CropToBox in front of it"
                )

    def planned(
        self, stretch: Stretch, image: Any, objects: Objects | None = None, view: int = 0
    ) -> tuple[Image, Plan]:
        """The image as an HxWxC array, and what a stretch will do to it.

        Args:
            stretch: one of ``stretches``.
            image: HxWxC array or CxHxW tensor.
            objects: what is where in it.
            view: which of ``views``.
        """
        array, tensor = as_array(image)
        height, width, channels = array.shape
        draft = Draft(height, width, channels, array.dtype, tensor, objects, view, self.colours)
        return array, _drafted(draft, stretch.ours, self.key)


def decoded_part(record: Record, mode: Mode, index: int, ahead: Ahead | None) -> Image:
    """Of a record's image what ``ahead`` says, HxWxC; raises DecodeError with path and index."""
    if ahead is None:
        return image_of(record, mode, index)
    return part_of(record, mode, index, ahead.region, ahead.size)


def _worth_it(record: Record) -> bool:
    return isinstance(record.data, bytes) and len(record.data) > _SMALL and "side_by_side" not in record.extra


def _drafted(draft: Draft, steps: tuple[tuple[Transform, int], ...], key: Key) -> Plan:
    for step, operation in steps:
        say(step, draft, key, operation)
    return draft.finish()


def _reduced(plan: Plan, header: Header) -> Ahead | None:
    """At 1/8, 1/4 or 1/2 of a JPEG, if the plan shrinks it as much."""
    most = shrinks(plan) if header.format == "jpeg" else 1.0
    for step in (8, 4, 2):
        if most >= step:
            size = reduced_size(header, step)
            return Ahead(plan, reduced(plan, step, size, ahead_of(header, step)), size=size)
    return None
