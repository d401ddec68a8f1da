"""Two sources as one of pairs, matched by name and checked before the first batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.sources.folder import FolderSource
from feedline.sources.match import KeyOf, Match, matched, relative_key
from feedline.sources.problems import Finding, counted, table
from feedline.sources.saved import SavedArrays, saved
from feedline.sources.sizes import SizeOf, differing_sizes
from feedline.sources.warn import warn
from feedline.types import Record, Source, Spec

As = Literal["partner", "mask"]
Also = Callable[[Source, Source, Match], list[Finding]]
"""Looks at what belongs together: what else is wrong with it."""


class PairedSource:
    """Samples of one source, each with the sample of another source that has the same key.

    A pair is the record of the first source, with what the second holds as ``partner`` or ``mask`` and its place as
    ``extra["partner_path"]`` or ``extra["mask_path"]``. Labels, classes, groups and order are those of the first.

    Args:
        a: the first source.
        b: the second: of targets, or of masks.
        as_: "partner", or "mask": what a sample of ``b`` is to the pair.
        key: of a source and an index to what a sample and its partner share: by default the path in the source's
            folder, without suffix.
        missing: "raise" where something is wrong with a pair, or "skip" it, with a warning that counts them by kind:
            what has no partner, all samples of a doubled key, and where they are looked at sizes and all else.
        size_of: of encoded bytes to (width, height) as shown; with it the sizes of both are compared, which reads
            every file once.
        also: looks at the pairs in the place of ``size_of``; what it finds is told with the rest.

    Attributes:
        findings: why ``missing="skip"`` left samples out, by their index in the source that they are in.

    Raises:
        DataError: samples without a partner, two samples of one key, differing sizes, files whose size cannot be
            read, the first of them in the text and all of them in ``problems``; or no pair at all.
        ValueError: another value of ``as_`` or ``missing``.
    """

    def __init__(
        self,
        a: Source,
        b: Source,
        as_: As = "partner",
        *,
        key: KeyOf = relative_key,
        missing: Literal["raise", "skip"] = "raise",
        size_of: SizeOf | None = None,
        also: Also | None = None,
    ) -> None:
        if as_ not in ("partner", "mask") or missing not in ("raise", "skip"):
            raise ValueError(f'as_ must be "partner" or "mask", missing "raise" or "skip", not {as_!r} and {missing!r}')
        self.a, self.b = a, b
        self.as_: As = as_
        match, found = matched(a, b, key), list[Finding]()

        def look(match: Match) -> list[Finding]:
            sizes = [] if size_of is None else differing_sizes(a, b, match, size_of)
            return sizes if also is None else also(a, b, match)

        if missing == "skip":
            match, found = _without_wrong(a, b, match, look)
        else:
            found = look(match)
        wrong = [*match.doubled, *match.missing, *found]
        self.findings: tuple[Finding, ...] = tuple(wrong)
        if wrong and missing == "raise":
            raise DataError(f"{self!r}: {len(wrong)} samples cannot be paired:\n{table(wrong)}", problems=wrong)
        if not len(match.a):
            none = "no pair is left" if found or match.doubled else "no sample of one has a partner in the other"
            raise DataError(f"{self!r}: {none}:\n{table(wrong)}", problems=wrong)
        if wrong:
            why = "cannot be paired" if found or match.doubled else "have no partner"
            warn(f"{len(wrong)} samples of {self!r} {why}: left out: {counted(wrong)}\n{table(wrong)}")
        self._indices = None if _in_step(match, len(a), len(b)) else _kept(match, repr(self))

    @classmethod
    def folders(
        cls, a: str | os.PathLike[str], b: str | os.PathLike[str], as_: As = "partner", **how: Any
    ) -> PairedSource:
        """The pairs of two folders of equal names; ``how`` as for the class."""
        return cls(FolderSource(a), FolderSource(b), as_, **how)

    @property
    def classes(self) -> list[str]:
        return self.a.classes

    @property
    def targets(self) -> NDArray[np.int64]:
        return self.a.targets if self._indices is None else self.a.targets[self._indices["a"]]

    @property
    def groups(self) -> Sequence[Any] | None:
        groups = self.a.groups
        return groups if groups is None or self._indices is None else [groups[index] for index in self._indices["a"]]

    @property
    def has_files(self) -> bool:
        return self.a.has_files

    @property
    def spec(self) -> Spec:
        return self.a.spec

    def __len__(self) -> int:
        return len(self.a) if self._indices is None else len(self._indices["a"])

    def path(self, index: int) -> str:
        return self.a.path(self._places([index])[0][0])

    def __getitem__(self, index: int) -> Record:
        return self.read_batch([index])[0]

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        places = self._places(indices)
        firsts = _read(self.a, [place for place, _ in places], indices)
        seconds = _read(self.b, [place for _, place in places], indices)
        return [self._joined(first, second) for first, second in zip(firsts, seconds, strict=True)]

    def _joined(self, first: Record, second: Record) -> Record:
        extra = {**first.extra, f"{self.as_}_path": second.path}
        if self.as_ == "mask":
            return replace(first, mask=second.data, extra=extra)
        return replace(first, partner=second.data, extra=extra)

    def _places(self, indices: Sequence[int]) -> list[tuple[int, int]]:
        """Where both halves of each pair are."""
        outside = next((index for index in indices if not 0 <= index < len(self)), None)
        if outside is not None:
            raise IndexError(f"no pair {outside} among {len(self)}")
        if self._indices is None:
            return [(int(index), int(index)) for index in indices]
        return [(int(self._indices["a"][index]), int(self._indices["b"][index])) for index in indices]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "findings": ()}  # told to who opened it

    def __repr__(self) -> str:
        return f"PairedSource({self.a!r}, {self.b!r}, {self.as_!r})"


def _without_wrong(
    a: Source, b: Source, match: Match, look: Callable[[Match], list[Finding]]
) -> tuple[Match, list[Finding]]:
    """The pairs with which nothing is wrong, and what is wrong with the others of one key."""
    match = match.only(match.single)
    found = look(match)
    if found:
        match = match.without(a, b, found)
        look(match)  # whoever looks shall have seen what is left, and nothing else
    return match, found


def _in_step(match: Match, a: int, b: int) -> bool:
    """Whether each index is that of its partner too, so that no index has to be kept."""
    everyone = np.arange(len(match.a))
    return len(match.a) == a == b and np.array_equal(match.a, everyone) and np.array_equal(match.b, everyone)


def _kept(match: Match, what: str) -> SavedArrays:
    digest = blake2b(match.a.tobytes() + match.b.tobytes()).hexdigest()
    return saved(f"pairs 1 {what}", digest, lambda: {"a": match.a, "b": match.b})


def _read(source: Source, places: list[int], indices: Sequence[int]) -> list[Record]:
    """The records at the places; what cannot be read is an error of the pair that it is half of."""
    try:
        return source.read_batch(places)
    except DecodeError as error:
        pair = int(indices[places.index(error.index)]) if error.index in places else None
        raise error.at(error.path, pair) from error
