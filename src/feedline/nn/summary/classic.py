"""A summary laid out as torchsummary's, which courses print; the numbers are ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feedline.nn.summary.rows import Row
from feedline.nn.summary.tensors import TensorInfo
from feedline.nn.summary.totals import Totals

_RULE, _DOUBLE = "-" * 64, "=" * 64
_SILENT = ("Sequential", "ModuleList", "ModuleDict")
_MB = 2**20


def text(rows: Sequence[Row], totals: Totals, batch_size: int | None) -> str:
    """Layers are numbered in the order in which they ended; the batch is written as -1.

    The forward/backward pass is twice the activations (values and gradients), the parameters' size holds no buffers.
    """
    head = [_RULE, _columns("Layer (type)", "Output Shape", "Param #"), _DOUBLE]
    shown = [_layer(number, row, batch_size) for number, row in enumerate(_as_they_ended(rows), 1)]
    return "\n".join([*head, *shown, _DOUBLE, *_foot(totals)])


def _foot(totals: Totals) -> Iterator[str]:
    passes = 2 * totals.activation_bytes
    yield f"Total params: {totals.parameters:,}"
    yield f"Trainable params: {totals.trainable:,}"
    yield f"Non-trainable params: {totals.not_trainable:,}"
    yield _RULE
    yield f"Input size (MB): {totals.input_bytes / _MB:.2f}"
    yield f"Forward/backward pass size (MB): {passes / _MB:.2f}"
    yield f"Params size (MB): {totals.parameter_bytes / _MB:.2f}"
    yield f"Estimated Total Size (MB): {(totals.input_bytes + passes + totals.parameter_bytes) / _MB:.2f}"
    yield _RULE


def _as_they_ended(rows: Sequence[Row]) -> Iterator[Row]:
    """Without the network itself and plain containers, unless they are all there is or hold something of their own."""
    running: list[Row] = []
    for row in rows:
        while running and running[-1].depth >= row.depth:
            yield from _said(running.pop(), rows)
        running.append(row)
    while running:
        yield from _said(running.pop(), rows)


def _said(row: Row, rows: Sequence[Row]) -> Iterator[Row]:
    silent = row.depth == 0 or row.kind in _SILENT
    if not silent or len(rows) == 1 or row.parameters or row.counted_above:
        yield row


def _layer(number: int, row: Row, batch_size: int | None) -> str:
    size = f"{row.parameters:,}" if not row.counted_above else f"({row.counted_above:,})"
    batch = None if row.kind == "Parameter" else batch_size
    shapes = [_shape(info, batch) for info in row.outputs]
    said = shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]" if shapes else "--"
    return _columns(f"{row.kind}-{number}", said, size)


def _shape(info: TensorInfo, batch_size: int | None) -> str:
    if info.shape and info.shape[0] == batch_size:
        return str([-1, *info.shape[1:]])
    return str(list(info.shape))


def _columns(layer: str, shape: str, size: str) -> str:
    return f"{layer:>20}  {shape:>25} {size:>15}"
