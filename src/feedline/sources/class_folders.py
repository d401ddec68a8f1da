"""What class folders and splits are, wherever they lie; and the arrays that their index is kept in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.path_table import Packer
from feedline.sources.scan import SUFFIXES
from feedline.types import UNLABELLED

SPLITS = (
    frozenset({"train", "training"}),
    frozenset({"val", "valid", "validation"}),
    frozenset({"test", "testing"}),
)
Listing = Iterable[tuple[str, list[str]]]
"""(path from the root, names of the images in it) of folders in their order; the path has no slash at its end."""


def class_arrays(root: str, images: list[str], listings: Iterable[tuple[str, Listing]]) -> dict[str, NDArray[Any]]:
    """Paths, labels by folder and by file, and classes, as arrays.

    Args:
        root: for messages.
        images: the names directly in the root, which count where there is no class.
        listings: class and folders of each class, in the order of the classes.

    Raises:
        DataError: no image, or a class without one.
    """
    packer, classes, labels, counts = Packer(), list[str](), list[int](), list[int]()
    for name, listing in listings:
        for folder, names in listing:
            packer.add(folder + "/", names)
            labels.append(len(classes))
            counts.append(len(names))
        classes.append(name)
    if not classes:
        packer.add("", images)
        labels, counts = [UNLABELLED], [len(images)]
    _check_classes(root, classes, labels)
    return {
        **packer.arrays(),
        "labels": np.array(labels, np.int64),
        "targets": np.repeat(np.array(labels, np.int64), counts),
        "classes": pack_names(classes, "/"),
    }


def tree_arrays(root: str, listing: Listing) -> dict[str, NDArray[Any]]:
    """As :func:`class_arrays`, of folders that are no classes.

    Raises:
        DataError: no image.
    """
    packer, counts = Packer(), list[int]()
    for folder, names in listing:
        packer.add(folder + "/" if folder else "", names)
        counts.append(len(names))
    if not counts:
        raise DataError(f"no image file in {root} or below it")
    return {
        **packer.arrays(),
        "labels": np.full(len(counts), UNLABELLED, np.int64),
        "targets": np.full(sum(counts), UNLABELLED, np.int64),
        "classes": pack_names([], "/"),
    }


def check_top(root: str, images: Sequence[str], classes: Sequence[str]) -> None:
    """Whether the root holds classes or images, and no splits; raises DataError."""
    if not classes and not images:
        raise DataError(
            f"no class folder in {root}, and no image directly in it: "
            f"expected ROOT/CLASS/IMAGE, or ROOT/IMAGE for images without classes, {_endings()}"
        )
    if holds_splits(classes):
        splits = [name for name in classes if any(name.lower() in names for names in SPLITS)]
        raise DataError(
            f"{root} holds splits ({', '.join(splits)}) and not classes: open one of them, "
            f"such as {root.rstrip('/')}/{splits[0]}, or by split={splits[0]!r}"
        )


def holds_splits(names: Iterable[str]) -> bool:
    """Whether two of the names are those of different splits, whatever else lies beside them."""
    lower = {name.lower() for name in names}
    return sum(not lower.isdisjoint(split) for split in SPLITS) > 1


def choose_split(root: str, split: str, there: Sequence[str]) -> str:
    """The folder of the split, by the name given, else by another name of the same split in any case."""
    names = next((names for names in SPLITS if split.lower() in names), frozenset({split.lower()}))
    found = [split] if split in there else [name for name in there if name.lower() in names]
    if len(found) != 1:
        what = f"no split {split!r}" if not found else f"more than one split {split!r} ({', '.join(found)})"
        raise DataError(f"{what} in {root}: say one of the folders in it: {', '.join(there) or 'there are none'}")
    return found[0]


def pack_names(names: Iterable[str], separator: str) -> NDArray[np.uint8]:
    return np.frombuffer(separator.join(names).encode("utf-8", "surrogateescape"), np.uint8)


def unpack_names(packed: NDArray[np.uint8], separator: str) -> list[str]:
    text = packed.tobytes().decode("utf-8", "surrogateescape")
    return text.split(separator) if text else []


def _check_classes(root: str, classes: list[str], labels: list[int]) -> None:
    """Whether every class has an image; ``labels`` are those of the folders with images."""
    if not labels:
        raise DataError(f"no image file in {root} or below it: expected ROOT/CLASS/IMAGE, {_endings()}")
    empty = sorted(set(range(len(classes))).difference(labels))
    if empty:
        raise DataError(
            f"class folder {root.rstrip('/')}/{classes[empty[0]]} holds no image file: "
            f"fill it or remove it ({_endings()})"
        )


def _endings() -> str:
    return "file names that end in " + ", ".join(sorted(SUFFIXES))
