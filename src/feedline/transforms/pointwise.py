"""What happens to each pixel on its own: curves and colour matrices, and how neighbours fold into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Row = tuple[float, float, float, float]
_EASE = 1e-9


@dataclass(frozen=True, slots=True)
class Curve:
    """A function of each colour's number on its own; alpha stays.

    Attributes:
        name: in words, with its parameter: "brightness 1.20".
        function: of numbers whose black is 0 and white 1, and of the largest whole number that white is (255, 65535, or
            1 for floats): to numbers of the same kind, which are kept within 0..1 and, but for floats, rounded.
        line: (gain, bias), where the function is ``gain * x + bias`` before it is kept within 0..1.
    """

    name: str
    function: Callable[[Floats, int], Floats]
    line: tuple[float, float] | None = None

    @property
    def affine(self) -> bool:
        return self.line is not None


@dataclass(frozen=True, slots=True)
class Colour:
    """A 3x4 matrix on red, green, blue and 1, where white is 1; what comes out is kept within 0..1.

    Attributes:
        name: in words, with its parameter.
        rows: of red, green and blue.
    """

    name: str
    rows: tuple[Row, Row, Row]

    @property
    def affine(self) -> bool:
        return True


Pointwise = Curve | Colour


def line(name: str, gain: float, bias: float = 0.0) -> Curve:
    """The curve ``gain * x + bias``."""
    return Curve(name, lambda x, _: gain * x + bias, (gain, bias))


Group = tuple[Curve, ...] | Colour
"""What is done in one pass."""


def folded(steps: Sequence[Pointwise]) -> list[Group]:
    """The steps in as few passes as keep every number, but for rounding: curves become one table, matrices one matrix.

    A line among matrices is a matrix too. One whose numbers could leave 0..1 is not multiplied by the next, which would
    undo that they are kept within.
    """
    groups: list[Group] = []
    for step in steps:
        joined = _joined(groups[-1], step) if groups else None
        if joined is not None:
            groups[-1] = joined
        else:
            groups.append((step,) if isinstance(step, Curve) else step)
    return groups


def _joined(last: Group, step: Pointwise) -> Group | None:
    """Both in one pass, or None where that cannot be."""
    if isinstance(last, tuple) and isinstance(step, Curve):
        return (*last, step)
    first, second = _as_matrix(last), _diagonal(step) if isinstance(step, Curve) else step
    return None if first is None or second is None else _after(second, first)


def _as_matrix(group: Group) -> Colour | None:
    """The one matrix that does it and keeps all colours within 0..1 on the way; None where there is none."""
    if isinstance(group, Colour):
        return group if _stays(group) else None
    total: Colour | None = None
    for matrix in map(_diagonal, group):
        if matrix is None or not _stays(matrix):
            return None
        total = matrix if total is None else _after(matrix, total)
    return total


def _diagonal(curve: Curve) -> Colour | None:
    """A line, as what it does to each colour."""
    if curve.line is None:
        return None
    gain, bias = curve.line
    return Colour(curve.name, ((gain, 0.0, 0.0, bias), (0.0, gain, 0.0, bias), (0.0, 0.0, gain, bias)))


def _stays(colour: Colour) -> bool:
    """Whether no colour within 0..1 leaves it."""
    return all(
        sum(min(number, 0.0) for number in row[:3]) + row[3] >= -_EASE
        and sum(max(number, 0.0) for number in row[:3]) + row[3] <= 1 + _EASE
        for row in colour.rows
    )


def _after(second: Colour, first: Colour) -> Colour:
    full = np.vstack([first.rows, (0.0, 0.0, 0.0, 1.0)])
    rows = (np.asarray(second.rows) @ full).tolist()
    return Colour(f"{first.name}, {second.name}", (tuple(rows[0]), tuple(rows[1]), tuple(rows[2])))


@lru_cache(maxsize=16)
def top(dtype: np.dtype[Any]) -> int:
    """What white is."""
    return 1 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def curve_table(curves: tuple[Curve, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """What the curves make of each number of uint8 or uint16, rounded behind each: 256 or 65536, of the type."""
    white = top(dtype)
    values = np.arange(white + 1)
    for curve in curves:
        rounded = np.floor(np.clip(curve.function(values / white, white), 0.0, 1.0) * white + 0.5)
        values = rounded.astype(np.int64)
    return values.astype(dtype)


def on_floats(curves: tuple[Curve, ...], image: NDArray[Any]) -> NDArray[Any]:
    """What the curves make of numbers whose white is 1, kept within 0..1; of the image's type."""
    values = image.astype(np.float64)
    for curve in curves:
        values = np.clip(curve.function(values, 1), 0.0, 1.0)
    return values.astype(image.dtype)


def on_fill(steps: Sequence[Pointwise], fill: tuple[float, ...], dtype: np.dtype[Any]) -> tuple[float, ...]:
    """What the steps make of one colour, as of a pixel of it; in the unit of the type."""
    white = top(dtype)
    for step in steps:
        colours = len(fill) - (len(fill) in (2, 4))
        shares = np.array(fill[:colours]) / white
        if isinstance(step, Curve):
            shares = step.function(shares, white)
        elif colours == 3:
            rows = np.asarray(step.rows)
            shares = rows[:, :3] @ shares + rows[:, 3]
        levels = np.clip(shares, 0.0, 1.0) * white
        fill = (*(levels if white == 1 else np.floor(levels + 0.5)).tolist(), *fill[colours:])
    return fill


@lru_cache(maxsize=64)
def float_table(factor: tuple[float, ...], offset: tuple[float, ...], white: int) -> NDArray[np.float32]:
    """``value * factor + offset`` of 0 to ``white``, a column a channel: computed in float64, float32."""
    table = np.arange(white + 1)[:, None] * np.array(factor) + np.array(offset)
    narrow: NDArray[np.float32] = table.astype(np.float32)
    narrow.setflags(write=False)
    return narrow
