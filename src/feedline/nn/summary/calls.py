"""What is called while a network runs: which layer, in which, what it gave and what it took to compute."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.parameter import is_lazy

from feedline.nn.summary.counting import MultiplyAdds
from feedline.nn.summary.inputs import Inputs
from feedline.nn.summary.tensors import TensorInfo, described, in_words, size_in_bytes, tensors_in


@dataclass
class Call:
    """One call of one module.

    Attributes:
        module: which.
        given: the tensors it was called with.
        outputs: the tensors it gave.
        new_bytes: of those outputs that are in memory of their own, and not in an input's or an inner module's output.
        multiply_adds: of all that ran inside, inner calls too.
        inner: the calls inside, in their order.
        during: the exception that was being handled when it began.
    """

    module: nn.Module
    given: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...] = ()
    new_bytes: int = 0
    multiply_adds: int = 0
    inner: list[Call] = field(default_factory=list)
    during: BaseException | None = None


class _Memory:
    """Which pieces of memory were seen; weakly, so that none is kept alive, and no address is used again meanwhile."""

    def __init__(self) -> None:
        self._seen: dict[int, StorageWeakRef] = {}

    def new_bytes(self, value: Any) -> int:
        """Of the tensors in it whose memory was not seen before."""
        return sum(self._size_if_new(tensor) for _, tensor in tensors_in(value) if not is_lazy(tensor))

    def _size_if_new(self, tensor: torch.Tensor) -> int:
        if tensor.layout is not torch.strided:
            return size_in_bytes(tensor)
        storage = tensor.untyped_storage()
        reference: Any = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
        if reference.cdata in self._seen:
            return 0
        self._seen[reference.cdata] = reference
        return min(size_in_bytes(tensor), storage.nbytes())  # an expanded tensor is larger than its memory


class _Recorder:
    def __init__(self, counter: MultiplyAdds) -> None:
        self.memory = _Memory()
        self.open: list[Call] = []
        self._failed: tuple[BaseException, Call] | None = None
        self._counter = counter

    def begin(self, module: nn.Module, given: Any) -> Call:
        call = Call(module, described(given), multiply_adds=-self._counter.total, during=sys.exception())
        if self.open:
            self.open[-1].inner.append(call)
        self.open.append(call)
        return call

    def end(self, module: nn.Module, output: Any) -> None:
        """Of a call that failed too, which gave nothing; the network may go on without it."""
        if all(call.module is not module for call in self.open):
            return  # it never began: a hook of its own failed before ours
        while (call := self.open.pop()).module is not module:
            pass  # ended by what no hook is told of
        error = sys.exception()
        if error is not None and error is not call.during and (self._failed is None or self._failed[0] is not error):
            self._failed = error, call
        call.outputs = described(output)
        call.new_bytes = self.memory.new_bytes(output)
        call.multiply_adds += self._counter.total

    def place_of(self, error: Exception) -> Call:
        """The innermost call that it arose in."""
        failed, self._failed = self._failed, None
        return failed[1] if failed is not None and failed[0] is error else self.open[-1]

    @contextmanager
    def hooked(self, model: nn.Module) -> Iterator[None]:
        """Every module inside says when it is called, but for scripted ones, which take no hooks."""
        with ExitStack() as stack:
            for module in list(model.modules())[1:]:
                if not isinstance(module, torch.jit.ScriptModule):
                    stack.callback(module.register_forward_pre_hook(self._before, with_kwargs=True).remove)
                    stack.callback(module.register_forward_hook(self._after, always_call=True).remove)
            yield

    def _before(self, module: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.begin(module, Inputs(arguments, named).all)

    def _after(self, module: nn.Module, _: Any, output: Any) -> None:
        self.end(module, output)


_LACKS = ("not implemented", "not supported", "unsupported")


def record(model: nn.Module, inputs: Inputs, counter: MultiplyAdds) -> Call:
    """Runs the network once.

    Raises:
        Exception: whatever the network raises, with a note that says in which layer, and what that was given.
    """
    recorder = _Recorder(counter)
    recorder.memory.new_bytes([inputs.all, list(model.parameters()), list(model.buffers())])
    try:
        with recorder.hooked(model), counter:
            call = recorder.begin(model, inputs.all)
            recorder.end(model, model(*inputs.positional, **(inputs.named or {})))
    except Exception as error:
        if recorder.open:
            _note_place(error, recorder.place_of(error), model)
        raise
    return call


def _note_place(error: Exception, call: Call, model: nn.Module) -> None:
    name = next(name for name, module in model.named_modules() if module is call.module) or "the network itself"
    types = sorted({info.dtype for info in call.given})
    error.add_note(
        f"in {name} ({type(call.module).__name__}), given {in_words(call.given) or 'no tensor'} {' and '.join(types)}"
    )
    on_cpu = all(parameter.device.type == "cpu" for parameter in model.parameters())
    if on_cpu and {"float16", "bfloat16"} & set(types) and any(word in str(error).lower() for word in _LACKS):
        error.add_note("the CPU lacks operations in half precision: summarise it in float32, or on another device")
