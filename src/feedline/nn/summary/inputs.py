"""Tensors to run a network on, from their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
from torch import nn

from feedline.nn.summary.tensors import tensors_in

Shape = Sequence[int]
Shapes = Shape | Sequence[Shape] | Mapping[str, Shape]
DTypes = torch.dtype | Sequence[torch.dtype] | Mapping[str, torch.dtype]


@dataclass(frozen=True)
class Inputs:
    """What a network is called with."""

    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] | None = None

    @property
    def all(self) -> dict[str, Any]:
        """Every argument by its position or name."""
        return {**{str(place): value for place, value in enumerate(self.positional)}, **(self.named or {})}


def home(model: nn.Module) -> torch.device:
    """Where the network's first parameter or buffer is; the CPU where it has none."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def floating(model: nn.Module) -> torch.dtype:
    """The type of the first parameter or buffer that is float or complex; torch's default where there is none."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point() or tensor.is_complex():
            return tensor.dtype
    return torch.get_default_dtype()


def from_shapes(
    shapes: Shapes, dtypes: DTypes | None, default: torch.dtype, batch_size: int | None, device: torch.device
) -> Inputs:
    """Uniform random numbers (zeros where the type is no float) of ``batch_size`` samples of each shape.

    Raises:
        TypeError: something is no shape, a row or names of shapes.
        ValueError: a dimension below 1, or not one type an input.
    """
    front = () if batch_size is None else (batch_size,)

    def made(shape: Shape, dtype: torch.dtype) -> torch.Tensor:
        whole = (*front, *_checked(shape))
        numbers = dtype.is_floating_point or dtype.is_complex
        return (torch.rand(whole, dtype=dtype) if numbers else torch.zeros(whole, dtype=dtype)).to(device)

    if isinstance(shapes, Mapping):
        types = _by_name(dtypes, shapes, default)
        return Inputs(named={name: made(shape, types[name]) for name, shape in shapes.items()})
    several = _several(shapes)
    return Inputs(tuple(map(made, several, _in_order(dtypes, len(several), default))))


def from_data(data: Any, device: torch.device) -> Inputs:
    """What the caller has: a tensor, a row of arguments or named ones. Copies, so that nothing can change them."""
    if isinstance(data, Mapping):
        return Inputs(named={name: _copied(value, device) for name, value in data.items()})
    return Inputs(tuple(_copied(value, device) for value in (data if isinstance(data, tuple | list) else (data,))))


def _copied(value: Any, device: torch.device) -> Any:
    """Tensors on the device; containers with copies of their tensors where these are; anything else as it is."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().to(device)
    copies: dict[int, Any] = {id(tensor): tensor.detach().clone() for _, tensor in tensors_in(value)}
    return deepcopy(value, copies) if copies else value


def _several(shapes: Any) -> list[Shape]:
    if not isinstance(shapes, Sequence) or isinstance(shapes, str):
        raise TypeError(f"input_shape is a shape such as (3, 224, 224), shapes, or names of shapes, not {shapes!r}")
    return [shapes] if all(isinstance(size, Integral) for size in shapes) else list(shapes)


def _checked(shape: Any) -> tuple[int, ...]:
    row = isinstance(shape, Sequence) and not isinstance(shape, str)
    if not row or not all(isinstance(size, Integral) for size in shape):
        raise TypeError(f"a shape is a row of whole numbers such as (3, 224, 224), not {shape!r}")
    if any(size < 1 for size in shape):
        raise ValueError(f"every dimension of an input is at least 1, not {tuple(shape)}")
    return tuple(map(int, shape))


def _in_order(dtypes: DTypes | None, count: int, default: torch.dtype) -> list[torch.dtype]:
    if dtypes is None or isinstance(dtypes, torch.dtype):
        return [dtypes or default] * count
    if isinstance(dtypes, Mapping) or len(dtypes) != count:
        raise ValueError(f"dtypes is one type, or one for each of {count} inputs, not {dtypes!r}")
    return list(dtypes)


def _by_name(dtypes: DTypes | None, names: Mapping[str, Shape], default: torch.dtype) -> dict[str, torch.dtype]:
    if isinstance(dtypes, Mapping):
        if unknown := sorted(set(dtypes) - set(names)):
            raise ValueError(f"dtypes names inputs that input_shape does not: {', '.join(unknown)}")
        return {name: dtypes.get(name, default) for name in names}
    return dict(zip(names, _in_order(dtypes, len(names), default), strict=True))
