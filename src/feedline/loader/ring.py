"""Batch memory that is used again, within one process: fresh pages cost as much as filling them.

A block is leased for as long as anything refers to the tensor that was made of it: a view, ``.numpy()``, its storage.
A consumer that keeps its batches gets fresh memory for each, never a changed batch.
"""

from __future__ import annotations

import math
import threading
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

_KINDS = {torch.uint8: np.uint8, torch.float32: np.float32, torch.uint16: np.uint16}
_LINE = 64
"""Bytes: tensors begin with a line of the cache."""
_SMALL = 1 << 16
"""Bytes up to which the allocator is as fast."""
_WASTE = 4
"""Times as much as is needed: the last batch of a pass may be a small one."""


@dataclass(slots=True)
class _Block:
    memory: NDArray[np.uint8]
    begin: int
    lease: weakref.ref[Any] | None = None

    @property
    def leased(self) -> bool:
        return self.lease is not None and self.lease() is not None


class Ring:
    """Makes uninitialised tensors, of blocks that came back where there are any that fit.

    A copy of one, pickled or not, has no blocks.

    Args:
        spare: how many blocks are kept though nobody has them, besides the one that is asked for.
    """

    def __init__(self, spare: int = 2) -> None:
        self._spare = spare
        self._blocks: list[_Block] = []
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Ring, (self._spare,)

    def __call__(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Memory of a shape and a type; shapes in the order of the memory."""
        size = math.prod(shape) * dtype.itemsize
        kind = _KINDS.get(dtype)
        if size < _SMALL or kind is None:
            return torch.empty(shape, dtype=dtype)
        with self._lock:
            block = self._free(size)
            owner: NDArray[Any] = block.memory[block.begin : block.begin + size].view(kind).reshape(shape)
            block.lease = weakref.ref(owner)
        return torch.from_numpy(owner)  # which holds the very object that it is given

    def _free(self, size: int) -> _Block:
        """One of this size, or a few times that, which nobody has; others that nobody has go, but for a few."""
        few = self._blocks if len(self._blocks) <= self._spare + 1 else ()
        for block in few:  # as a rule: none of them has to go
            if len(block.memory) == size + _LINE and not block.leased:
                return block
        free = [block for block in self._blocks if not block.leased]
        fits = [block for block in free if size + _LINE <= len(block.memory) <= _WASTE * size]
        block = min(fits, key=lambda block: len(block.memory)) if fits else _new_block(size)
        spare = [other for other in free if other is not block][: self._spare]
        self._blocks = [other for other in self._blocks if other.leased] + spare + [block]
        return block


def _new_block(size: int) -> _Block:
    memory = np.empty(size + _LINE, np.uint8)
    return _Block(memory, -memory.ctypes.data % _LINE)
