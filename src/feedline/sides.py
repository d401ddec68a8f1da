"""What the two sides of pairs are, and what keeps pictures from being pairs: found from their headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from feedline.codecs import decode, probe
from feedline.codecs.mask import decode_mask
from feedline.errors import DecodeError
from feedline.planned import CHANNELS
from feedline.sources import Finding, FolderSource, SideBySide
from feedline.sources.match import Match
from feedline.types import Header, Image, Mode, Record, Source

_SWAPPED = (5, 6, 7, 8)  # orientations that stand on a side
_WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
_MOST_ALPHA = 4
Kind = tuple[int, str]
"""Channels and type."""


@dataclass(frozen=True, slots=True)
class Side:
    """What all pictures of one side of pairs are.

    Attributes:
        channels: of each.
        dtype: "uint8", "uint16" or "float32".
        mode: what they are decoded as.
        high: the number that is white: 255, 65535 or 1; of masks the greatest number in any of them.
    """

    channels: int
    dtype: str
    mode: Mode
    high: float


@dataclass(frozen=True, slots=True)
class Half:
    """One picture of a pair where it lies: encoded, decoded, or a file's path."""

    path: str
    index: int
    data: bytes | Image | str


@dataclass
class Look:
    """What is seen of one side's pictures, one after the other.

    Args:
        masks: whether they are masks, whose numbers are looked at.
    """

    masks: bool = False
    high: float = 0.0
    _kinds: dict[Kind, list[tuple[str, int]]] = field(default_factory=dict)
    _known: dict[tuple[str, int, int], Kind] = field(default_factory=dict)

    def size(self, half: Half) -> tuple[int, int]:
        """Width and height of a picture as it is looked at; raises DecodeError where its header cannot be read."""
        width, height, kind = self._mask(half) if self.masks else self._picture(half)
        self._kinds.setdefault(kind, []).append((half.path, half.index))
        return width, height

    def side(self, mode: Mode | None = None) -> tuple[Side, list[Finding]]:
        """What all of them are, and those that are not, or that no transform takes.

        Args:
            mode: what they shall be decoded as; None where that is open.
        """
        kinds = list(self._kinds)
        if self.masks and mode in CHANNELS:
            raise ValueError(f'masks have numbers and no colours: their mode must be None or "unchanged", not {mode!r}')
        if len(kinds) > 1 and mode is None and not self.masks and _all_plain(kinds):
            mode = "RGBA" if any(channels in (2, _MOST_ALPHA) for channels, _ in kinds) else "RGB"
        if mode in CHANNELS:
            return Side(CHANNELS[mode], "uint8", mode, _WHITE["uint8"]), []
        most = max(kinds, key=lambda kind: len(self._kinds[kind]), default=(1, "uint8"))
        side = Side(*most, "unchanged", max(self.high, 1.0) if self.masks else _WHITE.get(most[1], 1.0))
        return side, [*self._odd_ones(most)]

    def _odd_ones(self, most: Kind) -> Iterator[Finding]:
        way = "make them alike" if self.masks else 'make them alike, or say modes= ("RGB" or "L" reads all as 8 bits)'
        for kind, places in self._kinds.items():
            for path, index in places:
                if kind[1] not in _WHITE:
                    cause = f"numbers of {kind[1]}, and pairs are of uint8, uint16 or float32"
                    yield Finding(path, index, "unsupported numbers", cause)
                elif self.masks and (kind[0] > 1 or kind[1] == "float32"):
                    cause = f"a mask of {_words(kind)}, and it must have one whole number a pixel: use pair= for others"
                    yield Finding(path, index, "no mask", cause)
                elif kind != most:
                    yield Finding(path, index, "differing channels", f"{_words(kind)}, most have {_words(most)}: {way}")

    def _picture(self, half: Half) -> tuple[int, int, Kind]:
        data = half.data
        if isinstance(data, np.ndarray):
            return data.shape[1], data.shape[0], (data.shape[2], _usual(data.dtype))
        header = probe(data)
        about = header.format, header.channels, header.bits
        if about not in self._known:
            self._known[about] = _kind_of(data, header)
        return *_upright(header), self._known[about]

    def _mask(self, half: Half) -> tuple[int, int, Kind]:
        data = half.data
        if isinstance(data, str):
            with open(data, "rb") as stream:
                data = stream.read()
        mask = decode_mask(data) if isinstance(data, bytes) else data
        dtype = _usual(mask.dtype)
        self.high = max(self.high, float(mask.max()))
        return mask.shape[1], mask.shape[0], (mask.shape[2], dtype)


