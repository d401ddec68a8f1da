"""Stages in words, as a person would tell another what will be done to a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from feedline.transforms.matrix import at, bounds, corners
from feedline.transforms.pointwise import Colour, Group
from feedline.transforms.stages import Clip, Convert, Corners, Recolour, Resample, Stage, outside

_MORE = " " * 12
_TINY = 1e-6


def sentences(stages: Sequence[Stage]) -> list[str]:
    """A few lines a stage, the word of what is done first."""
    lines: list[str] = []
    resampled = False
    for stage in stages:
        if isinstance(stage, Resample):
            lines += _geometry(stage, resampled)
            resampled |= stage.kind != "copy"
        elif isinstance(stage, Recolour):
            lines.append(f"  colours   {_group(stage.group)}")
        elif isinstance(stage, Convert):
            lines += _conversion(stage)
        else:
            lines.append(f"  stage     {stage.name}")
    return lines


def _group(group: Group) -> str:
    if isinstance(group, Colour):
        return f"one 3x4 matrix: {group.name}"
    return f"one table: {', '.join(curve.name for curve in group)}"


def _conversion(stage: Convert) -> Iterator[str]:
    if stage.curves:
        yield f"  float     one table: {', '.join(curve.name for curve in stage.curves)},"
        yield f"{_MORE}then value * ({_numbers(stage.factor)}) + ({_numbers(stage.offset)})"
    else:
        yield f"  float     value * ({_numbers(stage.factor)}) + ({_numbers(stage.offset)})"


def _geometry(stage: Resample, again: bool) -> Iterator[str]:
    height, width = stage.size
    if stage.kind == "copy":
        whole = stage.window == (0, 0, *stage.source)
        where = _mirrored(stage) if whole else f", {_along(stage)}"
        yield f"  move      pixels as they are, to {height} x {width}{where}"
    else:
        how = f"again, for {stage.why}:" if again and stage.why else "again" if again else "once"
        yield f"  resample  {how} to {height} x {width}, {stage.filter}{_stretched(stage)}"
        yield from (_MORE + line for line in (_turned(stage) if stage.kind == "warp" else [_along(stage)]))
        if stage.limits is not None and stage.kind == "warp":
            yield f"{_MORE}of no more than {_place(_around(stage.limits))}"
    for clip in (*stage.clips, *stage.frames):
        if _shows(stage, clip):
            what = f"filled with {_numbers(clip.fill)}" if clip.border == "constant" else f"{clip.border} border"
            yield f"{_MORE}{what} outside of {_place(clip.corners)}"


def _stretched(stage: Resample) -> str:
    down, across = stage.widths
    if max(down, across) == 1 or stage.filter == "nearest":
        return ""
    return f", antialiased over {down:.2f} x {across:.2f} pixels"


def _along(stage: Resample) -> str:
    """Of what is scaled along the axes: which part, and which way round."""
    top, left, bottom, right = stage.inner
    frame = (left, top), (right, top), (right, bottom), (left, bottom)
    one, two, three, four = (at(stage.back, corner) for corner in frame)
    return f"of {_place((one, two, three, four))}{_mirrored(stage)}"


def _mirrored(stage: Resample) -> str:
    a, b, _, d, e, *_ = stage.matrix
    if abs(a) < abs(b):
        return ", turned by a quarter" if b * d < 0 else ", rows and columns exchanged"
    if a < 0 and e < 0:
        return ", turned upside down"
    sides = "left and right" if a < 0 else "top and bottom"
    return f", {sides} exchanged" if min(a, e) < 0 else ""


def _turned(stage: Resample) -> Iterator[str]:
    a, b, c, d, e, f, g, h, i = stage.matrix
    if abs(g) > _TINY or abs(h) > _TINY:
        yield "in perspective"
    else:
        mirrored = a * e - b * d < 0
        angle = math.degrees(math.atan2(-d, -a) if mirrored else math.atan2(d, a))
        grown = math.hypot(a, d)
        first = "left and right exchanged, " if mirrored else ""
        which = "clockwise" if angle > 0 else "counter-clockwise"
        height = abs(a * e - b * d) / grown
        slant = math.degrees(math.atan((a * b + d * e) / (a * e - b * d))) * (-1 if mirrored else 1)
        sheared = f", sheared by {abs(slant):.1f} degrees" if abs(slant) >= 0.05 else ""
        yield f"{first}turned by {abs(angle):.1f} degrees {which}{sheared}, {height:.2f} x {grown:.2f} as large"
    yield f"by the matrix {a:.4g} {b:.4g} {c:.4g}, {d:.4g} {e:.4g} {f:.4g}, {g:.4g} {h:.4g} {i:.4g}"


def _shows(stage: Resample, clip: Clip) -> bool:
    """Whether any of the output lies outside of a clip."""
    if clip.border == "closed":
        return False
    return any(outside(clip.corners, at(stage.back, corner)) for corner in corners(*stage.size))


def _around(edges: tuple[float, float, float, float]) -> Corners:
    top, left, bottom, right = edges
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _place(points: Corners) -> str:
    """A frame of the source: rows and columns where it stands upright, else its corners."""
    top, left, bottom, right = bounds(points)
    upright = all(min(x - left, right - x) < _TINY and min(y - top, bottom - y) < _TINY for x, y in points)
    if upright:
        return f"rows {_pixel(top)} to {_pixel(bottom)}, columns {_pixel(left)} to {_pixel(right)}"
    return f"the corners {', '.join(f'({x:.0f}, {y:.0f})' for x, y in points)}"


def _pixel(number: float) -> str:
    return f"{number:.0f}" if abs(number - round(number)) < 1e-3 else f"{number:.1f}"


def _numbers(numbers: tuple[float, ...]) -> str:
    same = len(set(numbers)) == 1
    chosen = numbers[:1] if same else numbers
    return ", ".join(f"{number:.0f}" if number == round(number) else f"{number:.4g}" for number in chosen)
