"""Buffers that are afterwards what they were before, of networks too that count or remember in evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn
from torch.nn.parameter import is_lazy


@contextmanager
def buffers_kept(model: nn.Module) -> Iterator[None]:
    """Afterwards each module has the same tensors under the same names, with the same shapes and numbers."""
    with ExitStack() as stack:
        for module in model.modules():
            stack.enter_context(_names_kept(module))
        for buffer in model.buffers():
            if not is_lazy(buffer):
                stack.enter_context(_numbers_kept(buffer))
        yield


@contextmanager
def _names_kept(module: nn.Module) -> Iterator[None]:
    before, passing = dict(module._buffers.items()), set(module._non_persistent_buffers_set)
    try:
        yield
    finally:
        for name in set(dict(module._buffers.items())) - set(before):  # scripted modules only have the method
            del module._buffers[name]
        for name, buffer in before.items():
            module._buffers[name] = buffer
        module._non_persistent_buffers_set.clear()
        module._non_persistent_buffers_set.update(passing)


@contextmanager
def _numbers_kept(buffer: torch.Tensor) -> Iterator[None]:
    """In its own memory; without a word to autograd, which may need the buffer for a backward pass to come."""
    with torch.inference_mode(buffer.is_inference()):
        same, numbers = buffer.detach(), buffer.detach().clone()
    try:
        yield
    finally:
        with torch.inference_mode(buffer.is_inference()):
            if _layout(buffer) != _layout(same):
                buffer.data = same
            if not _equal(buffer, numbers):
                buffer.data.copy_(numbers)


def _layout(tensor: torch.Tensor) -> tuple[object, ...]:
    if tensor.layout is not torch.strided:
        return tensor.dtype, tensor.shape
    return tensor.dtype, tensor.shape, tensor.stride(), tensor.storage_offset(), tensor.untyped_storage()._cdata


def _equal(tensor: torch.Tensor, numbers: torch.Tensor) -> bool:
    """Bit by bit, so that nothing is written where nothing has changed; what has no plain bits is written again."""
    if tensor.device.type == "meta":
        return True
    if type(tensor) is not torch.Tensor or tensor.layout is not torch.strided or tensor.is_quantized:
        return False
    return torch.equal(_bits(tensor), _bits(numbers))


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
