"""3x3 matrices on points, as nine floats row by row: planning is scalar work, where arrays would only cost.

A point is (x, y) in pixels; the picture's corner is at (0, 0), so that the centre of its first pixel is at (0.5, 0.5).
"""

from __future__ import annotations

import math

Matrix = tuple[float, float, float, float, float, float, float, float, float]
Point = tuple[float, float]

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_TINY = 1e-9
_HORIZON = 1e-3
"""The least depth that is seen, as a share of the largest in the frame."""
_NEAR = 1e-7
"""Pixels."""


def after(second: Matrix, first: Matrix) -> Matrix:
    """What ``first`` and then ``second`` do."""
    a, b, c, d, e, f, g, h, i = second
    p, q, r, s, t, u, v, w, x = first
    return (
        a * p + b * s + c * v,
        a * q + b * t + c * w,
        a * r + b * u + c * x,
        d * p + e * s + f * v,
        d * q + e * t + f * w,
        d * r + e * u + f * x,
        g * p + h * s + i * v,
        g * q + h * t + i * w,
        g * r + h * u + i * x,
    )


def inverse(matrix: Matrix) -> Matrix:
    """The way back.

    Raises:
        ZeroDivisionError: there is none.
    """
    a, b, c, d, e, f, g, h, i = matrix
    first, second, third = e * i - f * h, f * g - d * i, d * h - e * g
    scale = 1.0 / (a * first + b * second + c * third)
    return (
        first * scale,
        (c * h - b * i) * scale,
        (b * f - c * e) * scale,
        second * scale,
        (a * i - c * g) * scale,
        (c * d - a * f) * scale,
        third * scale,
        (b * g - a * h) * scale,
        (a * e - b * d) * scale,
    )


def at(matrix: Matrix, point: Point) -> Point:
    """Where a point goes."""
    x, y = point
    a, b, c, d, e, f, g, h, i = matrix
    depth = g * x + h * y + i
    return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


def corners(height: float, width: float) -> tuple[Point, Point, Point, Point]:
    """Of a frame: top left, top right, bottom right, bottom left."""
    return (0.0, 0.0), (width, 0.0), (width, height), (0.0, height)


def seen(matrix: Matrix, height: float, width: float) -> tuple[Point, ...]:
    """Where the part of a frame goes that lies before the horizon: its corners, or, of a perspective, up to five."""
    frame = corners(height, width)
    if not (matrix[6] or matrix[7]):
        return tuple(at(matrix, corner) for corner in frame)
    depths = [matrix[6] * x + matrix[7] * y + matrix[8] for x, y in frame]
    least = _HORIZON * max(depths)
    points: list[Point] = []
    for (x, y), (u, v), depth, next_depth in zip(
        frame, (*frame[1:], frame[0]), depths, (*depths[1:], depths[0]), strict=True
    ):
        if depth >= least:
            points.append((x, y))
        if (depth >= least) != (next_depth >= least):
            way = (least - depth) / (next_depth - depth)
            points.append((x + way * (u - x), y + way * (v - y)))
    return tuple(at(matrix, point) for point in points)


def over_horizon(matrix: Matrix, height: float, width: float) -> bool:
    """Whether any of a frame lies behind the horizon, or so near to it that it is grown tenfold."""
    if not (matrix[6] or matrix[7]):
        return False
    depths = [matrix[6] * x + matrix[7] * y + matrix[8] for x, y in corners(height, width)]
    return min(depths) < 0.1 * max(depths)


def beyond(point: Point, height: float, width: float) -> bool:
    """Whether a point lies outside of a frame, by more than rounding."""
    x, y = point
    return not (-_NEAR <= x <= width + _NEAR and -_NEAR <= y <= height + _NEAR)


def shift(x: float, y: float) -> Matrix:
    """Moved to the right and down."""
    return 1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0


def scaling(x: float, y: float) -> Matrix:
    """Grown from the corner; less than 0 turns an axis round."""
    return x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 1.0


def about(linear: tuple[float, float, float, float], centre: Point, target: Point) -> Matrix:
    """A 2x2 matrix (row by row) that takes ``centre`` to ``target``."""
    a, b, c, d = linear
    x, y = centre
    return a, b, target[0] - a * x - b * y, c, d, target[1] - c * x - d * y, 0.0, 0.0, 1.0


def aligned(matrix: Matrix) -> bool:
    """Whether rows stay rows, or become columns: nothing is turned by another angle, sheared or put in perspective."""
    a, b, _, d, e, _, g, h, _ = matrix
    if abs(g) > _TINY or abs(h) > _TINY:
        return False
    return max(abs(b), abs(d)) < _TINY or max(abs(a), abs(e)) < _TINY


def whole(matrix: Matrix) -> bool:
    """Whether pixels stay pixels: an aligned matrix of 1, -1 and whole shifts."""
    if not aligned(matrix):
        return False
    a, b, c, d, e, f, *_ = matrix
    unit = all(abs(abs(number) - 1) < _TINY for number in ((a, e) if abs(a) > abs(b) else (b, d)))
    return unit and all(abs(number - round(number)) < _TINY * 1000 for number in (c, f))


def growth(matrix: Matrix, point: Point) -> tuple[float, float]:
    """By how much a step to the right, and one down, from this point grow: the lengths of the Jacobian's columns."""
    a, b, _, d, e, _, g, h, i = matrix
    x, y = at(matrix, point)
    depth = g * point[0] + h * point[1] + i
    return (
        math.hypot(a - x * g, d - y * g) / abs(depth),
        math.hypot(b - x * h, e - y * h) / abs(depth),
    )


def bounds(points: tuple[Point, ...]) -> tuple[float, float, float, float]:
    """Top, left, bottom and right of what holds the points."""
    rows, columns = [y for _, y in points], [x for x, _ in points]
    return min(rows), min(columns), max(rows), max(columns)
