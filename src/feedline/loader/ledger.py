"""The samples that could not be made: which, where, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch

from feedline._atomic import write_whole
from feedline.loader.mend import Failure, name_of
from feedline.loader.progress import Progress
from feedline.loader.telling import tell


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample that was left out or replaced.

    Attributes:
        index: the sample's.
        path: its file, where that is known.
        error: the exception's type and text.
        epoch: the number of the pass, from 0.
        kind: in which way it is broken, as ``feedline check`` says it; None where that is not known.
    """

    index: Any
    path: str | None
    error: str
    epoch: int
    kind: str | None = None


def in_words(entry: Entry) -> str:
    where = "" if entry.path is None or entry.path in entry.error else f" ({entry.path})"
    return f"index {entry.index!r}{where}: {entry.error}"


def _plain(value: Any) -> Any:
    """What JSON holds, for an index that it does not: a number of NumPy's as a number, else what it looks like."""
    return (
        value.item()
        if isinstance(value, np.generic) or (isinstance(value, torch.Tensor) and value.numel() == 1)
        else repr(value)
    )


class Ledger(Sequence[Entry]):
    """All samples that a loader left out or replaced, in the order of their batches; each once an epoch.

    Args:
        most: so many of one epoch are borne.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._entries: list[Entry] = []
        self._known: set[tuple[int, str]] = set()
        self._told: set[str] = set()

    def begin(self, progress: Progress) -> Page:
        """A pass begins, or is gone on with: ``progress`` says which, and is told how many failures there are."""
        return Page(self, progress)

    def note(self, entry: Entry) -> None:
        """Another entry, unless it is there already; each sample is warned of once."""
        name = name_of(entry.index)
        if (entry.epoch, name) in self._known:
            return
        self._known.add((entry.epoch, name))
        self._entries.append(entry)
        if name not in self._told:
            self._told.add(name)
            tell(f"a sample cannot be made: {in_words(entry)}")

    def save(self, path: str | os.PathLike[str], append: bool = False) -> None:
        """As JSON lines: index, path, error, epoch, kind.

        Args:
            path: of the file, which is written whole or not at all.
            append: keep what is in it, as a run does that goes on where another was interrupted.
        """
        before = (
            Path(path).read_text(encoding="utf-8", errors="surrogateescape") if append and Path(path).exists() else ""
        )
        lines = (json.dumps(asdict(entry), default=_plain) + "\n" for entry in self._entries)
        write_whole(path, before + "".join(lines))

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


class Page:
    """The entries of one pass, which may run beside another of the same loader.

    Args:
        ledger: where they are written.
        progress: the pass's; its ``errors`` are those before the place from where it is gone on with.
    """

    def __init__(self, ledger: Ledger, progress: Progress) -> None:
        self._ledger = ledger
        self._progress = progress
        self._before = progress.errors
        self._names: set[str] = set()

    def add(self, failures: Sequence[Failure]) -> None:
        """Notes them.

        Raises:
            RuntimeError: there are more of them in this epoch than are borne.
        """
        epoch, most = self._progress.epoch, self._ledger.most
        for failure in failures:
            last = Entry(failure.index, failure.path, failure.error, epoch, failure.kind)
            self._names.add(name_of(failure.index))
            self._ledger.note(last)
        count = self._before + len(self._names)
        if most is not None and failures and count > most:
            raise RuntimeError(
                f"{count} samples of epoch {epoch} could not be made, and max_errors={most}; "
                f"the last: {in_words(last)}. loader.ledger has all of them"
            )
        self._progress.errors = count