def _all_plain(kinds: Iterable[Kind]) -> bool:
    """Whether all of them are greys and colours of 8 bits, which one mode can hold."""
    return all(channels <= _MOST_ALPHA and dtype == "uint8" for channels, dtype in kinds)


def _kind_of(data: bytes | str, header: Header) -> Kind:
    """By the first of its format, channels and bits: whether numbers are floats the header does not tell."""
    try:
        image = decode(data, "unchanged")
    except DecodeError:  # it is told when it is due; until then what its header says
        return header.channels, "uint8" if header.bits <= 8 else "uint16" if header.bits <= 16 else "float32"
    return image.shape[2], _usual(image.dtype)


def _usual(dtype: np.dtype[Any]) -> str:
    return "float32" if dtype.kind == "f" else "uint8" if dtype == np.bool_ else dtype.name


def _upright(header: Header) -> tuple[int, int]:
    size = header.width, header.height
    return size[::-1] if header.orientation in _SWAPPED else size


def matched_halves(a: Source, b: Source, match: Match) -> Iterator[tuple[Half | Finding, Half | Finding]]:
    """The pictures of two sources that belong together, by the index of each in its own source."""
    for first, second in zip(match.a.tolist(), match.b.tolist(), strict=True):
        yield _half(a, first), _half(b, second)


def recorded_halves(
    source: Source, name: str, places: Iterable[int]
) -> Iterator[tuple[Half | Finding, Half | Finding]]:
    """The pictures of the samples at some places of a source, which have a "partner" or a "mask"."""
    for index in places:
        try:
            record = source[index]
        except DecodeError as error:
            broken = Finding(error.path or source.path(index), index, error.kind, error.cause)
            yield broken, broken
            continue
        other = record.partner if name == "partner" else record.mask
        path = other_path(record, name)
        missing = Finding(record.path, index, "missing partner", f"this sample has no {name}")
        yield Half(record.path, index, record.data), missing if other is None else Half(path, index, other)


def other_path(record: Record, name: str) -> str:
    """Where the "partner" or "mask" of a record lies."""
    return str(record.extra.get(f"{name}_path", f"{record.path} (its {name})"))


def compared(halves: Iterable[tuple[Half | Finding, Half | Finding]], count: int, a: Look, b: Look) -> list[Finding]:
    """The pairs whose halves are not of one size, and the halves whose size cannot be read."""
    findings: list[Finding] = []
    for pair in tqdm(halves, "comparing sizes", count, unit=" pairs", disable=None, delay=1):
        (first, one), (second, other) = (_size(half, look) for half, look in zip(pair, (a, b), strict=True))
        broken = [found for found in (one, other) if isinstance(found, Finding)]
        if broken:
            findings += broken[:1] if pair[0] is pair[1] else broken
        elif one != other:
            cause = f"{_by(one)} pixels, and {second.path} has {_by(other)}"
            findings.append(Finding(first.path, first.index, "differing sizes", cause))
    return findings


def measured_halves(source: Source, look: Look, even: bool, places: Sequence[int]) -> list[Finding]:
    """The pictures at some places whose header cannot be read or, where ``even``, that cannot be cut in two."""
    findings: list[Finding] = []
    looked_at = places[:1] if source.spec.fixed else places  # of an array one picture is as all
    for index in tqdm(looked_at, "measuring", unit=" images", disable=None, delay=1):
        half, size = _size(_half(source, index), look)
        if isinstance(size, Finding):
            findings.append(size)
        elif even and size[0] % 2:
            cause = f"{_by(size)} pixels cannot be cut into two halves of one width"
            findings.append(Finding(half.path, index, "odd width", cause))
    return findings


def _half(source: Source, index: int) -> Half | Finding:
    inner = source.source if isinstance(source, SideBySide) else source
    if isinstance(inner, FolderSource):  # of a file the header alone is read
        return Half(source.path(index), index, source.path(index))
    try:
        return Half(source.path(index), index, source[index].data)
    except DecodeError as error:
        return Finding(error.path or source.path(index), index, error.kind, error.cause)


def _size(half: Half | Finding, look: Look) -> tuple[Half | Finding, tuple[int, int] | Finding]:
    if isinstance(half, Finding):
        return half, half
    try:
        return half, look.size(half)
    except DecodeError as error:
        return half, Finding(half.path, half.index, error.kind, error.cause)
    except OSError as error:
        return half, Finding(half.path, half.index, "unreadable", error.strerror or str(error))


def _by(size: Any) -> str:
    return f"{size[0]}x{size[1]}"


def _words(kind: Kind) -> str:
    return f"{kind[0]} {'channel' if kind[0] == 1 else 'channels'} of {kind[1]}"
