"""Batches on their way to a device."""

from __future__ import annotations

import warnings
import weakref
from typing import Any

import torch
from torch.utils.data import DataLoader
from torch.utils.data._utils.pin_memory import pin_memory

_told: weakref.WeakSet[DataLoader[Any]] = weakref.WeakSet()


def wants_pinning(loader: DataLoader[Any]) -> bool:
    """Whether batches are to be pinned; warns once, in torch's words, where that is asked for and nothing needs it."""
    if not loader.pin_memory:
        return False
    if torch.accelerator.is_available():
        return True
    if loader in _told:
        return False
    _told.add(loader)
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
        stacklevel=6,
    )
    return False


def pinned(batch: Any) -> Any:
    """The same batch in page-locked memory, in whatever containers it comes."""
    return pin_memory(batch)  # type: ignore[no-untyped-call]
