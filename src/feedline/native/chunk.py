"""Chunks of samples for the kernel: the steps that it draws and plans itself, and the call that makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline import timing
from feedline.native.choice import extension
from feedline.native.segments import Segments
from feedline.native.weights import FILTERS, Filter
from feedline.rng import Key

KINDS = ("CenterCrop", "RandomCrop", "RandomResizedCrop", "Resize", "RandomHorizontalFlip", "RandomVerticalFlip", "Pad")
"""Steps that the kernel knows, in the order of its ``fl_step_kind``."""
STEP = np.dtype(
    [
        ("kind", "i4"),
        ("operation", "i4"),
        ("size", "i4", 2),
        ("sides", "i4", 4),
        ("most", "i4"),
        ("filter", "i4"),
        ("antialias", "i4"),
        ("fill", "u1", 4),
        ("numbers", "f8", 6),
    ]
)
"""``fl_step`` of csrc/draw.h."""
PLAN = np.dtype(
    [
        ("kind", "i4"),
        ("size", "i4", 2),
        ("window", "i4", 4),
        ("needed", "i4", 4),
        ("filter", "i4"),
        ("flips", "i4", 2),
        ("has_frame", "i4"),
        ("frame", "i4", 4),
        ("fill", "u1", 4),
        ("rows", "f8", 3),
        ("columns", "f8", 3),
        ("reduce", "i4"),
        ("unused", "i4"),
    ]
)
"""``fl_plan`` of csrc/plan.h."""
AVAILABLE = extension is not None
"""Whether there is a kernel that makes chunks."""
ROUND = 12
"""Numbers after which 1, 2, 3 and 4 channels begin anew."""
MOST = 1 << 20
"""Pixels of a side, or of a padding, that a step for the kernel may have."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step for the kernel; what each kind takes is said in csrc/draw.h.

    Attributes:
        kind: of ``KINDS``.
        operation: which of the sample's random numbers are its own.
        size: (height, width).
        sides: left, top, right and bottom.
        most: the longer side.
        filter, antialias: of what is resampled.
        fill: a number a channel.
        numbers: the rest.
    """

    kind: str
    operation: int = 0
    size: tuple[int, int] = (0, 0)
    sides: tuple[int, int, int, int] = (0, 0, 0, 0)
    most: int = 0
    filter: Filter = "bilinear"
    antialias: bool = True
    fill: tuple[int, ...] = ()
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """What a chain of steps is to the kernel.

    Attributes:
        steps: packed.
        channels: of the pictures.
        levels: channels x 256: the float32 of each number; None where what comes out is uint8.
        line: 2 x 12 float64: the factors that the levels were made by, and the offsets, channel after channel again and
            again.
        fast: whether JPEGs that shrink are decoded at 1/2, 1/4 or 1/8.
    """

    steps: bytes
    channels: int
    levels: NDArray[np.float32] | None = None
    line: NDArray[np.float64] | None = None
    fast: bool = False


def packed(steps: Sequence[Step]) -> bytes:
    """The steps as the kernel reads them."""
    table = np.zeros(len(steps), STEP)
    for row, step in zip(table, steps, strict=True):
        row["kind"], row["operation"] = KINDS.index(step.kind), step.operation
        row["size"], row["sides"], row["most"] = step.size, step.sides, step.most
        row["filter"], row["antialias"] = FILTERS.index(step.filter), step.antialias
        row["fill"][: len(step.fill)] = step.fill
        row["numbers"][: len(step.numbers)] = step.numbers
    return table.tobytes()


def run(program: Program, key: Key, indices: NDArray[np.int64], source: Any, batch: NDArray[Any], first: bool) -> bytes:
    """Makes samples in their places of a batch; what it cannot make is left to :meth:`Dataset.get`.

    Args:
        program: of their steps.
        key: seed and epoch.
        indices: of the samples.
        source: encoded files or None, one an index; or all images, NxHxWxC uint8; or the arrays of a table of paths; or
            Segments.
        batch: of as many places or more: NxHxWxC, or NxCxHxW where ``first``; uint8, or float32 with levels.
        first: whether channels come first.

    Returns:
        A byte a sample: 0 where it was made.
    """
    assert extension is not None
    codes: bytes
    codes, _, read, decode, transform = extension.run(
        program.steps,
        program.channels,
        program.fast,
        key.seed & (1 << 64) - 1,
        key.epoch & (1 << 32) - 1,
        indices,
        (source.table,) if isinstance(source, Segments) else source,
        batch,
        first,
        program.levels,
        program.line,
    )
    for name, spent in (("read", read), ("decode", decode), ("transform", transform)):
        timing.spent(name, spent * 1e-9)
    return codes
