"""What a sampler has worked out and may work out again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps the last value made, together with what it was made for; a copy that is pickled keeps nothing."""

    def __init__(self) -> None:
        self._last: tuple[Hashable, T] | None = None

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value for this key: the one that is kept, or a new one from ``make``."""
        last = self._last  # read once: another thread may put its own in place
        if last is None or last[0] != key:
            last = self._last = (key, make())
        return last[1]

    def __reduce__(self) -> tuple[type[Kept[T]], tuple[()]]:
        return type(self), ()
