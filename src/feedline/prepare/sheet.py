"""Contact sheets: a row of pictures for each class, its name at the left."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from feedline import _opencv as _opencv  # before anything of OpenCV is used: see there
from feedline._atomic import write_whole
from feedline.prepare.drawn import drawn
from feedline.transforms.draw import sized, width_of, write
from feedline.transforms.showable import showable
from feedline.types import Image

_TILE, _GAP = 64, 4
_WHITE = 255
_WIDEST = 160  # pixels of a name; longer ones are cut


def sheet(
    pictures: Any,
    labels: NDArray[np.int64],
    classes: Sequence[str],
    each: int = 10,
    *,
    seed: int = 0,
    tile: int = _TILE,
) -> Image:
    """A contact sheet, HxWx3 uint8: examples of each class, drawn by seed. The same arguments give the same pixels.

    Args:
        pictures: by index, each HxWxC of 1 to 4 channels; only those are asked for that are shown.
        labels: N int64, a class's number or -1.
        classes: their names; one without pictures has an empty row.
        each: examples of a class, at most.
        seed: another seed, other examples.
        tile: pixels of a picture's longer side on the sheet.
    """
    labels = np.asarray(labels, np.int64)
    shown = []
    for number, name in enumerate(classes):
        chosen = drawn(np.flatnonzero(labels == number), each, seed, number)
        shown.append((name, [pictures[index] for index in chosen.tolist()]))
    return rows(shown, tile)


def save_sheet(
    path: str | os.PathLike[str],
    pictures: Any,
    labels: NDArray[np.int64],
    classes: Sequence[str],
    each: int = 10,
    *,
    seed: int = 0,
    tile: int = _TILE,
) -> None:
    """Writes :func:`sheet` as a PNG, whole or not at all; raises an OSError where it cannot."""
    write_whole(path, png(sheet(pictures, labels, classes, each, seed=seed, tile=tile)))


def png(image: Image) -> bytes:
    """HxWx3 uint8, RGB, as the bytes of a PNG."""
    return cv2.imencode(".png", image[:, :, ::-1])[1].tobytes()


def rows(named: Sequence[tuple[str, Sequence[Image]]], tile: int = _TILE) -> Image:
    """Rows of pictures with a name at the left of each, on white, as HxWx3 uint8.

    Args:
        named: for each row its name and its pictures, HxWxC of 1 to 4 channels.
        tile: pixels of a picture's longer side.
    """
    margin = min(max((width_of(name) for name, _ in named), default=0), _WIDEST) + 2 * _GAP
    columns = max((len(pictures) for _, pictures in named), default=0)
    whole = np.full((_GAP + len(named) * (tile + _GAP), margin + columns * (tile + _GAP), 3), _WHITE, np.uint8)
    for row, (name, pictures) in enumerate(named):
        top = _GAP + row * (tile + _GAP)
        write(whole[top : top + tile, : margin - _GAP], name, _GAP, tile // 2 + 4)
        for column, picture in enumerate(pictures):
            left = margin + column * (tile + _GAP)
            _put(whole[top : top + tile, left : left + tile], picture)
    return whole


def _put(place: Image, picture: Image) -> None:
    """The picture into the middle of its square place."""
    small = sized(showable(picture)[0], len(place))
    top, left = (len(place) - small.shape[0]) // 2, (len(place) - small.shape[1]) // 2
    place[top : top + small.shape[0], left : left + small.shape[1]] = small
