"""What will be done to one picture, before there are pixels: data that can be printed, drawn and run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from feedline.transforms.matrix import Matrix, at, corners, inverse
from feedline.transforms.stages import (
    Border,
    Clip,
    Convert,
    Corners,
    Recolour,
    Resample,
    Stage,
    Window,
    Work,
    outside,
)
from feedline.transforms.words import sentences

__all__ = ["Border", "Clip", "Convert", "Corners", "Plan", "Recolour", "Resample", "Stage", "Window", "Work", "outside"]


@dataclass(frozen=True)
class Plan:
    """What will be done to one picture.

    Attributes:
        source: (height, width) of the upright picture.
        source_channels, source_dtype: of it.
        stages: in order.
        size: (height, width) of what comes out.
        channels, dtype: of what comes out.
        tensor: whether that is a CxHxW tensor, or an HxWxC array.
        matrix: from source to output, of all stages.
        cuts: frames beyond which things were cut away, in the coordinates of the source.
        then: a step behind the plan that nothing is known about, in words, or "".
        planar: of a tensor, whether its memory is channel after channel, and not channels-last.
    """

    source: tuple[int, int]
    source_channels: int
    source_dtype: np.dtype[Any]
    stages: tuple[Stage, ...]
    size: tuple[int, int]
    channels: int
    dtype: np.dtype[Any]
    tensor: bool
    matrix: Matrix
    cuts: tuple[Corners, ...] = ()
    then: str = ""
    planar: bool = False

    @cached_property
    def region(self) -> tuple[int, int, int, int]:
        """(top, left, height, width) of what has to be decoded, as :func:`feedline.decode` takes it."""
        for stage in self.stages:
            if isinstance(stage, Resample):
                top, left, bottom, right = stage.needed
                return top, left, bottom - top, right - left
            if not isinstance(stage, Recolour):
                break
        return 0, 0, *self.source

    @property
    def resamplings(self) -> tuple[Resample, ...]:
        """The stages that bring the picture onto another grid."""
        return tuple(stage for stage in self.stages if isinstance(stage, Resample) and stage.kind != "copy")

    @property
    def outline(self) -> Corners:
        """The corners of the output in the coordinates of the source."""
        back = inverse(self.matrix)
        return tuple(at(back, corner) for corner in corners(*self.size))

    def __str__(self) -> str:
        height, width = self.source
        top, left, tall, wide = self.region
        share = tall * wide / (height * width)
        lines = [
            f"A picture {height} high and {width} wide, {self.source_channels} x {self.source_dtype}",
            f"  decode    rows {top} to {top + tall}, columns {left} to {left + wide}: {share:.0%} of it",
            *sentences(self.stages),
        ]
        if self.then:
            lines.append(f"  then      {self.then}: what it does is known when it has run")
        memory = "" if self.planar else ", channels-last in memory"
        form = f"tensor CxHxW{memory}" if self.tensor else "array HxWxC"
        return "\n".join(
            [*lines, f"  gives     {self.size[0]} x {self.size[1]}, {self.channels} x {self.dtype}, {form}"]
        )
