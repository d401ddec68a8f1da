"""Sums over a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn
from torch.nn.parameter import is_lazy

from feedline.nn.summary.inputs import Inputs
from feedline.nn.summary.rows import Row
from feedline.nn.summary.tensors import size_in_bytes, tensors_in


@dataclass(frozen=True)
class Totals:
    """Sums; bytes are as the dtypes have them.

    Attributes:
        parameters: numbers in distinct parameters.
        trainable: of these, those that ask for gradients.
        not_trainable: the others.
        multiply_adds: of one forward pass of the batch; one multiplication and one addition are one.
        input_bytes: of the inputs.
        activation_bytes: of all that modules gave in one forward pass, each piece of memory once: an in-place layer and
            a view add nothing. Training keeps about as much for the backward
            pass, and makes gradients of the same size.
        parameter_bytes: of distinct parameters.
        buffer_bytes: of distinct buffers, such as running means.
    """

    parameters: int
    trainable: int
    not_trainable: int
    multiply_adds: int
    input_bytes: int
    activation_bytes: int
    parameter_bytes: int
    buffer_bytes: int

    @property
    def bytes(self) -> int:
        """Of inputs, activations, parameters and buffers: of a forward pass that keeps everything."""
        return self.input_bytes + self.activation_bytes + self.parameter_bytes + self.buffer_bytes


def totals_of(model: nn.Module, inputs: Inputs, rows: Sequence[Row]) -> Totals:
    parameters, trainable = sum(row.parameters for row in rows), sum(row.trainable for row in rows)
    return Totals(
        parameters,
        trainable,
        parameters - trainable,
        sum(row.multiply_adds for row in rows),
        sum(size_in_bytes(tensor) for _, tensor in tensors_in(inputs.all)),
        sum(row.output_bytes for row in rows),
        sum(size_in_bytes(tensor) for tensor in model.parameters() if not is_lazy(tensor)),
        sum(size_in_bytes(tensor) for tensor in model.buffers() if not is_lazy(tensor)),
    )
