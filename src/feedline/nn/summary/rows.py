"""The lines of a summary: what was called, in its order, and what was not but holds parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from feedline.nn.summary.calls import Call
from feedline.nn.summary.tensors import TensorInfo, described


@dataclass(frozen=True)
class Row:
    """A call of a module, a parameter outside of the innermost modules, or a module that was never called.

    The numbers are the row's own, without those of the rows below that lie deeper, so each column adds up to its total.

    Attributes:
        name: dotted, from the network; empty for itself.
        label: the same from the row that it lies in.
        kind: the module's class, or "Parameter".
        depth: in how many rows it lies; 0 is the network.
        call: the how many-th of this module, from 1; 0 where none was seen.
        scripted: whether calls cannot be seen, since it is TorchScript.
        outputs: tensors that it gave; of a parameter, itself.
        parameters: numbers in parameters that no earlier row has.
        trainable: of these, those that ask for gradients.
        counted_above: numbers in its parameters that an earlier row has.
        multiply_adds: one multiplication and one addition are one; of the whole batch.
        output_bytes: of its outputs that are in memory of their own.
    """

    name: str
    label: str
    kind: str
    depth: int
    call: int = 0
    scripted: bool = False
    outputs: tuple[TensorInfo, ...] = ()
    parameters: int = 0
    trainable: int = 0
    counted_above: int = 0
    multiply_adds: int = 0
    output_bytes: int = 0


def rows_of(model: nn.Module, call: Call) -> list[Row]:
    """Rows from the recorded call of the network."""
    return list(_Writer(model, call).rows(call, "", 0))


def folded(rows: Iterable[Row], depth: int) -> list[Row]:
    """Only rows so deep; what lies deeper is added to the one it lies in."""
    kept: list[Row] = []
    for row in rows:
        if row.depth <= depth:
            kept.append(row)
        else:
            kept[-1] = _sum(kept[-1], row)
    return kept


def _sum(row: Row, inner: Row) -> Row:
    return replace(
        row,
        parameters=row.parameters + inner.parameters,
        trainable=row.trainable + inner.trainable,
        counted_above=row.counted_above + inner.counted_above,
        multiply_adds=row.multiply_adds + inner.multiply_adds,
        output_bytes=row.output_bytes + inner.output_bytes,
    )


class _Writer:
    def __init__(self, model: nn.Module, call: Call) -> None:
        self._names = {module: name for name, module in model.named_modules()}
        self._called = {each.module for each in _all(call)}
        self._times: dict[nn.Module, int] = {}
        self._listed: set[nn.Module] = set()
        self._counted: dict[int, torch.Tensor] = {}  # kept, so that no number is given to another

    def rows(self, call: Call, within: str, depth: int) -> Iterator[Row]:
        module = call.module
        self._times[module] = self._times.get(module, 0) + 1
        own = () if _holds_modules(module) else module.parameters()
        yield Row(
            **self._head(module, within, depth),
            call=self._times[module],
            outputs=call.outputs,
            **self._numbers(own),
            multiply_adds=call.multiply_adds - sum(inner.multiply_adds for inner in call.inner),
            output_bytes=call.new_bytes,
        )
        if self._times[module] == 1 and _holds_modules(module):
            yield from self._not_called(module, self._names[module], depth + 1)
        for inner in call.inner:
            yield from self.rows(inner, self._names[module], depth + 1)

    def _not_called(self, module: nn.Module, within: str, depth: int) -> Iterator[Row]:
        """The module's own parameters, and modules in it that nothing called."""
        for name, parameter in module._parameters.items():
            if parameter is not None:
                yield self._parameter(_joined(self._names[module], name), parameter, within, depth)
        for child in module.children():
            if child in self._called or child in self._listed:
                continue
            self._listed.add(child)
            if self._called.isdisjoint(child.modules()):
                yield Row(**self._head(child, within, depth), **self._numbers(child.parameters()))
            else:
                yield from self._not_called(child, within, depth)

    def _parameter(self, name: str, parameter: nn.Parameter, within: str, depth: int) -> Row:
        outputs = () if is_lazy(parameter) else described(parameter)
        numbers = self._numbers([parameter])
        return Row(name, _relative(name, within), "Parameter", depth, outputs=outputs, **numbers)

    def _head(self, module: nn.Module, within: str, depth: int) -> dict[str, Any]:
        name = self._names[module]
        label, scripted = _relative(name, within), isinstance(module, torch.jit.ScriptModule)
        return {"name": name, "label": label, "kind": _kind(module), "depth": depth, "scripted": scripted}

    def _numbers(self, parameters: Iterable[torch.Tensor]) -> dict[str, Any]:
        """Each parameter counts where it is met first."""
        found = {"parameters": 0, "trainable": 0, "counted_above": 0}
        for parameter in parameters:
            if is_lazy(parameter):
                continue
            if id(parameter) in self._counted:
                found["counted_above"] += parameter.numel()
                continue
            self._counted[id(parameter)] = parameter
            found["parameters"] += parameter.numel()
            found["trainable"] += parameter.numel() if parameter.requires_grad else 0
        return found


def _all(call: Call) -> Iterator[Call]:
    yield call
    for inner in call.inner:
        yield from _all(inner)


def _holds_modules(module: nn.Module) -> bool:
    """Whether its own parameters need rows of their own; a scripted module is seen from outside, as one."""
    return not isinstance(module, torch.jit.ScriptModule) and any(True for _ in module.children())


def _kind(module: nn.Module) -> str:
    return str(module.original_name) if isinstance(module, torch.jit.ScriptModule) else type(module).__name__


def _relative(name: str, within: str) -> str:
    return name.removeprefix(f"{within}.") if within else name


def _joined(*names: str) -> str:
    return ".".join(name for name in names if name)
