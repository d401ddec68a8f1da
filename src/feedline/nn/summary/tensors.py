"""The tensors in whatever a network takes or gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class TensorInfo:
    """One tensor.

    Attributes:
        name: where it is in what holds it: keys, attributes and positions joined by dots; empty where it is alone.
        shape: of all dimensions, the batch's too.
        dtype: as torch calls it, such as "float32".
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return "x".join(map(str, self.shape)) or "scalar"


def tensors_in(value: Any, name: str = "", within: frozenset[int] = frozenset()) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in tensors, mappings, dataclasses, named tuples, lists and tuples, however nested, with its name.

    What holds itself is not gone through again; ``within`` has the ids of what is around the value.
    """
    if isinstance(value, torch.Tensor):
        yield name, value
        return
    if id(value) in within:
        return
    for key, inner in _items(value):
        yield from tensors_in(inner, f"{name}.{key}" if name else str(key), within | {id(value)})


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((each.name, getattr(value, each.name)) for each in fields(value))
    elif isinstance(value, tuple | list):
        yield from zip(getattr(value, "_fields", range(len(value))), value, strict=True)


def described(value: Any) -> tuple[TensorInfo, ...]:
    """What tensors there are in it."""
    return tuple(
        TensorInfo(name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
        for name, tensor in tensors_in(value)
    )


def in_words(infos: tuple[TensorInfo, ...]) -> str:
    """Their shapes; with the names of those that have one and not only a position."""
    return ", ".join(str(info) if _is_position(info.name) else f"{info.name} {info}" for info in infos)


def _is_position(name: str) -> bool:
    return all(part.isdigit() for part in name.split(".") if part)


def size_in_bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
