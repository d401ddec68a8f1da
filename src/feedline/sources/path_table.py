"""Many paths in little memory."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class PathTable:
    """Paths as one run of bytes and an array of offsets: no Python object a path, cheap to pickle and to fork."""

    def __init__(self, paths: Iterable[str]) -> None:
        encoded = [path.encode("utf-8", "surrogateescape") for path in paths]
        ends = np.cumsum([len(path) for path in encoded], dtype=np.int64)
        self._offsets: NDArray[np.int64] = np.concatenate([np.zeros(1, np.int64), ends])
        self._text = b"".join(encoded)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self):
            raise IndexError(f"no path {index} among {len(self)}")
        start, end = self._offsets[index], self._offsets[index + 1]
        return self._text[start:end].decode("utf-8", "surrogateescape")

    @property
    def nbytes(self) -> int:
        return len(self._text) + self._offsets.nbytes
