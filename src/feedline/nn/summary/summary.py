"""A network's layers, shapes, parameters, multiply-adds and memory, from running it once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, get_args

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, is_lazy

from feedline.nn.summary.calls import record
from feedline.nn.summary.counting import MultiplyAdds
from feedline.nn.summary.inputs import DTypes, Inputs, Shapes, floating, from_data, from_shapes, home
from feedline.nn.summary.result import Style, Summary
from feedline.nn.summary.rows import Row, folded, rows_of
from feedline.nn.summary.tensors import described
from feedline.nn.summary.totals import totals_of
from feedline.nn.summary.unchanged import evaluated


def summary(
    model: nn.Module,
    input_shape: Shapes | None = None,
    *,
    input_data: Any = None,
    batch_size: int | None = 1,
    dtypes: DTypes | None = None,
    device: torch.device | str | None = None,
    depth: int | None = None,
    style: Style = "feedline",
) -> Summary:
    """Runs the network once, in evaluation mode and without gradients, and tells what each layer gave and has.

    Afterwards modes, buffers, gradients and hooks are as before, and torch's generators; parameters too, unless forward
    itself writes to them. One with lazy modules is copied and the copy is run. Parameters that several modules share
    count once, where they are met first. Compiled networks run eagerly; scripted modules are seen from outside.

    Args:
        model: any network; it stays on its device.
        input_shape: of one sample, such as (3, 224, 224); or shapes of several inputs; or their names and shapes.
        input_data: instead, what to call it with: a tensor, a row of arguments, or a dictionary of named ones.
        batch_size: samples in each input made; None if ``input_shape`` is of all dimensions.
        dtypes: of the inputs, one or one each; the network's own floats where nothing is said.
        device: of the inputs; that of the network's first parameter where nothing is said.
        depth: layers that lie deeper are added to those that they lie in; None shows all.
        style: "feedline", or "torchsummary" for the classic layout.

    Raises:
        TypeError, ValueError: what is given makes no inputs, or an unknown style.
        Exception: whatever the network raises, with a note that says in which layer, and what that was given.
    """
    _check(input_shape, input_data, batch_size, depth, style)
    place = home(model) if device is None else torch.device(device)
    run = _copy(model) if _is_lazy(model) else model
    counter = MultiplyAdds()
    with evaluated(run):
        inputs = _inputs(run, input_shape, input_data, batch_size, dtypes, place)
        call = record(run, inputs, counter)
    rows = rows_of(run, call)
    shown = rows if depth is None else folded(rows, depth)
    return Summary(
        type(model).__name__,
        described(inputs.all),
        batch_size if input_data is None else None,
        tuple(shown),
        totals_of(run, inputs, rows),
        counter.not_counted,
        tuple(_notes(run, rows)),
        style,
    )


def _check(shape: Any, data: Any, batch_size: int | None, depth: int | None, style: str) -> None:
    if (shape is None) == (data is None):
        raise ValueError("a network is run on input_shape or on input_data: give one of them")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is at least 1, or None where the shapes have all dimensions, not {batch_size}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth is at least 0, which shows the network alone, not {depth}")
    if style not in get_args(Style):
        raise ValueError(f"style is one of {', '.join(get_args(Style))}, not {style!r}")


def _inputs(
    model: nn.Module,
    shape: Shapes | None,
    data: Any,
    batch_size: int | None,
    dtypes: DTypes | None,
    place: torch.device,
) -> Inputs:
    if shape is None:
        return from_data(data, place)
    return from_shapes(shape, dtypes, floating(model), batch_size, place)


def _copy(model: nn.Module) -> nn.Module:
    """A deep copy; torch itself cannot copy lazy buffers."""
    lazy = [buffer for buffer in model.buffers() if is_lazy(buffer)]
    make: Any = UninitializedBuffer
    copies = {id(each): make(device=each.device, dtype=each.dtype) for each in lazy}
    return deepcopy(model, copies)


def _is_lazy(model: nn.Module) -> bool:
    return any(is_lazy(tensor) for tensor in (*model.parameters(), *model.buffers()))


def _notes(model: nn.Module, rows: Sequence[Row]) -> Iterator[str]:
    if unmade := [name for name, parameter in model.named_parameters() if is_lazy(parameter)]:
        yield f"lazy and never called, so without a size: {', '.join(unmade)}"
    if scripted := [row.name or "the network" for row in rows if row.scripted]:
        yield f"scripted, so seen only from outside: {', '.join(scripted)}"
    if any(row.counted_above for row in rows):
        yield "(in parentheses: parameters that a row above has counted)"
