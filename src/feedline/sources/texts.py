"""Many strings in two arrays, which can be saved, mapped and shared: no Python object a string."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CODE = ("utf-8", "surrogateescape")


def pack_texts(texts: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The strings as one run of bytes, and the n + 1 places between them."""
    encoded = [text.encode(*_CODE) for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), ends


def pack_arrow(column: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The same from an Arrow array of type large_string without nulls."""
    _, places, data = column.buffers()
    if len(column) == 0 or data is None:
        return np.zeros(0, np.uint8), np.zeros(len(column) + 1, np.int64)
    offsets = np.frombuffer(places, np.int64)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def text_at(texts: NDArray[np.uint8], places: NDArray[np.int64], index: int) -> str:
    if not 0 <= index < len(places) - 1:
        raise IndexError(f"index {index} is out of range for {len(places) - 1} samples")
    return texts[places[index] : places[index + 1]].tobytes().decode(*_CODE)
