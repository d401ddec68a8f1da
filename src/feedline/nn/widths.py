"""How many filters the layers of pix2pix's networks have."""

from __future__ import annotations

from math import inf

FIRST = 64
WIDEST = 8  # times FIRST


def widths_of(layers: int, width: float) -> list[int]:
    """64, 128, 256, 512, 512, ... for so many layers, each times ``width``, rounded, at least 1.

    Raises:
        ValueError: ``width`` is not above 0, or without end.
    """
    if not 0 < width < inf:
        raise ValueError(f"width is a factor above 0 for the numbers of filters, not {width}")
    return [max(1, round(FIRST * min(2**layer, WIDEST) * width)) for layer in range(layers)]
