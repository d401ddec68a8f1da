"""What a layer in the middle of a network makes of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from feedline.nn.named import named_layer, require_initialised


def activations(model: nn.Module, images: torch.Tensor, layer: str, call: int = 0) -> torch.Tensor:
    """The output of a named layer, as it left that layer, whatever changes it in place afterwards.

    The model runs whole, in evaluation mode and without gradients. When this ends, also by an exception, each module
    is in the mode that it was in, buffers and torch's random numbers are what they were, and no hook is left.

    Args:
        model: any network that takes one tensor.
        images: what it takes, NxCxHxW as a rule, on its device.
        layer: a name of ``model.named_modules()``; "" is the model itself.
        call: which of its calls, from 0, where the model calls it several times.

    Returns:
        A copy, of the layer's type and on its device; of outputs in tuples, lists, dictionaries or dataclasses the
        first tensor.

    Raises:
        ValueError: no such layer, or one that was not called (so often), gave no tensor or is scripted; a lazy model.
    """
    require_initialised(model)
    module = named_layer(model, layer)
    if any(isinstance(each, torch.jit.ScriptModule) for each in (model, module)):
        raise ValueError(f"layer {layer!r} is TorchScript or in it, which cannot be looked into")
    calls = 0
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        nonlocal calls
        if calls == call:
            kept.extend(tensor.detach().clone() for tensor in _first_tensor(output))
        calls += 1

    handle = module.register_forward_hook(keep)
    try:
        with _evaluating(model), torch.no_grad(), torch.random.fork_rng(_gpus(model)):
            functional_call(model, {name: buffer.clone() for name, buffer in model.named_buffers()}, (images,))
    finally:
        handle.remove()
    if kept:
        return kept[0]
    kind = type(module).__name__
    if calls == 0:
        raise ValueError(f"layer {layer!r} ({kind}) was not called: it is unused, or used without its forward")
    if not 0 <= call < calls:
        often = "once: call is 0" if calls == 1 else f"{calls} times: call is one of 0 to {calls - 1}"
        raise ValueError(f"layer {layer!r} was called {often}, not {call}")
    raise ValueError(f"layer {layer!r} ({kind}) gave no tensor")


def _gpus(model: nn.Module) -> list[torch.device]:
    """Whose generators a network may draw from."""
    return list({tensor.device for tensor in (*model.parameters(), *model.buffers()) if tensor.device.type == "cuda"})


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        yield
    finally:
        for module, training in modes:
            module.training = training


def _first_tensor(output: Any) -> list[torch.Tensor]:
    """It alone, or nothing."""
    if isinstance(output, torch.Tensor):
        return [output]
    parts: Iterable[Any] = ()
    if isinstance(output, Mapping):
        parts = output.values()
    elif isinstance(output, tuple | list):
        parts = output
    elif is_dataclass(output):
        parts = [getattr(output, each.name) for each in fields(output)]
    return next((found for found in map(_first_tensor, parts) if found), [])
