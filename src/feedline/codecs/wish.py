"""What is asked of a file: checked before it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike

from feedline.codecs.color import MODES, Colour
from feedline.codecs.depth import DTYPES
from feedline.types import Mode

Truncated = Literal["raise", "accept"]
_TRUNCATED = ("raise", "accept")
_KINDS = frozenset(map(np.dtype, DTYPES))


@dataclass(frozen=True, slots=True)
class Wish:
    """The image that is asked for; the words are those of :func:`feedline.decode`."""

    mode: Mode
    dtype: np.dtype[Any] | None
    region: tuple[int, int, int, int] | None
    size: tuple[int, int] | None
    background: Colour
    page: int
    partial: bool
    linear: bool = False


def wish(
    mode: Mode,
    dtype: DTypeLike | None,
    region: Sequence[int] | None,
    size: Sequence[int] | None,
    background: int | Sequence[int],
    page: int,
    truncated: Truncated,
    linear: bool = False,
) -> Wish:
    """The parameters of :func:`feedline.decode`, checked.

    Raises:
        ValueError: one that breaks its rule; the message names it and what it was.
    """
    check_mode(mode)
    kind = None if dtype is None else np.dtype(dtype)
    _require(kind is None or kind in _KINDS, f"dtype must be one of {', '.join(DTYPES)}", dtype)
    _require(_whole(page) and page >= 0, "page must be 0 or more", page)
    _require(truncated in _TRUNCATED, 'truncated must be "raise" or "accept"', truncated)
    return Wish(mode, kind, _region(region), _size(size), _colour(background), page, truncated == "accept", linear)


def check_mode(mode: str) -> None:
    """Raises ValueError where ``mode`` is none of RGB, L, RGBA and unchanged."""
    _require(mode in MODES, f"mode must be one of {', '.join(MODES)}", mode)


def _region(region: Sequence[int] | None) -> tuple[int, int, int, int] | None:
    if region is None:
        return None
    rule = "region must be (top, left, height, width), whole pixels, height and width at least 1"
    _require(isinstance(region, Sequence | np.ndarray), rule, region)
    _require(len(region) == 4 and all(map(_whole, region)) and region[2] > 0 and region[3] > 0, rule, region)
    top, left, height, width = map(int, region)
    return top, left, height, width


def _size(size: Sequence[int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    good = (
        isinstance(size, Sequence | np.ndarray) and len(size) == 2 and all(_whole(side) and side > 0 for side in size)
    )
    _require(good, "size must be (height, width), whole pixels, at least 1", size)
    return int(size[0]), int(size[1])


def _colour(background: int | Sequence[int]) -> Colour:
    rule = "background must be a grey or (red, green, blue), each 0 to 255"
    parts = tuple(background) if isinstance(background, Sequence) else (background,)
    _require(len(parts) in (1, 3) and all(_whole(part) and 0 <= part <= 255 for part in parts), rule, background)
    if len(parts) == 1:
        return int(parts[0])
    red, green, blue = map(int, parts)
    return red, green, blue


def _whole(number: Any) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def _require(good: bool, rule: str, value: object) -> None:
    if not good:
        raise ValueError(f"{rule}, not {value!r}")
