"""How pairs are made of samples, and what both sides of them then are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from feedline.deriving import check_how, derived_channels
from feedline.errors import DataError
from feedline.planned import CHANNELS
from feedline.sides import Look, Side, compared, matched_halves, measured_halves, recorded_halves
from feedline.sources import Finding, FolderSource, PairedSource
from feedline.sources.chosen import ChosenSource
from feedline.sources.match import Match
from feedline.sources.problems import counted, table
from feedline.sources.warn import warn
from feedline.types import Mode, Record, Source

Direction = Literal["AtoB", "BtoA"]
Colours = Literal["input", "target", "both"]
Second = Literal["partner", "mask", "side by side", "derived"]
"""What makes a sample a pair."""
_COLOURS = ("input", "target", "both")
_DIRECTIONS = ("AtoB", "BtoA")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class How:
    """How pairs are made of a source's samples.

    Attributes:
        derive: "edges", "outlines", "gray" or "downscaleN": A is made from the image, which is B.
        direction: which of A and B is the input.
        colours: which side gets what is neither geometry nor the conversion of numbers.
        modes: what input and target are decoded as; None where their files shall say so.

    Raises:
        ValueError: another value of one of them.
    """

    derive: str | None = None
    direction: Direction = "AtoB"
    colours: Colours = "input"
    modes: tuple[Mode | None, Mode | None] = (None, None)

    def __post_init__(self) -> None:
        if self.derive is not None:
            check_how(self.derive)
        if self.direction not in _DIRECTIONS:
            raise ValueError(f'direction must be "AtoB" or "BtoA", not {self.direction!r}')
        if self.colours not in _COLOURS:
            raise ValueError(f"colours must be one of {', '.join(_COLOURS)}, not {self.colours!r}")
        known = (None, "unchanged", *CHANNELS)
        if len(self.modes) != 2 or any(mode not in known for mode in self.modes):
            raise ValueError(f'modes must be two of None, "unchanged", "RGB", "L" and "RGBA", not {self.modes!r}')

    def turned(self, pair: tuple[T, T]) -> tuple[T, T]:
        """(A, B) as (input, target), and the other way round."""
        return pair if self.direction == "AtoB" else (pair[1], pair[0])


class Looks:
    """What is seen of both sides while their pictures are compared, and what they then are.

    Attributes:
        sides: of input and target, once they were looked at.
    """

    def __init__(self, how: How, second: Second) -> None:
        self._how, self._second = how, second
        self.sides: tuple[Side, Side] | None = None
        self._begin()

    def _begin(self) -> None:
        """As if nothing had been seen."""
        self._a, self._b = Look(), Look(masks=self._second == "mask")

    def matched(self, a: Source, b: Source, match: Match) -> list[Finding]:
        """Looks at two sources; what is wrong with their pairs."""
        self._begin()
        return [*compared(matched_halves(a, b, match), len(match.a), self._a, self._b), *self._found()]

    def whole(self, source: Source, places: Sequence[int] | None = None) -> list[Finding]:
        """Looks at a source whose samples are pairs, or become pairs, or at some of them; what is wrong with them."""
        self._begin()
        places = range(len(source)) if places is None else places
        if self._second == "side by side" or self._second == "derived":
            self._a = self._b
            return [*measured_halves(source, self._b, self._second == "side by side", places), *self._found()]
        halves = recorded_halves(source, self._second, places)
        return [*compared(halves, len(places), self._a, self._b), *self._found()]

    def _found(self) -> list[Finding]:
        """Says what the sides are; what does not fit them."""
        mode_a, mode_b = self._how.turned(self._how.modes)
        b, wrong_b = self._b.side(mode_b)
        if self._second == "derived":
            a, wrong_a = self._derived(b, mode_a), list[Finding]()
        else:
            a, wrong_a = self._a.side(mode_a)
        self.sides = self._how.turned((a, b))
        return list(dict.fromkeys([*wrong_a, *wrong_b]))

    def _derived(self, image: Side, mode: Mode | None) -> Side:
        if mode in CHANNELS:
            return Side(CHANNELS[mode], "uint8", mode, 255.0)
        channels = derived_channels(image.channels, self._how.derive or "")
        return Side(channels, image.dtype, "unchanged", image.high)


def second_of(record: Record) -> Second | None:
    """What makes a source's sample a pair; None where nothing does."""
    if "side_by_side" in record.extra:
        return "side by side"
    if record.partner is not None:
        return "partner"
    return None if record.mask is None else "mask"


