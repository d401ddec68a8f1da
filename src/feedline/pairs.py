"""Pairs of pictures under one geometry: what a network is given, and what it shall make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from torch.utils.data import Dataset

from feedline.dataset import Sourced, place_of
from feedline.decoded_pairs import Moves, both
from feedline.errors import TransformError
from feedline.pairing import Colours, Direction, How, kind_of, second_of, sides_of
from feedline.planned import Scale
from feedline.records import objects_of
from feedline.rng import Key
from feedline.sides import Side
from feedline.timing import stage
from feedline.transforms import Compose
from feedline.types import Mode, Record, Source


class PairDataset(Sourced, Dataset[tuple[Any, Any]]):
    """Pairs of pictures, decoded and transformed on access; serves torch's DataLoader too.

    ``pairs[i]`` is (input, target), both after the same geometry: HxWxC arrays, or what ``transform`` makes of each; of
    a transform that ends in ToTensor and Normalize two float32 tensors, CxHxW, whose channels may differ. It is the
    pair of epoch 0; the loader asks for those of later epochs through :meth:`get`.

    A is the image of a sample, or the left half of a picture that holds two; B is its partner, its mask, or the right
    half. A derived A is made from the image, which then is B, before anything is transformed.

    Args:
        source: whose samples have a partner or a mask, lie side by side, or (``derive``) are any images.
        transform: a Compose or a single transform. A callable that is none of ours has to say by ``moves = False`` that
            it leaves everything where it is.
        derive: "edges", "outlines", "gray" or "downscaleN": what A is made as.
        direction: "AtoB" makes A the input and B the target, "BtoA" the other way round.
        colours: which side gets what is neither geometry nor the conversion of numbers (colours, noise, erasing).
            "input": what the network sees varies and what it shall make of that stays true; "both" the same changes,
            for pairs whose light belongs together; "target" alone. A mask never gets any.
        modes: what input and target are decoded as: "RGB", "L" or "RGBA" as 8 bits, "unchanged" as stored. None: as
            stored where all files of a side are alike; 8 bit greys and colours mixed become "RGB", with alpha "RGBA".
        sides: of input and target, where they are known; else every header is read.

    Attributes:
        input, target: what the pictures of both sides are: channels, type, mode, and the number that is white.

    Raises:
        DataError: samples that are no pairs, of differing sizes or kinds; all of them in ``problems``.
        TransformError: a transform that pairs cannot go through.
        ValueError: another value of ``derive``, ``direction``, ``colours`` or ``modes``.
    """

    keyed: Literal[True] = True
    fills = False
    spec = None
    """Not one picture but two, so that the loader collates them."""
    mode: Mode = "unchanged"
    """What ``feedline.check`` decodes both sides as."""
    scale: Scale = "exact"

    def __init__(
        self,
        source: Source,
        transform: Callable[[Any], Any] | None = None,
        *,
        derive: str | None = None,
        direction: Direction = "AtoB",
        colours: Colours = "input",
        modes: tuple[Mode | None, Mode | None] = (None, None),
        sides: tuple[Side, Side] | None = None,
    ) -> None:
        self.source = source
        self.transform = transform
        self.how = How(derive, direction, colours, modes)
        self._steps = Compose([] if transform is None else [transform])
        self._moves = Moves(self._steps, self.how)
        self.input, self.target = sides_of(source, self.how) if sides is None else sides

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.get(index, Key())

    def get(self, index: int, key: Key) -> tuple[Any, Any]:
        """(input, target) as a pure function of the index and of the key's seed and epoch.

        Raises:
            DecodeError: one of the pictures cannot be read or decoded; names its path, and the index.
            TransformError: a step cannot be done to one of them.
            IndexError: no such index.
        """
        made = self.sample(index, key)
        return made.data, made.partner

    def sample(self, index: int, key: Key = Key()) -> Record:
        """The record of a pair whose ``data`` and ``partner`` are input and target of :meth:`get` for this key."""
        index = place_of(index, len(self))
        found, whole = self._record(index)
        second = None if self.how.derive is not None else second_of(found)
        mask = self.how.turned((self.input, self.target))[1] if second == "mask" else None
        own = Key(key.seed, key.epoch, index)
        try:
            with stage("transform"):
                pair: Any = whole.data, whole.partner
                made, partner = self._moves(pair, own, mask, objects_of(found, index))
        except TransformError as error:
            error.add_note(f"{self.source.path(index)} (index {index})")
            raise
        return replace(whole, data=made, partner=partner)

    def record(self, index: int) -> Record:
        """All that is known of a pair, nothing transformed: ``data`` is the input and ``partner`` the target, HxWxC.

        A mask is there as its numbers.

        Raises:
            DecodeError: one of the pictures cannot be read or decoded; names its path, and the index.
            DataError: they are of differing sizes.
            IndexError: no such index.
        """
        return self._record(place_of(index, len(self)))[1]

    def _record(self, index: int) -> tuple[Record, Record]:
        """As the source gave it, and decoded."""
        with stage("read"):
            found = self.source[index]
        with stage("decode"):
            first, second = both(found, self.how, (self.input, self.target), index)
        return found, replace(found, data=first, partner=second, mask=None)

    @property
    def kind(self) -> str:
        """What makes the samples pairs, in words: "A/ and B/" or as the two folders are called, "partners",
        "image and mask", "side by side", "gray derived" ...
        """
        return kind_of(self.source, self.how)

    @property
    def thread_safe(self) -> bool:
        """Whether pairs may be made in threads: every transform is one of ours."""
        return self._steps.thread_safe

    def with_transform(self, transform: Callable[[Any], Any] | None) -> PairDataset:
        """The same pairs under another transform."""
        return self._made(transform, self.how.modes, (self.input, self.target))

    def with_mode(self, mode: Mode) -> PairDataset:
        """The same pairs, both sides in this mode."""
        return self._made(self.transform, (mode, mode), None)

    def with_scale(self, scale: Scale) -> PairDataset:
        """The same pairs: they are always decoded whole, so that scale has to be "exact"."""
        if scale != "exact":
            raise ValueError(f'pairs are decoded whole: their scale must be "exact", not {scale!r}')
        return self

    def _made(
        self,
        transform: Callable[[Any], Any] | None,
        modes: tuple[Mode | None, Mode | None],
        sides: tuple[Side, Side] | None,
    ) -> PairDataset:
        how = self.how
        return PairDataset(
            self.source,
            transform,
            derive=how.derive,
            direction=how.direction,
            colours=how.colours,
            modes=modes,
            sides=sides,
        )

    def __repr__(self) -> str:
        step = "" if self.transform is None else f", transform={self.transform!r}"
        derive = "" if self.how.derive is None else f", derive={self.how.derive!r}"
        return (
            f"PairDataset({self.source!r}, {len(self):,} pairs{derive}, direction={self.how.direction!r}, "
            f"input={self.input!r}, target={self.target!r}{step})"
        )
