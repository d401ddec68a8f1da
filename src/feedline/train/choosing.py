"""Which of many channels are on a sheet, and how large."""

from __future__ import annotations

import torch

_ROOMY, _LARGEST = 280, 144  # pixels of a tile, where there are few and where there are many
_WIDTH = 640  # of a sheet of few tiles, whose title has to fit above them


def strongest(strengths: torch.Tensor, most: int) -> list[int]:
    """The numbers of those that are strongest, in the order of their numbers; what is no number is strong."""
    order = strengths.nan_to_num(nan=torch.inf).argsort(descending=True, stable=True)
    return sorted(order[:most].tolist())


def counted(shown: int, there: int, what: str, how: str) -> str:
    """In words: 16 filters, or 64 of 512 filters (those of the greatest norm; 448 are not shown)."""
    if shown == there:
        return f"{there:,} {what}{'s' * (there != 1)}"
    return f"{shown:,} of {there:,} {what}s ({how}; {there - shown:,} are not shown)"


def tile_side(height: int, width: int, columns: int, least: int = 98) -> int:
    """Pixels of a tile's longer side: about ``least`` or, in few columns, more; a whole multiple of the picture's.

    A picture that is larger than a tile may be is made smaller.
    """
    side, wanted = max(height, width), max(least, min(_ROOMY, _WIDTH // columns))
    return min(side * max(1, round(wanted / side)), max(_LARGEST, wanted))
