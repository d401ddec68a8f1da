"""What is done about a sample that cannot be made: it is an error, is left out, or is replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from feedline.loader.places import path_of, sample_key
from feedline.rng import SUBSTITUTE_OPERATION, Key

OnError = Literal["raise", "skip", "substitute"]
_MOST = 64  # substitutes that are tried, of which all fail once in 10^8 where three samples in four are broken


@dataclass(frozen=True, slots=True)
class Failure:
    """A sample that could not be made.

    Attributes:
        index: the sample's, in the dataset that keeps it.
        path: its file, where that is known.
        error: the exception's type and text.
        kind: of a DecodeError, in which way the sample is broken.
    """

    index: Any
    path: str | None
    error: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Mended:
    """A batch or a part of one, of which samples may be missing.

    Attributes:
        value: the batch, or what the part is.
        failures: the samples that could not be made, left out or replaced.
        samples: how many are in it.
        error: why there is no batch of the size that it must have.
    """

    value: Any
    failures: tuple[Failure, ...]
    samples: int
    error: str | None = None


def _as_it_is(_: int, sample: Any) -> Any:
    return sample


class NoSubstitute(Exception):  # noqa: N818 - told with the batch that it leaves too short
    """No other sample could be made; the text says how many were tried."""


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
        lost: by their names, samples that are not to be tried, and why: their workers died of them.
        among: what substitutes are chosen from, where that is not the whole dataset.
    """

    how: Literal["skip", "substitute"]
    dataset: Any
    key: Key
    lost: Mapping[str, str] = field(default_factory=dict)
    among: Sequence[Any] | NDArray[np.int64] | None = None

    def make(self, get: Callable[[Any], Any], index: Any) -> tuple[list[Any], Failure | None]:
        """The sample in a list, which is empty where it is left out; and its failure.

        Raises:
            NoSubstitute: it is to be replaced, and nothing can take its place; its ``failure`` is the sample's.
        """
        try:
            return [self._try(get, index)], None
        except Exception as error:
            failure = failure_of(error, self.dataset, index)
        if self.how == "skip":
            return [], failure
        try:
            return [self._substitute(get, index)], failure
        except NoSubstitute as error:
            error.failure = failure  # type: ignore[attr-defined]
            raise

    def make_all(
        self, get: Callable[[Any], Any], indices: Sequence[Any], keep: Callable[[int, Any], Any] = _as_it_is
    ) -> tuple[list[list[Any]], tuple[Failure, ...], str | None]:
        """For each place a list of its sample, or an empty one; the failures; and why the sizes do not stay.

        Args:
            get: makes the sample of an index.
            indices: the samples that are asked for.
            keep: is given the place and its sample, and says what is kept of it.
        """
        made: list[list[Any]] = []
        failures: list[Failure] = []
        short = None
        for place, index in enumerate(indices):
            try:
                found, failure = self.make(get, index)
            except NoSubstitute as error:
                found, failure, short = [], error.failure, short or str(error)  # type: ignore[attr-defined]
            made.append([keep(place, sample) for sample in found])
            failures += [] if failure is None else [failure]
        return made, tuple(failures), short

    def _try(self, get: Callable[[Any], Any], index: Any) -> Any:
        if self.lost and name_of(index) in self.lost:
            raise WorkerDied(self.lost[name_of(index)])
        return get(index)

    def _substitute(self, get: Callable[[Any], Any], index: Any) -> Any:
        others = range(len(self.dataset)) if self.among is None else self.among
        words = sample_key(self.key, index).words(SUBSTITUTE_OPERATION, 2 * _MOST)
        for high, low in zip(words[::2], words[1::2], strict=True):
            other = others[(high << 32 | low) % len(others)]
            with suppress(Exception):
                return self._try(get, int(other) if isinstance(other, np.integer) else other)
        raise NoSubstitute(
            f"no substitute for index {index!r}: {_MOST} other samples of {len(others)} failed too; look at the dataset"
        )


def name_of(index: Any) -> str:
    """What samples are told apart by: an index may be of any type, and come from another process."""
    return repr(index)


def failure_of(error: Exception, dataset: Any, index: Any) -> Failure:
    """The failure of a sample, in words."""
    path = getattr(error, "path", None)
    where = os.fspath(path) if isinstance(path, str | os.PathLike) else path_of(dataset, index)
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # an exception of the user's that cannot say what it is
        lines = []
    return Failure(index, where, f"{type(error).__name__}: {lines[0] if lines else ''}", getattr(error, "kind", None))
