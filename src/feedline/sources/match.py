"""Which samples of two sources belong together: those of the same key."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.sources.problems import Finding
from feedline.types import Source

KeyOf = Callable[[Source, int], str]
"""Of a source and an index to what a sample shares with its partner."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What belongs together, and what does not.

    Attributes:
        a: int64, the indices of one source that have a partner, in their order.
        b: int64, the index of each one's partner.
        single: bool, of each pair whether no other sample of either source has its key.
        missing: the samples of either that have none.
        doubled: the samples whose key another sample of the same source has too.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    single: NDArray[np.bool_]
    missing: list[Finding]
    doubled: list[Finding]

    def only(self, which: NDArray[np.bool_]) -> Match:
        """Some of the pairs."""
        return replace(self, a=self.a[which], b=self.b[which], single=self.single[which])

    def without(self, a: Source, b: Source, findings: Sequence[Finding]) -> Match:
        """The pairs of which no half is among the findings, which have the index in the source that they are in."""
        wrong: tuple[set[int], set[int]] = set(), set()
        for found in findings:
            if found.index is not None:
                here = [found.index < len(each) and each.path(found.index) == found.path for each in (a, b)]
                for indices, its in zip(wrong, here, strict=True):
                    if its or not any(here):  # of a path that is in neither nobody knows which is meant
                        indices.add(found.index)
        return self.only(~(np.isin(self.a, [*wrong[0]]) | np.isin(self.b, [*wrong[1]])))


def relative_key(source: Source, index: int) -> str:
    """The sample's path without its suffix, counted from what the source was opened on: folder, archive, address."""
    inner: Any = source
    while not _roots(inner) and (hasattr(inner, "a") or hasattr(inner, "source")):
        inner = inner.a if hasattr(inner, "a") else inner.source
    path = source.path(index)
    root = next((root for root in _roots(inner) if path.startswith(root + "/")), "")
    return os.path.splitext(path[len(root) + 1 :] if root else path)[0]


def _roots(source: Any) -> list[str]:
    return [str(root).rstrip("/") for root in (getattr(source, "root", None), *getattr(source, "files", ())) if root]


def matched(a: Source, b: Source, key: KeyOf) -> Match:
    """Compares the keys of all samples; reads none.

    Where no key is in both, and all keys of a source lie in one top folder, that is left out of them: of archives of
    two folders each has its folder's name in every key.
    """
    doubled: list[Finding] = []
    several: set[str] = set()
    firsts, seconds = _by_key(a, key, doubled, several), _by_key(b, key, doubled, several)
    if firsts.keys().isdisjoint(seconds):
        tops = _top(firsts), _top(seconds)
        shorter = _below(firsts, tops[0]), _below(seconds, tops[1])
        if not shorter[0].keys().isdisjoint(shorter[1]):
            firsts, seconds = shorter
            several = {name.removeprefix(top) for name in several for top in tops if name.startswith(top)}
    pairs = [(first, seconds[name], name not in several) for name, first in firsts.items() if name in seconds]
    both = np.array(pairs, np.int64).reshape(-1, 3)
    missing = [*_alone(a, firsts, seconds, b), *_alone(b, seconds, firsts, a)]
    columns = [np.ascontiguousarray(column) for column in both.T]
    return Match(columns[0], columns[1], columns[2].astype(bool), missing, doubled)


def _top(keys: Mapping[str, int]) -> str:
    """The folder, with its slash, that all keys begin with; empty where there is none."""
    tops = {key[: key.find("/") + 1] for key in keys}
    return tops.pop() if len(tops) == 1 else ""


def _below(keys: Mapping[str, int], top: str) -> dict[str, int]:
    return {key[len(top) :]: index for key, index in keys.items()}


def _by_key(source: Source, key: KeyOf, doubled: list[Finding], several: set[str]) -> dict[str, int]:
    """The first index of each key, in order; the others are noted, and the keys that have some."""
    found: dict[str, int] = {}
    for index in range(len(source)):
        name = key(source, index)
        first = found.setdefault(name, index)
        if first != index:
            several.add(name)
            cause = f"the key {name!r} is that of {source.path(first)} too: rename or remove one"
            doubled.append(Finding(source.path(index), index, "doubled name", cause))
    return found


def _alone(source: Source, keys: dict[str, int], others: dict[str, int], other: Source) -> list[Finding]:
    endings = {_plain(name): name for name in others if _plain(name) != name}
    return [
        Finding(source.path(index), index, "missing partner", f"nothing in {other!r} has the key {name!r}" + hint)
        for name, index in keys.items()
        if name not in others
        for hint in [_hint(name, endings, others)]
    ]


def _plain(name: str) -> str:
    """Without an A or B at its end, as _A, -b, or A behind a digit."""
    return re.sub(r"([_.-]|(?<=\d))[ABab]$", "", name)


def _hint(name: str, endings: Mapping[str, str], others: Mapping[str, int]) -> str:
    """What to do where a name differs from another in its ending alone."""
    plain = _plain(name)
    twin = endings.get(plain) or (plain if plain in others else None)
    return "" if twin is None else f", but {twin!r}: partners need equal names, so leave the endings of A and B out"
