"""JPEGs with restart markers: written again without loss, so that a region costs the tiles that it touches.

Between two markers nothing depends on what came before (ITU-T T.81, E.1.4). Where the places of all of them are known,
and a whole number of intervals makes a row, the codes of the tiles of a region can be read without those around them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from feedline.native.choice import extension


class Rewritten(NamedTuple):
    """A JPEG with restart markers.

    Attributes:
        data: the file.
        offsets: uint32, one more than there are restart intervals: where the codes of each begin in the file, and where
            the end-of-image marker behind the last one ends. The last two bytes before each next offset are a marker.
        interval: how many units (MCUs) each has: a divisor of those in a row.
    """

    data: bytes
    offsets: NDArray[np.uint32]
    interval: int


def rewritten(data: bytes, every: int = 4) -> Rewritten | None:
    """The same picture with restart markers: coefficient by coefficient, so that every pixel stays as it is.

    It becomes one baseline scan with new Huffman codes. APPn and COM segments stay, in order, as does what lies behind
    the picture's end. The interval is the smallest divisor of the units in a row that is ``every`` or more, or the row.

    None where it is better kept as it is: CMYK, other than 8 bits, arithmetic or lossless coding, more than 2**26
    pixels, anything that libjpeg warns of, progressive files without all of their coefficients, segments between scans,
    and files that say where other pictures lie in them (MPF).

    Args:
        data: the file.
        every: units between two markers, 1 or more.

    Raises:
        ImportError: there is no C kernel, which does this.
        ValueError: ``every`` is less than 1.
    """
    if extension is None:
        raise ImportError(
            "restart markers are written by feedline's C kernel, and its Python twin runs here: install feedline where "
            "there is a C compiler with the headers of libjpeg-turbo, and unset FEEDLINE_NATIVE"
        )
    try:
        made, offsets, interval = extension.rewrite_jpeg(data, every)
    except extension.Declined:
        return None
    return Rewritten(made, np.frombuffer(offsets, np.uint32), interval)


def decoded(
    data: bytes,
    offsets: NDArray[np.uint32],
    channels: int,
    region: tuple[int, int, int, int],
    reduce: int = 1,
    orientation: int = 1,
) -> NDArray[Any] | None:
    """A region of the upright picture at 1 / ``reduce``, HxWxC uint8: equal to what is cut out of all of it.

    Offsets that do not fit the file are as none. None where there is no kernel, or it leaves the file to
    :func:`feedline.codecs.decode`, which needs no offsets.

    Args:
        data: the file.
        offsets: as of :class:`Rewritten`.
        channels: 1 (luma) or 3 (RGB).
        region: (top, left, height, width), inside the picture at that size.
        reduce: 1, 2, 4 or 8.
        orientation: EXIF's, 1 to 8.
    """
    if extension is None:
        return None
    numbers = np.ascontiguousarray(offsets, np.uint32)
    try:
        pixels = extension.decode_jpeg(data, channels, *region, reduce, False, orientation, numbers)
    except (extension.Declined, MemoryError):
        return None
    return np.frombuffer(pixels, np.uint8).reshape(*region[2:], channels)
