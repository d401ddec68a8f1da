"""Batch memory that two processes share, and the lease under which a consumer holds it.

A block is anonymous memory (``memfd``), mapped by the worker that made it and by the consumer; its descriptor is
closed as soon as both have mapped it, so that batches which a consumer keeps cost memory and nothing else. Nothing
lies in ``/dev/shm``: that it is small, full or missing does not matter.

A block that the consumer's last reference has left goes back to the worker that made it, to be written again. A
reference is anything that keeps the memory alive: a tensor, a view, ``.numpy()``, ``detach()``, its storage.
"""

from __future__ import annotations

import math
import mmap
import os
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

ALIGNMENT = 64


class Block:
    """One piece of shared memory, mapped into this process."""

    def __init__(self, descriptor: int, size: int) -> None:
        self.size = size
        storage: Any = torch.UntypedStorage.from_file(f"/proc/self/fd/{descriptor}", shared=True, nbytes=size)
        memory = torch.empty(0, dtype=torch.uint8).set_(storage)  # mmap.mmap would keep a descriptor open for each
        self._map: NDArray[np.uint8] = memory.numpy()
        self._begin = memory.data_ptr()
        self._written: weakref.ref[Any] | None = None

    @property
    def kept(self) -> bool:
        """Whether a tensor that ``tensor`` made is still referred to in this process."""
        return self._written is not None and self._written() is not None

    def tensor(self, offset: int, dtype: torch.dtype, shape: tuple[int, ...], stride: tuple[int, ...]) -> torch.Tensor:
        """A tensor in this memory, for the process that writes it."""
        owner = self._written() if self._written is not None else None
        if owner is None:
            owner = np.frombuffer(self._map, dtype=np.uint8)
            self._written = weakref.ref(owner)
        return self.view(owner, offset, dtype, shape, stride)

    @staticmethod
    def view(
        memory: object, offset: int, dtype: torch.dtype, shape: tuple[int, ...], stride: tuple[int, ...]
    ) -> torch.Tensor:
        """A tensor in ``memory``: torch holds the very object that it is given until the tensor's storage is freed."""
        if 0 in shape:
            return torch.empty(shape, dtype=dtype)
        count = extent(shape, stride)
        return torch.frombuffer(memory, dtype=dtype, count=count, offset=offset).as_strided(shape, stride)

    def offset_of(self, tensor: torch.Tensor) -> int | None:
        """Where in this memory the tensor lies; None where it lies elsewhere."""
        offset = tensor.data_ptr() - self._begin
        return offset if 0 <= offset < self.size else None

    def lease(self, release: Callable[[], None]) -> Lease:
        """The memory for one batch; ``release`` is called when nothing refers to it any more."""
        return Lease(self._map, release)


class Lease:
    """A batch's hold on a block: the tensors that it makes keep the block from being written."""

    def __init__(self, memory: NDArray[np.uint8], release: Callable[[], None]) -> None:
        self._owner = np.frombuffer(memory, dtype=np.uint8)
        weakref.finalize(self._owner, release).atexit = False

    def tensor(self, offset: int, dtype: torch.dtype, shape: tuple[int, ...], stride: tuple[int, ...]) -> torch.Tensor:
        return Block.view(self._owner, offset, dtype, shape, stride)


class Arena:
    """Where the worker puts the tensors of the batch that it is making: in a block, one behind the other.

    Args:
        block: the memory; None where there is none yet.
    """

    def __init__(self, block: Block | None) -> None:
        self.block = block
        self.used = 0

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Uninitialised memory in the block; elsewhere where it has no room left."""
        begin, end = place(self.used, math.prod(shape) * dtype.itemsize)
        if self.block is None or end > self.block.size or begin == end:
            return torch.empty(shape, dtype=dtype)
        self.used = end
        return self.block.tensor(begin, dtype, shape, torch.empty(shape, device="meta").stride())


def new_block(size: int) -> tuple[int, Block]:
    """A new block of at least ``size`` bytes, and its descriptor, which the caller must close.

    Raises:
        OSError: there is no such memory left.
    """
    size = max(1, -(-size // mmap.PAGESIZE)) * mmap.PAGESIZE
    descriptor = os.memfd_create("feedline", os.MFD_CLOEXEC)
    try:
        os.posix_fallocate(descriptor, 0, size)  # what is not there is an error now, and no bus error later
        return descriptor, Block(descriptor, size)
    except BaseException:
        os.close(descriptor)
        raise


def extent(shape: Sequence[int], stride: Sequence[int]) -> int:
    """How many elements of memory lie from the first of a tensor to its last, both counted."""
    return 0 if 0 in shape else 1 + sum((side - 1) * step for side, step in zip(shape, stride, strict=True))


def place(offset: int, nbytes: int) -> tuple[int, int]:
    """Where the next tensor begins at or behind ``offset``, and where it ends."""
    begin = -(-offset // ALIGNMENT) * ALIGNMENT
    return begin, begin + nbytes
