"""The part of the source that takes part, with fill where steps cut it away."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.transforms.matrix import bounds
from feedline.transforms.stages import Clip, Corners, Window
from feedline.types import Image

_EASE = 1e-6


def canvas(
    image: Image, origin: tuple[int, int], source: tuple[int, int], window: Window, clips: tuple[Clip, ...]
) -> Image:
    """The window of a picture, HxWxC; a view where nothing is filled.

    Args:
        image: the picture, or a part of it that holds all of the window that lies within the picture.
        origin: row and column of the picture where the image begins.
        source: height and width of the picture.
        window: in pixels of the picture; may reach beyond it.
        clips: what lies outside of them is fill, of the later ones first.
    """
    top, left, bottom, right = window
    if clips and clips[0].border != "constant":
        painted = _mirrored(image, origin, clips[0], window)
        return _painted(painted, window, clips[1:])
    inside = max(top, 0), max(left, 0), min(bottom, source[0]), min(right, source[1])
    rows, columns = _span(inside, 0, origin[0]), _span(inside, 1, origin[1])
    if inside == window and not _cutting(clips, window):
        return image[rows, columns]
    whole = np.empty((bottom - top, right - left, image.shape[2]), image.dtype)
    if inside[0] < inside[2] and inside[1] < inside[3]:
        whole[_span(inside, 0, top), _span(inside, 1, left)] = image[rows, columns]
    _fill_around(whole, window, inside, _level(clips[0].fill if clips else (0.0,), image.dtype))
    return _painted(whole, window, clips)


def _span(window: Window, axis: int, start: int) -> slice:
    return slice(window[axis] - start, window[axis + 2] - start)


def _cutting(clips: tuple[Clip, ...], window: Window) -> bool:
    """Whether any clip ends within the window."""
    return any(_upright(clip.corners, window) != window for clip in clips)


def _level(fill: tuple[float, ...], dtype: np.dtype[Any]) -> Any:
    """A colour to assign: one number where all channels have the same, which is several times as fast."""
    return np.asarray(fill[0] if len(set(fill)) == 1 else fill).astype(dtype)


def _painted(canvas: Image, window: Window, clips: tuple[Clip, ...]) -> Image:
    """With the fill of each clip where its frame ends, in place."""
    for clip in clips:
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
