"""The samples that could not be made: which, where, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

from feedline._atomic import write_whole
from feedline.loader.mend import Failure
from feedline.loader.telling import tell


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample that was left out or replaced.

    Attributes:
        index: the sample's.
        path: its file, where that is known.
        error: the exception's type and text.
        epoch: the number of the pass, from 0.
    """

    index: Any
    path: str | None
    error: str
    epoch: int


class Ledger(Sequence[Entry]):
    """All samples that a loader left out or replaced, in the order of their batches; each once an epoch.

    Args:
        most: so many of one epoch are borne.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._entries: list[Entry] = []
        self._epoch = 0
        self._here: set[str] = set()
        self._told: set[str] = set()

    def begin(self, epoch: int) -> None:
        """A pass begins, or is gone on with: what is known of its epoch counts."""
        self._epoch = epoch
        self._here = {repr(entry.index) for entry in self._entries if entry.epoch == epoch}

    def add(self, failures: Sequence[Failure]) -> None:
        """Notes them, and warns once of each sample.

        Raises:
            RuntimeError: there are more of them in this epoch than are borne.
        """
        for failure in failures:
            name = repr(failure.index)
            if name in self._here:
                continue
            self._here.add(name)
            self._entries.append(Entry(failure.index, failure.path, failure.error, self._epoch))
            if name not in self._told:
                self._told.add(name)
                tell(f"a sample cannot be made: {self._text(self._entries[-1])}")
        if self._most is not None and len(self._here) > self._most:
            raise RuntimeError(
                f"{len(self._here)} samples of epoch {self._epoch} could not be made, and max_errors={self._most}; "
                f"the last: {self._text(self._entries[-1])}. loader.ledger has all of them"
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """As JSON lines: index, path, error, epoch."""
        write_whole(path, "".join(json.dumps(asdict(entry), default=repr) + "\n" for entry in self._entries))

    @staticmethod
    def _text(entry: Entry) -> str:
        where = "" if entry.path is None or entry.path in entry.error else f" ({entry.path})"
        return f"index {entry.index!r}{where}: {entry.error}"

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    @overload
    def __getitem__(self, index: int) -> Entry: ...

    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...

    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        return self._entries[index]

    def __repr__(self) -> str:
        return f"Ledger({len(self)} samples that could not be made)"
