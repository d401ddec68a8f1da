"""Mean and spread of the levels of a dataset's images, measured once and remembered."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from feedline.errors import DataError
from feedline.records import image_of
from feedline.sources.saved import saved, state_of
from feedline.transforms import Compose, Normalize
from feedline.transforms.pointwise import top
from feedline.types import Image, Mode, Source

_AHEAD = 256
_GLANCES = 8
"""Samples that are looked at to know data again, besides the state of their files."""
_PLACE = re.compile(r"\[[^\]]*\]$")


class Measured(NamedTuple):
    """Mean and standard deviation of each channel, where white is 1: what Normalize takes."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class _Sums(NamedTuple):
    """Of each channel: how many pixels, their sum, and that of their squares; exact."""

    pixels: int
    totals: tuple[Fraction, ...]
    squares: tuple[Fraction, ...]


def measured(source: Source, mode: Mode, indices: Sequence[int], progress: bool = True) -> Measured:
    """Over all pixels of these samples' images, as they are decoded; the same in whatever order they are added up.

    Kept in the user's cache until one of the files behind them changes; of images that lie in no file, not kept.

    Raises:
        DataError: there is no image, or they differ in their channels, or have numbers that are no levels.
        DecodeError: one cannot be read; names path and index.
    """
    if not len(indices):
        raise DataError("there is no image to measure")
    known = _place_and_state(source, mode, indices)
    if known is None:
        return _over_all(source, mode, indices, progress)
    found = saved(*known, lambda: _as_arrays(_over_all(source, mode, indices, progress)))
    return Measured(tuple(found["mean"].tolist()), tuple(found["std"].tolist()))


def with_numbers(transform: Callable[[Any], Any] | None, measure: Callable[[], Measured]) -> Any:
    """The transform, with each Normalize("dataset") in it replaced by one that has its numbers."""
    if isinstance(transform, Normalize) and not transform.measured:
        return Normalize(*measure())
    if isinstance(transform, Compose) and any(_open(step) for step in transform.transforms):
        numbers = Normalize(*measure())
        return Compose([numbers if _open(step) else step for step in transform.transforms])
    return transform


def _open(step: Any) -> bool:
    return isinstance(step, Normalize) and not step.measured


def _as_arrays(found: Measured) -> dict[str, np.ndarray[Any, Any]]:
    return {"mean": np.array(found.mean), "std": np.array(found.std)}


def _over_all(source: Source, mode: Mode, indices: Sequence[int], progress: bool) -> Measured:
    whole: _Sums | None = None
    with tqdm(total=len(indices), desc="measuring", unit=" images", disable=None if progress else True) as bar:
        for index, sums in zip(indices, _each(source, mode, indices), strict=True):
            if whole is not None and len(sums.totals) != len(whole.totals):
                raise DataError(
                    f"{source.path(index)} (index {index}) has {len(sums.totals)} channels, and images before it have "
                    f'{len(whole.totals)}: measure them in one mode, such as "RGB"'
                )
            whole = sums if whole is None else _added(whole, sums)
            bar.update()
    assert whole is not None
    means = [total / whole.pixels for total in whole.totals]
    spreads = [square / whole.pixels - mean**2 for square, mean in zip(whole.squares, means, strict=True)]
    return Measured(tuple(map(float, means)), tuple(float(spread) ** 0.5 for spread in spreads))


def _added(one: _Sums, other: _Sums) -> _Sums:
    totals = tuple(first + second for first, second in zip(one.totals, other.totals, strict=True))
    squares = tuple(first + second for first, second in zip(one.squares, other.squares, strict=True))
    return _Sums(one.pixels + other.pixels, totals, squares)


def _each(source: Source, mode: Mode, indices: Sequence[int]) -> Iterator[_Sums]:
    """In order, with a bounded number of them under way on all cores."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for start in range(0, len(indices), _AHEAD):
            yield from pool.map(lambda index: _of(source, mode, index), indices[start : start + _AHEAD])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _of(source: Source, mode: Mode, index: int) -> _Sums:
    image = image_of(source[index], mode, index)
    if image.dtype not in (np.uint8, np.uint16, np.float32):
        raise DataError(
            f"{source.path(index)} (index {index}) has {image.dtype} numbers, which have no white: see mode"
        )
    return _sums(image)


def _sums(image: Image) -> _Sums:
    white, floats = top(image.dtype), image.dtype.kind == "f"
    wide, kind = (np.float64, np.float64) if floats else (np.uint32, np.int64)
    channels = [np.ascontiguousarray(image[:, :, place], wide) for place in range(image.shape[2])]
    totals = [Fraction(channel.sum(dtype=kind).item()) / white for channel in channels]
    squares = [Fraction(np.square(channel).sum(dtype=kind).item()) / white**2 for channel in channels]
    return _Sums(image.shape[0] * image.shape[1], tuple(totals), tuple(squares))


def _place_and_state(source: Source, mode: Mode, indices: Sequence[int]) -> tuple[str, str] | None:
    """What is measured, and the state that it is in; None where that is not known."""
    names, states = hashlib.blake2b(digest_size=16), hashlib.blake2b(digest_size=16)
    files: dict[str, str] = {}
    try:
        for index in indices:
            path = source.path(index)
            names.update(path.encode("utf-8", "surrogateescape") + b"\0")
            file = path if source.has_files else _container(path, files)
            files[file] = files.get(file) or state_of(file)
    except (OSError, ValueError):
        return None
    for file, state in files.items():
        states.update(f"{file} {state}\0".encode("utf-8", "surrogateescape"))
    for index in indices[:: -(-len(indices) // _GLANCES)]:
        states.update(np.ascontiguousarray(image_of(source[index], mode, index)).data)
    return f"measured 1 {type(source).__name__} {mode} {names.hexdigest()}", states.hexdigest()


def _container(path: str, known: dict[str, str]) -> str:
    """The file that a sample's path leads into: "set.npz[3]", "set.h5:images[3]", "set.tar/cat/1.jpg".

    Raises:
        FileNotFoundError: it leads into none.
    """
    place = _PLACE.sub("", path)
    while place not in known and not os.path.isfile(place):
        shorter = max(os.path.dirname(place), place.rpartition(":")[0], key=len)
        if len(shorter) >= len(place) or not shorter:
            raise FileNotFoundError(path)
        place = shorter
    return place
