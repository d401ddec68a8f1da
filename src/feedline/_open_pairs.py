"""A folder, a store or whatever else holds pairs, to a dataset of pairs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Literal

from feedline._open import open as open_images
from feedline._pair_folders import Layout, canonical, pair_layout, split_folders, splits_among
from feedline.pairing import Colours, Direction, How, Looks, require_alike, without_wrong
from feedline.pairs import PairDataset
from feedline.sides import Side
from feedline.sources import FolderSource, PairedSource, SideBySide
from feedline.sources.huggingface import is_huggingface
from feedline.sources.paired import As
from feedline.sources.url_reader import is_url
from feedline.store import StoreSource, is_store
from feedline.store.manifest import WHOLE
from feedline.types import Mode, Source

Missing = Literal["raise", "skip"]
_Found = tuple[Source, tuple[Side, Side] | None]
"""A source of pairs, and what their sides are, where they were looked at."""


def open_pairs(
    data: Any,
    transform: Callable[[Any], Any] | None = None,
    *,
    pair: Any = None,
    mask: Any = None,
    derive: str | None = None,
    direction: Direction = "AtoB",
    colours: Colours = "input",
    modes: tuple[Mode | None, Mode | None] = (None, None),
    split: str | None = None,
    missing: Missing = "raise",
    like: PairDataset | None = None,
) -> PairDataset:
    """The pairs of ``data`` as a map-style dataset of (input, target); every header is looked at first.

    | what ``data`` is | A and B |
    | --- | --- |
    | a folder with A/ and B/ (input/ and target/), each with or without train/, val/, test/ | equal names in both |
    | a folder with images/ and masks/, likewise | image and mask |
    | a folder with train/A/ and train/B/, or with trainA/ and trainB/ | equal names in both |
    | a folder of images, or of train/, val/, test/ of images | the left and the right half of each |
    | a store, or any source, whose samples have a partner or a mask | the image, and that |
    | with ``pair`` or ``mask``: all that :func:`feedline.open` opens | the image, and that of the same name there |
    | with ``derive``: all that :func:`feedline.open` opens | what is made from the image, and the image |

    Args:
        data: see above.
        transform: what shall happen to both pictures: see :class:`feedline.PairDataset`.
        pair: where the partners are, by equal names.
        mask: where the masks are, by equal names.
        derive: "edges", "outlines", "gray" or "downscaleN" (downscale4 ...): what A is made as.
        direction: "AtoB" makes A the input, "BtoA" makes B it.
        colours: which of "input", "target" or "both" gets changes of colours.
        modes: what input and target are decoded as; None where their files say so.
        split: "train", "val" or "test", where there are such.
        missing: "raise" where something is wrong with a pair, or "skip" it: one warning counts what is wrong by kind,
            and ``pairs.source.findings`` has all of it.
        like: pairs whose sides these must have too: those that a network was trained on.

    Raises:
        DataError: nothing is there, or in no layout that is known, or no pair is left; or partners missing, doubled
            names, sizes or channels that differ, headers that cannot be read, odd widths: the first 20 in the text,
            all in ``problems``.
        TransformError: a transform that pairs cannot go through.
        TypeError: ``data``, ``pair`` or ``mask`` is nothing that :func:`feedline.open` opens.
        ValueError: an unknown ``direction``, ``derive``, ``colours``, ``modes`` or ``missing``, or two of ``pair``,
            ``mask`` and ``derive``.
    """
    if sum(way is not None for way in (pair, mask, derive)) > 1:
        raise ValueError("pairs come of one of pair, mask and derive, and more were given")
    if missing not in ("raise", "skip"):
        raise ValueError(f'missing must be "raise" or "skip", not {missing!r}')
    if like is not None and modes == (None, None):
        modes = like.input.mode, like.target.mode
    _require_openable(data, pair, mask)
    how = How(derive, direction, colours, modes)
    other = mask if pair is None else pair
    as_: As = "mask" if pair is None else "partner"
    if other is not None:
        source, sides = _two(_source(data, split), _source(other, _split_of(other, split)), as_, how, missing)
    elif derive is not None:
        source, sides = _checked(_source(data, split), how, missing)
    else:
        source, sides = _paired(data, split, how, missing)
    made = PairDataset(source, transform, derive=derive, direction=direction, colours=colours, modes=modes, sides=sides)
    return made if like is None else _alike(made, like)


def pair_splits(data: Any, *, pair: Any = None, mask: Any = None, derive: str | None = None) -> list[str]:
    """Those of "train", "val" and "test" that ``open_pairs`` finds in the data; empty where it has no splits.

    Raises:
        DataError: a folder in which pairs lie in no way that is known.
    """
    if not isinstance(data, str | os.PathLike):
        return []
    path = os.fspath(data)
    if _is_store(path):
        return list(splits_among(StoreSource(path, WHOLE).splits))
    if not os.path.isdir(path):
        return []
    if pair is None and mask is None and derive is None:
        return [split for split in pair_layout(path).parts if split]
    return list(split_folders(path))


def _require_openable(data: Any, pair: Any, mask: Any) -> None:
    """Raises TypeError where one of them is neither a place nor what is open."""
    for name, given in (("data", data), ("pair", pair), ("mask", mask)):
        left_out = given is None and name != "data"
        if not (
            left_out or isinstance(given, str | bytes | os.PathLike | list | tuple | Source) or is_huggingface(given)
        ):
            raise TypeError(
                f"open_pairs needs a path, a URL, a source or a dataset of Hugging Face as {name}, not "
                f"{'None' if given is None else f'one of {type(given).__name__}'}"
            )


def _is_store(path: str) -> bool:
    return path.rstrip("/").endswith(".feed") if is_url(path) else is_store(path)


def _paired(data: Any, split: str | None, how: How, missing: Missing) -> _Found:
    """What are pairs as they lie there."""
    folder = isinstance(data, str | bytes | os.PathLike) and os.path.isdir(data)
    if not folder or is_store(data):
        return _checked(_source(data, split), how, missing)
    root = os.path.abspath(data)
    layout = pair_layout(root)
    return _laid_out(layout, layout.chosen(split, root), how, missing)


def _laid_out(layout: Layout, folders: tuple[str, ...], how: How, missing: Missing) -> _Found:
    if layout.kind != "side by side":
        a, b = (FolderSource(folder, labels=False) for folder in folders)
        return _two(a, b, layout.kind, how, missing)
    images = FolderSource(folders[0], labels=False)
    if missing == "skip":
        return _checked(SideBySide(images), how, missing)
    looks = Looks(how, "side by side")
    return SideBySide(images, also=looks.whole), looks.sides


def _checked(source: Source, how: How, missing: Missing) -> _Found:
    """A source whose samples are pairs or become pairs: those that are, or all, to be looked at by the dataset."""
    return (source, None) if missing == "raise" else without_wrong(source, how)


def _two(a: Source, b: Source, as_: As, how: How, missing: Missing) -> _Found:
    looks = Looks(how, as_)
    return PairedSource(a, b, as_, missing=missing, also=looks.matched), looks.sides


def _source(data: Any, split: str | None) -> Source:
    """What ``feedline.open`` makes of it; arrays need no labels to be pairs."""
    if split is None and isinstance(data, str | os.PathLike) and _is_array(os.fspath(data)):
        return open_images(data, labels=False).source
    if split is None or isinstance(data, Source):
        return open_images(data).source
    if isinstance(data, str | os.PathLike) and _is_store(os.fspath(data)):
        names = StoreSource(data, WHOLE).splits
        known = split if split in names else splits_among(names).get(canonical(split) or split, split)
        return open_images(data, split=known).source
    return open_images(data, split=split).source


def _is_array(path: str) -> bool:
    return path.lower().endswith((".npz", ".npy")) and not is_url(path) and not os.path.isdir(path)


def _split_of(other: Any, split: str | None) -> str | None:
    """The split, where what the partners are in has splits too."""
    return split if split is not None and split in pair_splits(other, pair=other) else None


def _alike(made: PairDataset, like: PairDataset) -> PairDataset:
    """The pairs with the sides of others."""
    require_alike((made.input, made.target), (like.input, like.target), made.source)
    how = made.how
    return PairDataset(
        made.source,
        made.transform,
        derive=how.derive,
        direction=how.direction,
        colours=how.colours,
        modes=how.modes,
        sides=(like.input, like.target),
    )
