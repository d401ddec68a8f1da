"""Packages that not everybody needs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def require(name: str, extra: str) -> ModuleType:
    """The module ``name``, imported now.

    Raises:
        ImportError: it is not installed; the message names the extra of feedline that installs it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0]:  # it is there, and something that it needs is not
            raise
        raise ImportError(f"this needs the package {error.name}: pip install 'feedline[{extra}]'", name=name) from error
