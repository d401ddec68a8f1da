"""Batch memory that is used again, within one process: fresh pages cost as much as filling them.

A block is leased for as long as anything refers to the tensor that was made of it: a view, ``.numpy()``, its storage.
A consumer that keeps its batches gets fresh memory for each, never a changed batch.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_SMALL = 1 << 16
"""Bytes up to which the allocator is as fast."""
_SPARE = 2
"""Blocks that are kept though nobody has them, besides the one that is asked for."""


@dataclass(slots=True)
class _Block:
    memory: NDArray[np.uint8]
    lease: weakref.ref[Any] | None = None

    @property
    def leased(self) -> bool:
        return self.lease is not None and self.lease() is not None


class Ring:
    """Makes uninitialised tensors, of blocks that came back where there are any of the size.

    It is called by one thread at a time.
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def __call__(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Memory of a shape and a type; shapes in the order of the memory."""
        count = math.prod(shape)
        size = count * dtype.itemsize
        if size < _SMALL:
            return torch.empty(shape, dtype=dtype)
        block = self._free(size)
        owner = np.frombuffer(block.memory, np.uint8)  # torch holds the very object that it is given
        block.lease = weakref.ref(owner)
        return torch.frombuffer(owner, dtype=dtype, count=count).view(shape)

    def _free(self, size: int) -> _Block:
        """One of this size that nobody has; others that nobody has go, but for a few."""
        free = [block for block in self._blocks if not block.leased]
        fits = [block for block in free if len(block.memory) == size]
        block = fits[0] if fits else _Block(np.empty(size, np.uint8))
        spare = [other for other in free if other is not block][-_SPARE:]
        self._blocks = [other for other in self._blocks if other.leased] + spare + [block]
        return block
