"""Many paths in little memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

_SLASH = ord("/")


class PathTable:
    """Paths as runs of bytes and arrays of offsets: no Python object a path, cheap to pickle and to fork.

    Paths that follow each other in one folder are a group: the folder, and how all its names begin and end, are kept
    once, and for each path what is left between them.

    Args:
        paths: any paths, in any order.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        packer = Packer()
        for folder, names in groupby((path.rpartition("/") for path in paths), lambda parts: parts[0] + parts[1]):
            packer.add(folder, [name for _, _, name in names])
        self._take(packer.arrays())

    @classmethod
    def of(cls, arrays: Arrays) -> PathTable:
        """The table whose arrays these are, from :meth:`Packer.arrays`; whatever else is among them is kept too."""
        table = cls.__new__(cls)
        table._take(arrays)
        return table

    def _take(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._starts = arrays["starts"]
        self._count = int(self._starts[-1])

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> str:
        group = self.group(index)
        text = self._piece("heads", group) + self._piece("names", index)[:-1] + self._piece("tails", group)
        return text.decode("utf-8", "surrogateescape")

    def group(self, index: int) -> int:
        """Which of the groups, counted as they were added, the path belongs to; raises IndexError."""
        if not 0 <= index < self._count:
            raise IndexError(f"no path {index} among {self._count}")
        return int(self._starts.searchsorted(index, "right")) - 1

    def _piece(self, kind: str, place: int) -> bytes:
        ends = self._arrays[f"{kind}_ends"]
        return self._arrays[kind][ends[place] : ends[place + 1]].tobytes()

    def groups(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        """As :meth:`group`, of many, which are there."""
        found: NDArray[np.int64] = self._starts.searchsorted(indices, "right") - 1
        return found

    @property
    def pieces(self) -> tuple[NDArray[Any], ...]:
        """Group starts, and bytes and ends of heads, names and tails: what the kernel makes paths of."""
        return tuple(self._arrays[name] for name in _ARRAYS)

    @property
    def nbytes(self) -> int:
        return sum(self._arrays[name].nbytes for name in _ARRAYS)

    def __getstate__(self) -> Arrays:
        return self._arrays

    def __setstate__(self, arrays: Arrays) -> None:
        self._take(arrays)


class Packer:
    """Makes the arrays of a table of paths that come folder by folder."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._texts: dict[str, list[bytes]] = {"heads": [], "names": [], "tails": []}

    def add(self, folder: str, names: list[str]) -> None:
        """The next group: ``folder``, which ends with a slash or is empty, before each name; no name has a slash."""
        head, middles, tail = _divided(names)
        self._counts.append(len(names))
        for kind, piece in [("heads", folder + head), ("names", middles + "/"), ("tails", tail)]:
            self._texts[kind].append(piece.encode("utf-8", "surrogateescape"))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Bytes (uint8) of what begins, tells apart and ends the paths, where each of them ends, and group starts.

        Each name is followed by a slash, so that all ends are found at once.
        """
        texts = {kind: np.frombuffer(b"".join(pieces), np.uint8) for kind, pieces in self._texts.items()}
        ends = {kind: np.cumsum([len(piece) for piece in pieces]) for kind, pieces in self._texts.items()}
        ends["names"] = np.flatnonzero(texts["names"] == _SLASH) + 1
        starts = np.concatenate([[0], np.cumsum(self._counts, dtype=np.int64)])
        return {"starts": starts, **texts, **{f"{kind}_ends": _from_zero(places) for kind, places in ends.items()}}


_ARRAYS = ("starts", "heads", "heads_ends", "names", "names_ends", "tails", "tails_ends")


def _divided(names: list[str]) -> tuple[str, str, str]:
    """How all the names begin, what is between in each of them, joined with slashes, and how they all end.

    The beginning stops short of the first dot and the end begins with the last, so that they share nothing. Both are
    read from two names, and are those of all if they surround every slash.
    """
    text = "/".join(names)
    head = os.path.commonprefix([names[0], names[-1]]).partition(".")[0]  # noqa: RUF071  by letters is meant
    tail = names[0][names[0].rfind(".") :] if "." in names[0] else ""
    for begin, end in [(head, tail), ("", tail)]:
        inner = text[len(begin) : len(text) - len(end)]
        middles = inner.replace(end + "/" + begin, "/")
        everywhere = len(inner) - len(middles) == (len(names) - 1) * len(begin + end)
        if everywhere and text.endswith(end):
            return begin, middles, end
    return "", text, ""


def _from_zero(ends: NDArray[Any]) -> NDArray[Any]:
    """The ends behind a 0, in 4 bytes each where they fit."""
    small = not len(ends) or ends[-1] < 2**32
    return np.concatenate([[0], ends]).astype(np.uint32 if small else np.int64)
