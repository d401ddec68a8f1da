"""The part of the source that takes part, with fill where steps cut it away."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import TransformError
from feedline.transforms.matrix import bounds
from feedline.transforms.stages import MIRRORS, Clip, Corners, Window
from feedline.types import Image

_EASE = 1e-6
_MOST = 1 << 26
"""Pixels of a canvas."""
_INSET = 0.75
"""Pixels: the one that holds a point so far within a frame has its centre within too."""


def canvas(
    image: Image,
    origin: tuple[int, int],
    source: tuple[int, int],
    window: Window,
    clips: tuple[Clip, ...],
    reach: float = 0.0,
) -> Image:
    """The window of a picture, HxWxC; a view where nothing is filled.

    Args:
        image: the picture, or a part of it that holds all of the window that lies within the picture.
        origin: row and column of the picture where the image begins.
        source: height and width of the picture.
        window: in pixels of the picture; may reach beyond it.
        clips: what lies outside of them is fill, of the later ones first.
        reach: how far beyond a closed one its outermost pixels are asked for.

    Raises:
        TransformError: the window is larger than the memory should be.
    """
    top, left, bottom, right = window
    if clips and clips[0].border in MIRRORS:
        painted = _mirrored(image, origin, clips[0], window)
        return _painted(painted, window, clips[1:], reach)
    inside = max(top, 0), max(left, 0), min(bottom, source[0]), min(right, source[1])
    rows, columns = _span(inside, 0, origin[0]), _span(inside, 1, origin[1])
    if inside == window and not _cutting(clips, window):
        return image[rows, columns]
    _require_memory(bottom - top, right - left, source)
    whole = np.empty((bottom - top, right - left, image.shape[2]), image.dtype)
    if inside[0] < inside[2] and inside[1] < inside[3]:
        whole[_span(inside, 0, top), _span(inside, 1, left)] = image[rows, columns]
    fills = [clip.fill for clip in clips if clip.fill]
    _fill_around(whole, window, inside, _level(fills[0] if fills else (0.0,), image.dtype))
    return _painted(whole, window, clips, reach)


def _require_memory(height: int, width: int, source: tuple[int, int]) -> None:
    if height * width > max(_MOST, 4 * source[0] * source[1]):
        raise TransformError(
            f"a picture of {source[0]} x {source[1]} shrunk so far that its fill takes {height} x {width} pixels: "
            "scale it by less"
        )


def _span(window: Window, axis: int, start: int) -> slice:
    return slice(window[axis] - start, window[axis + 2] - start)


def _cutting(clips: tuple[Clip, ...], window: Window) -> bool:
    """Whether any clip ends within the window."""
    return any(_upright(clip.corners, window) != window for clip in clips)


def _level(fill: tuple[float, ...], dtype: np.dtype[Any]) -> Any:
    """A colour to assign: one number where all channels have the same, which is several times as fast."""
    return np.asarray(fill[0] if len(set(fill)) == 1 else fill).astype(dtype)


def _painted(canvas: Image, window: Window, clips: tuple[Clip, ...], reach: float) -> Image:
    """With the fill of each clip where its frame ends, in place."""
    for clip in clips:
        if clip.border == "closed":
            _go_on(canvas, window, clip.corners, reach)
            continue
        level, inside = _level(clip.fill, canvas.dtype), _upright(clip.corners, window)
        if inside is not None:
            _fill_around(canvas, window, inside, level)
            continue
        first, last = _runs(clip.corners, window)
        for row in np.flatnonzero(first > 0):
            canvas[row, : first[row]] = level
        for row in np.flatnonzero(last < canvas.shape[1]):
            canvas[row, last[row] :] = level
    return canvas


def _fill_around(canvas: Image, window: Window, inside: Window, level: Any) -> None:
    """Everything but ``inside``; both windows in the same pixels."""
    top, bottom = (min(max(place - window[0], 0), len(canvas)) for place in (inside[0], inside[2]))
    left, right = (min(max(place - window[1], 0), canvas.shape[1]) for place in (inside[1], inside[3]))
    for part in (canvas[:top], canvas[bottom:], canvas[top:bottom, :left], canvas[top:bottom, right:]):
        part[...] = level


def _upright(frame: Corners, window: Window) -> Window | None:
    """The pixels of the window whose centres lie within a frame along the axes; None where its sides are sloped."""
    low, near, high, far = bounds(frame)
    if not all(min(x - near, far - x) < _EASE and min(y - low, high - y) < _EASE for x, y in frame):
        return None
    top, left = math.ceil(low - 0.5 - _EASE), math.ceil(near - 0.5 - _EASE)
    bottom, right = math.floor(high - 0.5 + _EASE) + 1, math.floor(far - 0.5 + _EASE) + 1
    top, left = max(top, window[0]), max(left, window[1])
    return top, left, max(min(bottom, window[2]), top), max(min(right, window[3]), left)


def _runs(frame: Corners, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row of the window, the first of its pixels whose centre lies within a convex frame, and that behind."""
    top, left, bottom, right = window
    y = np.arange(top, bottom) + 0.5
    low, high = np.full(y.shape, -np.inf), np.full(y.shape, np.inf)
    sign = 1.0 if _clockwise(frame) else -1.0
    for (a, b), (c, d) in zip(frame, (*frame[1:], frame[0]), strict=True):
        room, slope = sign * (c - a) * (y - b) + _EASE, sign * (d - b)  # within: slope * (x - a) <= room
        if slope > 0:
            high = np.minimum(high, a + room / slope)
        elif slope < 0:
            low = np.maximum(low, a + room / slope)
        else:
            low = np.where(room < 0, np.inf, low)
    width = right - left
    first = np.clip(np.ceil(low - left - 0.5), 0, width).astype(np.int64)
    last = np.clip(np.floor(high - left - 0.5) + 1, 0, width).astype(np.int64)
    return first, np.maximum(first, last)


