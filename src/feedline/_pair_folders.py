"""How pairs lie in a folder: two folders, their splits, or files that hold two pictures side by side."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from feedline.errors import DataError
from feedline.sources.class_folders import SPLITS
from feedline.sources.scan import is_image

Kind = Literal["partner", "mask", "side by side"]
_NAMES: tuple[tuple[str, str, Kind], ...] = (
    ("a", "b", "partner"),
    ("input", "target", "partner"),
    ("inputs", "targets", "partner"),
    ("images", "masks", "mask"),
    ("image", "mask", "mask"),
)
"""What folders of A and of B are called, in any case."""
_ORDER = ("train", "val", "test")
_SHOWN = 6
EXPECTED = (
    "expected A/ and B/ (or input/ and target/, images/ and masks/), with or without train/, val/ and test/ in or "
    "above them, trainA/ and trainB/, or images that hold A|B side by side"
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where pairs lie.

    Attributes:
        kind: what B is to A.
        parts: the folders of each split, A before B; one folder of images side by side. Without splits that of "".
    """

    kind: Kind
    parts: Mapping[str, tuple[str, ...]]

    def chosen(self, split: str | None, root: str) -> tuple[str, ...]:
        """The folders of a split; raises DataError where there is no such one, or several and none is named."""
        names = ", ".join(self.parts)
        if split is None and "" in self.parts:
            return self.parts[""]
        if split is None:
            first = next(iter(self.parts))
            raise DataError(f'{root} has the splits {names}: say which one with split="{first}"')
        found = self.parts.get(canonical(split) or split)
        if found is None:
            there = "it has none" if "" in self.parts else f"its splits are {names}"
            raise DataError(f"{root} has no split {split!r}: {there}")
        return found


def canonical(name: str) -> str | None:
    """Of one of a split's usual names: "train", "val" or "test"; None for another name."""
    return next((split for split, names in zip(_ORDER, SPLITS, strict=True) if name.lower() in names), None)


def splits_among(names: Sequence[str]) -> dict[str, str]:
    """Which of the names is that of which split, in the order train, val, test; of two for one split the first."""
    found: dict[str, str] = {}
    for name in sorted(names):
        split = canonical(name)
        if split is not None:
            found.setdefault(split, name)
    return {split: found[split] for split in _ORDER if split in found}


def split_folders(root: str) -> dict[str, str]:
    """Which folder is that of which split; of a single one among others, which may be classes, only train counts."""
    folders = _inside(root)[0]
    found = splits_among(folders)
    return found if "train" in found or len(found) > 1 or len(found) == len(folders) else {}


def pair_layout(root: str) -> Layout:
    """How pairs lie in a folder.

    Raises:
        DataError: in no way that is known; says what was expected and what was found.
    """
    folders, images = _inside(root)
    found = _two_folders(root, folders) or _named_by_split(root, folders) or _parts_in_splits(root, folders)
    if found is None and images and not folders:
        found = Layout("side by side", {"": (root,)})
    if found is None:
        raise DataError(f"{EXPECTED} in {root}, found {_counted(folders, images)}")
    return found


def _two_folders(root: str, folders: Sequence[str]) -> Layout | None:
    """ROOT/A and ROOT/B, with splits in them or not."""
    names = _ab(root, folders)
    if names is None:
        return None
    a, b, kind = os.path.join(root, names[0]), os.path.join(root, names[1]), names[2]
    there = [split_folders(folder) for folder in (a, b)]
    if not there[0] and not there[1]:
        return Layout(kind, {"": (a, b)})
    if set(there[0]) != set(there[1]):
        raise DataError(
            f"expected the same splits in {a} and {b}, found {', '.join(there[0]) or 'none'} in the first and "
            f"{', '.join(there[1]) or 'none'} in the second"
        )
    both = {split: (os.path.join(a, one), os.path.join(b, there[1][split])) for split, one in there[0].items()}
    return Layout(kind, both)


