"""The part of the source that takes part, with fill where steps cut it away."""

from __future__ import annotations

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
    fill = clips[0].fill if clips else (0.0,) * image.shape[2]
    whole = np.empty((bottom - top, right - left, image.shape[2]), image.dtype)
    whole[:] = np.asarray(fill, image.dtype)
    if inside[0] < inside[2] and inside[1] < inside[3]:
        whole[_span(inside, 0, top), _span(inside, 1, left)] = image[rows, columns]
    return _painted(whole, window, clips)


def _span(window: Window, axis: int, start: int) -> slice:
    return slice(window[axis] - start, window[axis + 2] - start)


def _cutting(clips: tuple[Clip, ...], window: Window) -> bool:
    """Whether any clip ends within the window."""
    return any(_outside(clip.corners, window) is not None for clip in clips)


def _painted(canvas: Image, window: Window, clips: tuple[Clip, ...]) -> Image:
    for clip in clips:
        beyond = _outside(clip.corners, window)
        if beyond is not None:
            canvas[beyond] = np.asarray(clip.fill, canvas.dtype)
    return canvas


def _outside(frame: Corners, window: Window) -> NDArray[np.bool_] | None:
    """Of each pixel of the window, whether its centre is outside of a convex frame; None where none is."""
    top, left, bottom, right = window
    low, near, high, far = bounds(frame)
    upright = all(min(x - near, far - x) < _EASE and min(y - low, high - y) < _EASE for x, y in frame)
    inside = low <= top + 0.5 + _EASE and near <= left + 0.5 + _EASE
    if upright and inside and high >= bottom - 0.5 - _EASE and far >= right - 0.5 - _EASE:
        return None
    x, y = np.arange(left, right) + 0.5, (np.arange(top, bottom) + 0.5)[:, None]
    if upright:
        columns = (x < near - _EASE) | (x > far + _EASE)
        rows = (y < low - _EASE) | (y > high + _EASE)
        return np.asarray(columns | rows)
    sign = 1.0 if _clockwise(frame) else -1.0
    beyond = np.zeros((bottom - top, right - left), np.bool_)
    for (a, b), (c, d) in zip(frame, (*frame[1:], frame[0]), strict=True):
        beyond |= sign * ((c - a) * (y - b) - (d - b) * (x - a)) < -_EASE
    return beyond if beyond.any() else None


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
