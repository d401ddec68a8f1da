"""Whether data are what was expected, looked at without decoding an image."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from feedline.codecs import probe
from feedline.codecs.shape import upright_size
from feedline.errors import DataError, DecodeError
from feedline.sources import FolderSource
from feedline.subsets import AnyDataset, Subset
from feedline.types import Source

_PIECE = 64
_NAMED = 5

Shape = tuple[int, int, int]
"""Width and height of the upright image, and channels as stored."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that is not met.

    Attributes:
        rule: what was expected.
        found: what is there.
        where: the first sample of it, with its index, or empty.
    """

    rule: str
    found: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.rule}, and there {self.found}" + (f", the first at {self.where}" if self.where else "")


def expect(
    data: Source | AnyDataset,
    *,
    classes: int | Sequence[str] | None = None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    count: int | None = None,
    names: Sequence[str] | None = None,
) -> None:
    """Raises an error that tells of everything that is not as expected; what is None is not looked at.

    Sizes and channels are read from the headers of all images, by threads; an image whose header cannot be read is
    passed over: it is broken, which :func:`feedline.check` says.

    Args:
        data: a source or a dataset.
        classes: how many, or their names in any order.
        size: (width, height) of every image, upright, in pixels.
        channels: of every image as stored, alpha counted.
        count: of the samples.
        names: ends of paths, such as "A/a1.png", each of which some sample's must have.

    Raises:
        DataError: with a line for each difference; its ``problems`` are a :class:`Difference` each.
    """
    source, indices = (data.source, _indices(data)) if isinstance(data, AnyDataset) else (data, None)
    places = range(len(source)) if indices is None else indices
    found = list(_of_classes(list(source.classes), classes))
    if count is not None and count != len(places):
        found.append(Difference(f"there must be {count:,} samples", f"are {len(places):,}"))
    if names is not None:
        found += _of_names(source, places, names)
    if size is not None or channels is not None:
        found += _of_shapes(source, places, size, channels)
    if found:
        told = "".join(f"\n  {each}" for each in found)
        raise DataError(f"{source!r} is not what was expected:{told}", problems=found)


def _indices(dataset: AnyDataset) -> Sequence[int] | None:
    return dataset.indices.tolist() if isinstance(dataset, Subset) else None


def _of_classes(found: list[str], wanted: int | Sequence[str] | None) -> Iterator[Difference]:
    if isinstance(wanted, int):
        if len(found) != wanted:
            yield Difference(f"there must be {wanted} classes", f"are {len(found)}: {_some(found)}")
    elif wanted is not None:
        missing, more = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        if missing:
            yield Difference(f"classes must be {_some(list(wanted))}", f"is none called {_some(missing)}")
        if more:
            yield Difference(f"classes must be {_some(list(wanted))}", f"are more: {_some(more)}")


def _of_names(source: Source, places: Sequence[int], wanted: Sequence[str]) -> Iterator[Difference]:
    missing = set(wanted)
    depths = {name.count("/") + 1 for name in missing}
    for place in places:
        parts = source.path(place).replace(os.sep, "/").split("/")
        missing -= {"/".join(parts[-depth:]) for depth in depths}
    if missing:
        lost = [name for name in wanted if name in missing]
        yield Difference(f"{len(set(wanted)):,} names must be there", f"are {len(lost):,} missing: {_some(lost)}")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(repr(name) for name in names[:_NAMED]) + more


def _of_shapes(
    source: Source, places: Sequence[int], size: tuple[int, int] | None, channels: int | None
) -> Iterator[Difference]:
    """One difference for each other size, and for each other number of channels, the most common first."""
    sizes: dict[tuple[int, int], list[int]] = {}
    depths: dict[int, list[int]] = {}
    for place, shape in zip(places, _shapes(source, places), strict=True):
        if shape is not None:
            sizes.setdefault(shape[:2], []).append(place)
            depths.setdefault(shape[2], []).append(place)
    if size is not None:
        sizes.pop((int(size[0]), int(size[1])), None)
        for other, found in sorted(sizes.items(), key=lambda item: -len(item[1])):
            rule = f"images must be {size[0]} x {size[1]} pixels (width x height)"
            yield Difference(rule, f"are {len(found):,} of {other[0]} x {other[1]}", _where(source, found))
    if channels is not None:
        depths.pop(channels, None)
        for depth, found in sorted(depths.items(), key=lambda item: -len(item[1])):
            rule = f"images must have {channels} channels"
            yield Difference(rule, f"are {len(found):,} of {depth}", _where(source, found))


def _where(source: Source, places: Sequence[int]) -> str:
    return f"{source.path(places[0])} (index {places[0]})"


def _shapes(source: Source, places: Sequence[int]) -> Iterator[Shape | None]:
    """The shape of each image, None where its header cannot be read."""
    spec = source.spec
    if spec.height is not None and spec.width is not None and spec.channels is not None:
        yield from [(spec.width, spec.height, spec.channels)] * len(places)
        return
    pieces = [places[start : start + _PIECE] for start in range(0, len(places), _PIECE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for shapes in pool.map(lambda piece: [_shape(source, place) for place in piece], pieces):
            yield from shapes


def _shape(source: Source, place: int) -> Shape | None:
    try:
        # of files the headers alone are read
        data: Any = source.path(place) if isinstance(source, FolderSource) else source[place].data
        if isinstance(data, np.ndarray):
            return data.shape[1], data.shape[0], data.shape[2]
        header = probe(data)
    except DecodeError:
        return None
    height, width = upright_size(header)
    return width, height, header.channels