def _go_on(canvas: Image, window: Window, frame: Corners, reach: float) -> None:
    """Beyond a convex frame, as far as ``reach``, the nearest pixels within it go on; in place."""
    normals = _normals(frame)
    x, y = np.arange(window[1], window[3]) + 0.5, (np.arange(window[0], window[2]) + 0.5)[:, None]
    far = np.full(canvas.shape[:2], -np.inf)
    for a, b, right, down in normals:
        np.maximum(far, (x - a) * right + (y - b) * down, out=far)
    rows, columns = np.nonzero((far > 0) & (far <= reach))
    across, along = x[columns], y[rows, 0]
    for a, b, right, down in normals * 3:  # at corners, one side after the other comes close enough
        beyond = np.maximum((across - a) * right + (along - b) * down + _INSET, 0.0)
        across, along = across - beyond * right, along - beyond * down
    near_row = np.clip(np.floor(along).astype(np.int64) - window[0], 0, canvas.shape[0] - 1)
    near_column = np.clip(np.floor(across).astype(np.int64) - window[1], 0, canvas.shape[1] - 1)
    canvas[rows, columns] = canvas[near_row, near_column]


def _normals(frame: Corners) -> list[tuple[float, float, float, float]]:
    """Of each side, a point of it and the direction out of the frame."""
    sign = 1.0 if _clockwise(frame) else -1.0
    sides = []
    for (a, b), (c, d) in zip(frame, (*frame[1:], frame[0]), strict=True):
        length = math.hypot(c - a, d - b)
        if length > 0:
            sides.append((a, b, sign * (d - b) / length, -sign * (c - a) / length))
    return sides


def _clockwise(frame: Corners) -> bool:
    area = sum(a * d - c * b for (a, b), (c, d) in zip(frame, (*frame[1:], frame[0]), strict=True))
    return area > 0


def _mirrored(image: Image, origin: tuple[int, int], clip: Clip, window: Window) -> Image:
    """Outside of the clip's frame, its edge or its mirror image."""
    low, near, high, far = map(round, bounds(clip.corners))
    top, left, bottom, right = window
    rows = _folded(np.arange(top, bottom) - low, high - low, clip.border) + low - origin[0]
    columns = _folded(np.arange(left, right) - near, far - near, clip.border) + near - origin[1]
    return image[rows[:, None], columns]


def _folded(place: NDArray[np.int64], count: int, border: str) -> NDArray[np.int64]:
    """Places on a line of ``count`` pixels that goes on by its edge or its mirror image."""
    if border == "edge" or count == 1:
        near: NDArray[np.int64] = np.clip(place, 0, count - 1)
        return near
    twice = 1 if border == "symmetric" else 0
    turned: NDArray[np.int64] = np.mod(place, 2 * count - 2 + 2 * twice)
    return np.minimum(turned, 2 * count - 2 + twice - turned, dtype=np.int64)
