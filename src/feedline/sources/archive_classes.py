"""The classes and the order of an archive's images."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.class_folders import holds_splits
from feedline.types import UNLABELLED

_NUMBER = re.compile(r"[+-]?[0-9]{1,6}")
Named = tuple[str, int, str | None]
"""An image: its name in the archive, the number of its shard, and what a file beside it says of its class."""


def assign(images: Sequence[Named], folder: str, notes: list[str]) -> tuple[list[int], NDArray[np.int64], list[str]]:
    """The order of the images by name, and in that order their labels; and the classes.

    What files beside the images say comes first; where they say nothing, the first folder below the one that holds
    all images is the class; where there is no such folder, there are no classes.

    Raises:
        DataError: the folders are splits.
    """
    if any(said for _, _, said in images):
        order = sorted(range(len(images)), key=lambda place: _key("", *images[place][:2]))
        labels, classes = _said([images[place][2] for place in order], notes)
        return order, labels, classes
    names = [name.removeprefix(f"{folder}/") if folder else name for name, _, _ in images]
    groups = _groups(names, strip=not folder)
    classes = sorted({group for group in groups if group is not None})
    _check_splits(classes)
    kept = [place for place, group in enumerate(groups) if group is not None or not classes]
    if len(kept) < len(images):
        notes.append(f"{len(images) - len(kept)} images lie beside the class folders, in no class: left out")
    order = sorted(kept, key=lambda place: _key(groups[place] or "", *images[place][:2]))
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.array([numbers.get(groups[place] or "", UNLABELLED) for place in order], np.int64)
    return order, labels, classes


def _key(group: str, name: str, shard: int) -> tuple[str, str, str, int]:
    folder, _, file = name.rpartition("/")
    return group, folder, file, shard


def _groups(names: list[str], strip: bool) -> list[str | None]:
    """The class folder of each name; with ``strip`` below the folder that all lie in."""
    folders = [[part for part in name.split("/")[:-1] if part != ".."] for name in names]
    common = _common(folders) if strip else 0
    return [parts[common] if len(parts) > common else None for parts in folders]


def _common(folders: list[list[str]]) -> int:
    """How many folders all have in common, from the root."""
    first, last = min(folders), max(folders)
    pairs = enumerate(zip(first, last, strict=False))
    return next((depth for depth, (one, other) in pairs if one != other), min(len(first), len(last)))


def _check_splits(classes: list[str]) -> None:
    if holds_splits(classes):
        raise DataError(
            f"the archive holds splits ({', '.join(classes)}) and not classes: open one of them, "
            f"such as with folder={classes[0]!r} (the whole way to it from the archive's root)"
        )


def _said(said: list[str | None], notes: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Labels and classes from numbers, or from names where one of them is no number."""
    missing = sum(text is None for text in said)
    if missing:
        notes.append(f"{missing} of {len(said)} images have no class beside them: they are unlabelled")
    known = {text for text in said if text is not None}
    if all(_NUMBER.fullmatch(text) for text in known):
        values = [UNLABELLED if text is None else max(int(text), UNLABELLED) for text in said]
        return np.array(values, np.int64), [str(number) for number in range(max(values) + 1)]
    classes = sorted(known)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = [UNLABELLED if text is None else numbers[text] for text in said]
    return np.array(labels, np.int64), classes
