"""What is done about a sample that cannot be made: it is an error, is left out, or is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from feedline.loader.places import path_of, sample_key
from feedline.rng import SUBSTITUTE_OPERATION, Key

OnError = Literal["raise", "skip", "substitute"]
_MOST = 16  # substitutes that are tried, of which all fail once in 10^16 where one sample in ten is broken


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample that could not be made.

    Attributes:
        index: the sample's, in the dataset that keeps it.
        path: its file, where that is known.
        error: the exception's type and text.
    """

    index: Any
    path: str | None
    error: str


@dataclass(frozen=True, slots=True)
class Mended:
    """A value, a batch or a part of one, and the samples that are missing in it; ``empty`` where none is left."""

    value: Any
    failures: tuple[Failure, ...]
    empty: bool = False


class WorkerDied(Exception):  # noqa: N818 - never raised out of this room
    """In the place of a sample whose worker died of it; the text says how."""


@dataclass(frozen=True)
class Mender:
    """Makes samples one by one, and says what it did about those that fail.

    A substitute is chosen by the key of the sample that it replaces, and looks as it does in its own place: the
    result is a pure function of key and index, whoever makes it.

    Attributes:
        how: whether a sample that fails is left out or replaced.
        dataset: to say where a sample lies; and its length is what substitutes are chosen from.
        key: the pass's.
        lost: samples that are not to be tried, and why: their workers died of them.
    """

    how: Literal["skip", "substitute"]
    dataset: Any
    key: Key
    lost: Mapping[Any, str] = field(default_factory=dict)

    def make(self, get: Callable[[Any], Any], index: Any) -> tuple[list[Any], Failure | None]:
        """The sample in a list, which is empty where it is left out; and its failure."""
        try:
            return [self._try(get, index)], None
        except Exception as error:
            failure = Failure(index, self._path(error, index), f"{type(error).__name__}: {_first_line(error)}")
        if self.how == "skip":
            return [], failure
        return [self._substitute(get, index)], failure

    def make_all(self, get: Callable[[Any], Any], indices: list[Any]) -> tuple[list[Any], tuple[Failure, ...]]:
        """What came of several samples, in their order."""
        made = [self.make(get, index) for index in indices]
        failures = tuple(failure for _, failure in made if failure is not None)
        return [sample for samples, _ in made for sample in samples], failures

    def _try(self, get: Callable[[Any], Any], index: Any) -> Any:
        if self.lost and index in self.lost:
            raise WorkerDied(self.lost[index])
        return get(index)

    def _substitute(self, get: Callable[[Any], Any], index: Any) -> Any:
        count = len(self.dataset)
        words = sample_key(self.key, index).words(SUBSTITUTE_OPERATION, 2 * _MOST)
        for high, low in zip(words[::2], words[1::2], strict=True):
            try:
                return self._try(get, (high << 32 | low) % count)
            except Exception as error:
                last = error
        raise RuntimeError(
            f"no substitute for index {index!r}: {_MOST} other samples of {count} failed too; look at the dataset"
        ) from last

    def _path(self, error: Exception, index: Any) -> str | None:
        path = getattr(error, "path", None)
        return os.fspath(path) if isinstance(path, str | os.PathLike) else path_of(self.dataset, index)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else ""