def _parts_in_splits(root: str, folders: Sequence[str]) -> Layout | None:
    """ROOT/SPLIT/A and ROOT/SPLIT/B, or ROOT/SPLIT of images side by side."""
    parts: dict[str, tuple[str, ...]] = {}
    kinds: dict[Kind, str] = {}
    others: list[str] = []
    for split, name in splits_among(folders).items():
        folder = os.path.join(root, name)
        inner, images = _inside(folder)
        names = _ab(folder, inner)
        if names is not None:
            parts[split] = os.path.join(folder, names[0]), os.path.join(folder, names[1])
            kinds.setdefault(names[2], name)
        elif images and not inner:
            parts[split] = (folder,)
            kinds.setdefault("side by side", name)
        else:
            others.append(f"{_counted(inner, images)} in {name}/")
    if not parts and others and split_folders(root):
        raise DataError(f"{EXPECTED} in {root}, found {', '.join(others)}")
    if others and parts:
        like = next(iter(kinds.values()))
        raise DataError(f"expected pairs in every split in {root}, as in {like}/; found {', '.join(others)}")
    if len(kinds) > 1:
        found = ", ".join(f"{kind} in {name}/" for kind, name in kinds.items())
        raise DataError(f"expected pairs of one kind in every split in {root}, found {found}")
    return Layout(next(iter(kinds)), parts) if kinds else None


def _named_by_split(root: str, folders: Sequence[str]) -> Layout | None:
    """ROOT/trainA and ROOT/trainB."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(folders):
        match = re.fullmatch(r"(\w+?)[_-]?([AaBb])", name)
        split = canonical(match[1]) if match else None
        if match and split:
            found.setdefault(split, {})[match[2].lower()] = os.path.join(root, name)
    parts = {split: (found[split]["a"], found[split]["b"]) for split in _ORDER if len(found.get(split, {})) == 2}
    single = [os.path.basename(folder) for halves in found.values() if len(halves) == 1 for folder in halves.values()]
    if parts and single:
        raise DataError(
            f"expected both halves of every split in {root}, as trainA/ and trainB/; found {', '.join(single)} alone"
        )
    return Layout("partner", parts) if parts else None


def _ab(root: str, folders: Sequence[str]) -> tuple[str, str, Kind] | None:
    """The folders of A and B among those in the root, and what B is."""
    lower = {name.lower(): name for name in sorted(folders, reverse=True)}
    found = next(((lower[a], lower[b], kind) for a, b, kind in _NAMES if a in lower and b in lower), None)
    if found and found[0].lower() == "a":
        _require_alone(root, found[:2], folders)
    return found


def _require_alone(root: str, both: tuple[str, str], folders: Sequence[str]) -> None:
    """Raises DataError where A/ and B/ may be classes: other folders of images, which are no splits, lie beside."""
    beside = [name for name in folders if name not in both and canonical(name) is None]
    others = [name for name in beside if _holds_images(os.path.join(root, name))]
    if others:
        raise DataError(
            f"expected {both[0]}/ and {both[1]}/ alone in {root}, found images in {_some(others)} beside them: say "
            "which folders are pairs with pair=, or what to make of each image with derive="
        )


def _holds_images(folder: str) -> bool:
    return any(is_image(name) for _, _, names in os.walk(folder) for name in names)


def _inside(folder: str) -> tuple[list[str], int]:
    """The names of the folders in a folder, sorted, and how many images lie directly in it."""
    try:
        with os.scandir(folder) as entries:
            there = [(entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError(f"cannot list the folder {folder}: {error.strerror}") from error
    return sorted(name for name, is_folder in there if is_folder), sum(
        not is_folder and is_image(name) for name, is_folder in there
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _counted(folders: Sequence[str], images: int) -> str:
    what = (
        f"{len(folders)} {'folder' if len(folders) == 1 else 'folders'}: {_some(folders)}" if folders else "no folder"
    )
    return f"{what} and {images or 'no'} {'image' if images < 2 else 'images'}"
