"""What a process opens for itself: once, when it is first needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from feedline.errors import DecodeError

T = TypeVar("T")

_FORGOTTEN: list[Any] = []
"""What a parent had open: kept to the end, since dropping it would close it, by code that belongs to the parent."""


class Handle(Generic[T]):
    """Holds what ``get`` opened, for all threads of one process; pickled it is empty.

    Args:
        inherited: whether a forked child goes on with what its parent had open (memory that is only read), or opens
            its own (files with a position, libraries with a state).
    """

    def __init__(self, *, inherited: bool) -> None:
        self._inherited = inherited
        self._open: tuple[int, T] | None = None
        self._locks: dict[int, threading.Lock] = {}

    def get(self, open_it: Callable[[], T]) -> T:
        """What is open; by ``open_it`` where nothing is. Raises what that raises, and is as before then."""
        found = self._open
        if found is not None and (self._inherited or found[0] == os.getpid()):
            return found[1]
        process = os.getpid()
        with self._locks.setdefault(process, threading.Lock()):  # the parent's may be held by a thread that is not here
            found = self._open
            if found is None or not (self._inherited or found[0] == process):
                if found is not None:
                    _FORGOTTEN.append(found)
                self._open = found = (process, open_it())
            return found[1]

    def get_for(self, path: str, index: int, open_it: Callable[[], T]) -> T:
        """As ``get``, for the sample at ``path``: a DecodeError of opening gets its place."""
        try:
            return self.get(open_it)
        except DecodeError as error:
            raise error.at(path, index) from error

    def __reduce__(self) -> tuple[Any, ...]:
        return _empty, (self._inherited,)


def _empty(inherited: bool) -> Handle[Any]:
    return Handle(inherited=inherited)
