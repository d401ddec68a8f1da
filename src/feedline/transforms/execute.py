"""Plans run: the reference, which a faster kernel has to equal to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from feedline import native
from feedline.native.counters import count
from feedline.native.weights import SUPPORT
from feedline.transforms.canvas import canvas
from feedline.transforms.matrix import after, scaling, shift
from feedline.transforms.plan import Plan
from feedline.transforms.pointwise import Colour, Group, curve_table, float_table, on_floats, top
from feedline.transforms.stages import Convert, Recolour, Resample, Work
from feedline.types import Image

_NOWHERE = (0, 0)


def run(plan: Plan, image: Image, origin: tuple[int, int] = _NOWHERE) -> Any:
    """What the plan makes of a picture: an HxWxC array, or a CxHxW tensor.

    Args:
        plan: made for a picture of this size, channels and type.
        image: HxWxC: the picture, or the part of it that begins at ``origin`` and holds ``plan.region``.
        origin: (row, column).
    """
    for stage in plan.stages:
        if isinstance(stage, Resample):
            image, origin = resample(stage, image, origin), _NOWHERE
        elif isinstance(stage, Recolour):
            image = recolour(stage.group, image)
        elif isinstance(stage, Convert):
            image = convert(stage, image)
        else:
            image = work(stage, image)
    if not plan.tensor:
        return np.ascontiguousarray(image)
    made = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    return made.contiguous() if plan.planar else made


def run_mask(plan: Plan, mask: Image, fill: int = 0) -> Image:
    """The mask as its picture was moved, HxWxC: its numbers are never mixed.

    Args:
        plan: of the picture.
        mask: HxWxC of the picture's height and width, of any type.
        fill: its number where there is no picture.
    """
    fills = (float(fill),) * mask.shape[2]
    for stage in plan.stages:
        if isinstance(stage, Resample):
            mask = resample(stage.as_nearest(fills), mask, _NOWHERE)
    return np.ascontiguousarray(mask)


def resample(stage: Resample, image: Image, origin: tuple[int, int]) -> Image:
    """All geometry of a segment."""
    count("copies" if stage.kind == "copy" else "resamplings")
    reach = 2 * SUPPORT[stage.filter] * max(stage.widths) + 2
    part = canvas(image, origin, stage.source, stage.window, stage.painted, reach)
    if stage.kind == "copy":
        return _oriented(part, stage)
    top, left, bottom, right = stage.inner
    if (bottom - top, right - left) == stage.size:
        return _weighed(part, stage)
    whole = np.empty((*stage.size, image.shape[2]), image.dtype)
    _paint_frames(whole, stage)
    if bottom > top and right > left:
        whole[top:bottom, left:right] = _weighed(part, stage)
    return whole


def _oriented(part: Image, stage: Resample) -> Image:
    a, b, _, d, e, *_ = stage.matrix
    if abs(a) < abs(b):
        part, a, e = part.swapaxes(0, 1), b, d
    return part[:: -1 if e < 0 else 1, :: -1 if a < 0 else 1].copy()  # torch takes no steps back, even along one pixel


def _paint_frames(whole: Image, stage: Resample) -> None:
    """The fills of frames within frames, from the last to the first."""
    for place in reversed(range(len(stage.frames))):
        top, left, bottom, right = _within(stage, place + 1)
        whole[top:bottom, left:right] = np.asarray(stage.frames[place].fill, whole.dtype)


def _within(stage: Resample, first: int) -> tuple[int, int, int, int]:
    """The part of the output within the frames from ``first`` on."""
    later = Resample(stage.source, stage.size, stage.matrix, frames=stage.frames[first:])
    return later.inner


def _weighed(part: Image, stage: Resample) -> Image:
    """The inner part of the output, of the window's pixels."""
    return _scaled(part, stage) if stage.kind == "scale" else _warped(part, stage)


def _scaled(part: Image, stage: Resample) -> Image:
    top, left, bottom, right = stage.inner
    a, b, c, d, e, f, *_ = stage.back
    down, across = stage.widths
    first_row, first_column = stage.window[:2]
    if abs(a) < abs(b):
        part = part.swapaxes(0, 1)
        rows, columns = (c - first_column, b, across), (f - first_row, d, down)
    else:
        rows, columns = (f - first_row, e, down), (c - first_column, a, across)
    return native.regrid(
        np.ascontiguousarray(part),
        native.Grid(bottom - top, rows[0] + rows[1] * top, rows[1], rows[2]),
        native.Grid(right - left, columns[0] + columns[1] * left, columns[1], columns[2]),
        stage.filter,
    )


def _warped(part: Image, stage: Resample) -> Image:
    top, left, bottom, right = stage.inner
    back = after(stage.back, shift(left, top))
    back = after(shift(-stage.window[1], -stage.window[0]), back)
    if max(stage.widths) > 1 and stage.filter != "nearest":
        height, width = part.shape[:2]
        part = _shrunk(part, stage)
        back = after(scaling(part.shape[1] / width, part.shape[0] / height), back)
    return native.warp(np.ascontiguousarray(part), back, (bottom - top, right - left), stage.filter)


def _shrunk(part: Image, stage: Resample) -> Image:
    """Along the axes first, to the grid that the filter is as wide as."""
    count("shrinks")
    height, width = part.shape[:2]
    tall, wide = (max(1, round(side / share)) for side, share in zip((height, width), stage.widths, strict=True))
    rows = native.Grid(tall, 0.0, height / tall, max(height / tall, 1.0))
    columns = native.Grid(wide, 0.0, width / wide, max(width / wide, 1.0))
    return native.regrid(np.ascontiguousarray(part), rows, columns, stage.filter)


def recolour(group: Group, image: Image) -> Image:
    """Pixel-wise steps in one pass."""
    count("float_passes" if image.dtype.kind == "f" else "pixel_passes")
    channels = image.shape[2]
    if isinstance(group, Colour):
        if channels < 3:
            return image
        matrix = np.array(group.rows)
        matrix[:, 3] *= top(image.dtype)
        return native.mix(image, matrix)
    colours = channels - (channels in (2, 4))
    if image.dtype.kind == "f":
        return np.concatenate([on_floats(group, image[:, :, :colours]), image[:, :, colours:]], -1)
    table = curve_table(group, image.dtype)[:, None]
    if colours < channels:
        alpha = np.arange(len(table), dtype=table.dtype)[:, None]
        table = np.concatenate([table] * colours + [alpha], 1)
    return native.look_up(image, table)


def convert(stage: Convert, image: Image) -> Image:
    """To float32 in one pass."""
    count("float_passes")
    channels = image.shape[2]
    factor, offset = ((numbers * channels)[:channels] for numbers in (stage.factor, stage.offset))
    if image.dtype.kind == "f":
        if stage.curves:
            image = recolour(stage.curves, image)
        return native.scale_shift(image, np.array(factor, np.float32), np.array(offset, np.float32))
    table = float_table(factor, offset, top(image.dtype))
    if stage.curves:
        colours = channels - (channels in (2, 4))
        chosen = curve_table(stage.curves, image.dtype)
        table = np.concatenate([table[chosen, :colours], table[:, colours:]], 1)
    return native.look_up(image, table)


def work(stage: Work, image: Image) -> Image:
    """A stage that remains."""
    count("stages")
    return stage.run(np.ascontiguousarray(image))