def kind_of(source: Source, how: How) -> str:
    """In words what makes a source's samples pairs: see :attr:`feedline.PairDataset.kind`."""
    if how.derive is not None:
        return f"{how.derive} derived"
    if isinstance(source, PairedSource) and source.as_ == "partner":
        return _two_names(source.a, source.b) or "partners"
    second = second_of(source[0])
    return {"mask": "image and mask", "side by side": "side by side"}.get(str(second), "partners")


def _two_names(a: Source, b: Source) -> str | None:
    """What two folders in the same folder, or their splits, are called."""
    if not (isinstance(a, FolderSource) and isinstance(b, FolderSource)):
        return None
    above = os.path.commonpath([a.root, b.root])
    names = [os.path.relpath(each.root, above) for each in (a, b)]
    return None if "." in names or any(name.count("/") > 1 for name in names) else f"{names[0]}/ and {names[1]}/"


def sides_of(source: Source, how: How) -> tuple[Side, Side]:
    """What input and target of a source's pairs are: looks at all of them.

    Raises:
        DataError: samples that are no pairs; all of them in ``problems``.
    """
    looks = Looks(how, _second_in(source, how))
    wrong = looks.whole(source)
    if wrong:
        raise DataError(f"{source!r}: {len(wrong)} samples cannot be pairs:\n{table(wrong)}", problems=wrong)
    assert looks.sides is not None
    return looks.sides


def without_wrong(source: Source, how: How) -> tuple[Source, tuple[Side, Side]]:
    """The samples of a source that are pairs, and what their sides are; the others are left out with a warning.

    Raises:
        DataError: none is left; why, is in ``problems``.
    """
    second = _second_in(source, how)
    looks = Looks(how, second)
    wrong = looks.whole(source)
    if wrong:
        alike = source.spec.fixed and second in ("side by side", "derived")  # one was looked at for all
        places = np.setdiff1d(np.arange(0 if alike else len(source)), [found.index for found in wrong])
        if not len(places):
            raise DataError(f"{source!r}: no pair is left:\n{table(wrong)}", problems=wrong)
        warn(f"{len(wrong)} samples of {source!r} cannot be pairs: left out: {counted(wrong)}\n{table(wrong)}")
        looks.whole(source, places.tolist())
        source = ChosenSource(source, places, wrong)
    assert looks.sides is not None
    return source, looks.sides


def _second_in(source: Source, how: How) -> Second:
    second: Second | None = "derived" if how.derive is not None else second_of(source[0])
    if second is None:
        raise DataError(
            f"{source!r}: its samples have no partner and no mask: say where those are with pair= or mask=, or how to "
            'make them with derive="edges", "outlines", "gray" or "downscale4"'
        )
    return second


def require_alike(found: tuple[Side, Side], wanted: tuple[Side, Side], what: Any) -> None:
    """Raises DataError where sides are not what those of other pairs are."""
    for name, one, other in zip(("input", "target"), found, wanted, strict=True):
        same = (one.channels, one.dtype, one.mode) == (other.channels, other.dtype, other.mode)
        if not same or one.high > other.high:
            raise DataError(
                f"{what!r}: its {name} is {_words(one)}, and that of the pairs it shall be like {_words(other)}"
                ": make them alike, or say the same modes= for both"
            )


def _words(side: Side) -> str:
    return f"{side.channels} x {side.dtype} up to {side.high:g} (mode {side.mode!r})"
