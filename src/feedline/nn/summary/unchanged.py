"""A network that is run and is afterwards what it was before."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from feedline.nn.summary.buffers import buffers_kept


@contextmanager
def evaluated(model: nn.Module) -> Iterator[None]:
    """Inside, the network is in evaluation mode, runs eagerly and without gradients, and every layer is called.

    Outside, however one leaves, modes, buffers and gradients, torch's generators and settings are as before.
    ``train()`` and ``eval()`` are not called, since networks override them.
    """
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(torch.random.fork_rng(_gpus(model)))
        stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", "Using `torch.compile.module.` when there are global hooks")
        stack.enter_context(_every_layer())
        stack.enter_context(buffers_kept(model))
        stack.enter_context(_gradients_kept(model))
        stack.enter_context(_modes_kept(model))
        yield


def _gpus(model: nn.Module) -> list[torch.device]:
    """Whose generators a network may draw from."""
    return list({tensor.device for tensor in (*model.parameters(), *model.buffers()) if tensor.device.type == "cuda"})


@contextmanager
def _every_layer() -> Iterator[None]:
    """Attention's fast path does a whole encoder layer in one operation, past the modules inside."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def _modes_kept(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _gradients_kept(model: nn.Module) -> Iterator[None]:
    """Out of the way of networks that compute gradients in forward: those would be added to them."""
    kept = [(parameter, parameter.grad) for parameter in model.parameters()]
    try:
        for parameter, gradient in kept:
            if gradient is not None:
                parameter.grad = None
        yield
    finally:
        for parameter, gradient in kept:
            if parameter.grad is not gradient:
                parameter.grad = gradient
