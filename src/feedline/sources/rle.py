"""Masks as COCO stores them: run lengths down the columns, as numbers or packed into a string."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError

_MOST_PIXELS = 2**28


@dataclass(frozen=True, slots=True, eq=False)
class Rle:
    """One object's mask, small until it is asked for.

    Attributes:
        height: of the mask and the picture, in pixels.
        width: of the mask and the picture, in pixels.
        counts: uint32, lengths of runs down the columns from the left, in turn of pixels outside and inside.
    """

    height: int
    width: int
    counts: NDArray[np.uint32]

    def mask(self) -> NDArray[np.bool_]:
        """Height x width, true where the object is."""
        inside = np.arange(len(self.counts)) % 2 == 1
        return np.repeat(inside, self.counts).reshape(self.width, self.height).T

    @property
    def area(self) -> int:
        """Pixels inside."""
        return int(self.counts[1::2].sum(dtype=np.int64))


def unpack_counts(text: str | bytes) -> list[int]:
    """The run lengths in a compressed string: 5 bits a character, from the third on as differences to the last but one.

    Raises:
        ValueError: it ends within a number, or has characters that are not of this code.
    """
    counts: list[int] = []
    number = shift = 0
    for byte in text.encode("ascii") if isinstance(text, str) else text:
        chunk = byte - 48
        if not 0 <= chunk < 64 or shift > 60:
            raise ValueError(f"character {byte} is not of this code")
        number |= (chunk & 0x1F) << shift
        shift += 5
        if chunk & 0x20:
            continue
        if chunk & 0x10:
            number -= 1 << shift
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number = shift = 0
    if shift:
        raise ValueError("it ends within a number")
    return counts


def check_counts(counts: str | bytes | Sequence[int], height: int, width: int) -> list[int]:
    """The run lengths of a mask of this size, unpacked where they are.

    Raises:
        DataError: not run lengths, or of another size, or of a mask beyond every reason.
    """
    if height * width > _MOST_PIXELS:
        raise DataError(f"a mask must have at most {_MOST_PIXELS:,} pixels, not {height} x {width}")
    try:
        runs = unpack_counts(counts) if isinstance(counts, str | bytes) else [int(count) for count in counts]
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"run lengths that cannot be read: {error}") from error
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise DataError(f"run lengths must add up to the {height} x {width} pixels of the picture, not {sum(runs):,}")
    return runs
