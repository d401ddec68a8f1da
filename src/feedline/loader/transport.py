"""A batch between two processes: its structure as a pickle, its tensors in shared memory."""

from __future__ import annotations

import io
import pickle
from multiprocessing.reduction import ForkingPickler
from typing import Any

import torch

from feedline.loader.memory import Arena, Block, Lease, extent, new_block, place

INLINE = 16_384
"""Batches whose tensors are smaller than this together travel in the message itself."""

Where = tuple[int, torch.dtype, tuple[int, ...], tuple[int, ...]]
Named = tuple[int, Where]
"""A tensor's number in its batch, and its place."""


class Parcel(ForkingPickler):
    """Pickles a batch and sets its plain tensors aside; others (sparse, quantized, subclasses) stay in the pickle.

    What multiprocessing can hand to another process (a Connection, a Lock's descriptor, a tensor on a device) it can be
    handed here too.

    Args:
        arena: where some of the tensors may lie already.
    """

    def __init__(self, arena: Arena) -> None:
        self._stream = io.BytesIO()
        super().__init__(self._stream, pickle.HIGHEST_PROTOCOL)
        self._arena = arena
        self._tensors: list[tuple[torch.Tensor, Where]] = []
        self._names: dict[int, tuple[torch.Tensor, Named]] = {}  # an id is one tensor's while that is held
        self._placed: dict[int, list[tuple[int, int, int]]] = {}  # of each storage: begin, end, and where that went
        self.nbytes = arena.used

    @property
    def structure(self) -> bytes:
        return self._stream.getvalue()

    def persistent_id(self, value: Any) -> Named | None:
        if isinstance(value, torch.Tensor) and value.requires_grad and not value.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support "
                "crossing process boundaries: detach it"
            )
        if type(value) is not torch.Tensor or not _is_plain(value):
            return None
        if id(value) not in self._names:
            tensor = value if extent(value.shape, value.stride()) <= value.numel() else value.contiguous()
            where = (self._begin(tensor), tensor.dtype, tuple(tensor.shape), tuple(tensor.stride()))
            self._tensors.append((tensor, where))
            self._names[id(value)] = value, (len(self._tensors), where)
        return self._names[id(value)][1]

    def reducer_override(self, value: Any) -> Any:
        """Tensors of the processor travel by value: torch's own way puts each of them into a file of its own."""
        if isinstance(value, torch.Tensor | torch.UntypedStorage | torch.TypedStorage) and value.device.type == "cpu":
            return value.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        return NotImplemented

    def _begin(self, tensor: torch.Tensor) -> int:
        known = None if self._arena.block is None else self._arena.block.offset_of(tensor)
        if known is not None:
            return known
        first, nbytes = tensor.data_ptr(), extent(tensor.shape, tensor.stride()) * tensor.element_size()
        placed = self._placed.setdefault(tensor.untyped_storage().data_ptr(), [])
        for begin, end, there in placed:
            if begin <= first and first + nbytes <= end:  # a view of what is there already: it stays one
                return there + first - begin
        there, self.nbytes = place(self.nbytes, nbytes)
        placed.append((first, first + nbytes, there))
        return there

    def into_block(self) -> tuple[int | None, Block]:
        """The block that holds the tensors: the arena's, or a new one with its descriptor, where they do not fit."""
        block, descriptor = self._arena.block, None
        if block is None or self.nbytes > block.size:
            descriptor, block = new_block(self.nbytes)
        for tensor, where in self._tensors:
            target = block.tensor(*where)
            if target.data_ptr() != tensor.data_ptr():
                _copy(tensor, target)
        return descriptor, block

    def inline(self) -> bytes:
        """The tensors' memory as bytes, for a batch that is small."""
        memory = bytearray(self.nbytes)
        for tensor, where in self._tensors:
            _copy(tensor, view(memory, where))
        return bytes(memory)


def view(memory: Any, where: Where) -> torch.Tensor:
    """The tensor at ``where`` in a buffer, which lives as long as the tensor does."""
    return Block.view(memory, *where)


class Opener(pickle.Unpickler):
    """Reads what a :class:`Parcel` wrote, its tensors in ``memory`` (a lease or a buffer)."""

    def __init__(self, structure: bytes, memory: Lease | bytearray) -> None:
        super().__init__(io.BytesIO(structure))
        self._memory = memory
        self._known: dict[int, torch.Tensor] = {}

    def persistent_load(self, named: Named) -> torch.Tensor:
        number, where = named
        if number not in self._known:
            memory = self._memory
            self._known[number] = memory.tensor(*where) if isinstance(memory, Lease) else view(memory, where)
        return self._known[number]


def pack(value: Any, arena: Arena) -> Parcel:
    """The value, set down as structure and tensors."""
    parcel = Parcel(arena)
    parcel.dump(value)
    return parcel


def _is_plain(tensor: torch.Tensor) -> bool:
    return (
        tensor.layout is torch.strided
        and tensor.device.type == "cpu"
        and not tensor.is_quantized
        and not tensor.is_nested
        and not tensor.requires_grad
        and not tensor.is_conj()
        and not tensor.is_neg()
    )


def _copy(tensor: torch.Tensor, target: torch.Tensor) -> None:
    """Into another tensor of the same shape and stride, each element of the memory once, expanded or not."""
    flat = (extent(tensor.shape, tensor.stride()),), (1,)
    target.as_strided(*flat).copy_(tensor.as_strided(*flat))
