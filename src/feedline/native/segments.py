"""Samples that lie in memory, many in a row: how the kernel is told where the record batches of a store are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEGMENT = np.dtype(
    [
        ("start", "i8"),
        ("count", "i8"),
        ("offsets", "u8"),
        ("data", "u8"),
        ("size", "u8"),
        ("checksums", "u8"),
        ("height", "i4"),
        ("width", "i4"),
        ("channels", "i4"),
        ("unused", "i4"),
        ("restart_starts", "u8"),
        ("restarts", "u8"),
        ("restart_count", "u8"),
    ]
)
"""``fl_segment`` of csrc/segments.h: one record batch.

``start`` is the index of its first row in the whole, ``count`` how many rows it has. ``data`` and ``size`` are address
and bytes of the images: encoded files where ``offsets`` is the address of count + 1 int32 places in them; or raw
pixels, ``height`` x ``width`` x ``channels`` bytes a row, where it is 0. ``checksums`` is the address of count uint32,
the CRC-32C of each image's bytes. Of JPEGs with restart markers, ``restart_starts`` is the address of count + 1 int32
places in the ``restart_count`` uint32 numbers at ``restarts``; 0 where there are none. A segment whose ``data`` is 0 is
not open: the kernel leaves its samples alone.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Samples in memory, for :func:`feedline.native.chunk.run`.

    The kernel believes the addresses. What lies there it checks: every offset, and every image's CRC-32C.

    Attributes:
        table: of ``SEGMENT``, in the order of their rows.
        owner: what keeps that memory, for as long as this object lives.
    """

    table: NDArray[Any]
    owner: Any

    def __post_init__(self) -> None:
        if self.table.dtype != SEGMENT or self.table.ndim != 1 or not self.table.flags.c_contiguous:
            raise ValueError(
                f"segments must be one row of SEGMENT in one piece, found {self.table.dtype} of {self.table.shape}"
            )
