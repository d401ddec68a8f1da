"""Where the images of a YOLO set lie, and what its classes are called."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from feedline.errors import DataError
from feedline.sources.files import inside, is_foreign
from feedline.sources.scan import SUFFIXES

_SPLITS = ("train", "val", "test")
_LARGEST = 2**24


@dataclass(frozen=True, slots=True)
class YoloLayout:
    """What was found.

    Attributes:
        root: the folder that the images' paths are relative to.
        places: the folders and lists that were looked at, relative to it.
        images: the images' paths, in order.
        classes: their names; None where nothing says them.
        keypoints: how many an object has, and how many numbers each, 2 or 3; None where there are none.
    """

    root: str
    places: list[str]
    images: list[str]
    classes: list[str] | None
    keypoints: tuple[int, int] | None


def find_layout(path: str, split: str | None, allow_outside: bool) -> YoloLayout:
    """The layout of a data.yaml or a folder; raises DataError."""
    if os.path.isdir(path):
        names = [name for name in ("data.yaml", "data.yml", "dataset.yaml") if os.path.isfile(os.path.join(path, name))]
        if not names:
            return _of_folder(path, split)
        path = os.path.join(path, names[0])
    if not os.path.isfile(path):
        raise DataError(f"no such file or folder: {path}")
    return _of_yaml(path, _loaded(path), split, allow_outside)


def _of_folder(root: str, split: str | None) -> YoloLayout:
    places = [os.path.join("images", split), os.path.join(split, "images")] if split else ["images"]
    place = next((place for place in places if os.path.isdir(os.path.join(root, place))), None)
    if place is None:
        raise DataError(f"no YOLO set in {root}: expected data.yaml, or a folder {' or '.join(places)} beside labels")
    below = [name for name in _SPLITS if os.path.isdir(os.path.join(root, place, name))]
    if split is None and len(below) > 1:
        raise DataError(f"{root} holds the splits {', '.join(below)}: say which, as split={below[0]!r}")
    return YoloLayout(root, [place], _images(root, place), _listed_classes(root), None)


def _of_yaml(file: str, content: dict[str, Any], split: str | None, allow_outside: bool) -> YoloLayout:
    folder = os.path.dirname(file)
    given_root = str(content.get("path") or ".")
    root = os.path.normpath(os.path.join(folder, given_root))
    if not os.path.isdir(root):  # what was its place on the machine of whoever wrote it
        root = folder
    elif not allow_outside:
        root = os.path.join(folder, inside(folder, given_root, f"path in {file}"))
    root = os.path.normpath(root)
    given = [name for name in _SPLITS if content.get(name)]
    split = given[0] if split is None and len(given) == 1 else split
    if split not in given:
        raise DataError(f"{file} has the splits {', '.join(given) or '(none)'}: say which, as split=..., not {split!r}")
    entries = content[split] if isinstance(content[split], list) else [content[split]]
    places = [_place(root, str(entry), file, allow_outside) for entry in entries]
    images = [image for place in places for image in _images(root, place, allow_outside)]
    classes = _names(content.get("names"), file) or _listed_classes(root)
    return YoloLayout(root, places, list(dict.fromkeys(images)), classes, _keypoints(content.get("kpt_shape"), file))


def _loaded(file: str) -> dict[str, Any]:
    """The file's words as they stand there: no class called ``no`` becomes False."""
    try:
        with open(file, "rb") as stream:
            content = yaml.load(stream.read(_LARGEST), Loader=yaml.BaseLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"cannot read {file}: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{file} must hold names with values, such as train: and names:, not {type(content).__name__}")
    return content


def _place(root: str, entry: str, file: str, allow_outside: bool) -> str:
    """The entry relative to the root; one that says ../train and means ./train, as an exporter writes it, too."""
    meant = entry.replace("\\", "/")
    while meant.startswith("../"):
        meant = meant[3:]
        if os.path.exists(os.path.join(root, meant)) and not os.path.exists(os.path.join(root, entry)):
            entry = meant
    place = inside(root, entry, f"an entry in {file}", allow_outside)
    if not os.path.exists(os.path.join(root, place)):
        raise DataError(f"{file} names {entry!r}, and there is no {os.path.join(root, place)}")
    return place


def _images(root: str, place: str, allow_outside: bool = False) -> list[str]:
    """The images below a folder in the order of their paths, or those of a list in its order; relative to the root."""
    path = os.path.join(root, place)
    if os.path.isdir(path):
        found = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
        images = sorted(os.path.relpath(name, root) for name in found if _is_image(name))
        return [os.path.join(root, image) if image.startswith("..") else image for image in images]
    try:
        with open(path, encoding="utf-8-sig") as stream:
            lines = stream.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the list {path}: {error}") from error
    return list(_of_list(root, path, lines, allow_outside))


def _of_list(root: str, path: str, lines: list[str], allow_outside: bool) -> Iterable[str]:
    """Relative paths begin at the list's folder, and in older lists at the root."""
    folder = os.path.dirname(path)
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if name:
            beside = os.path.join(folder, name.replace("\\", "/"))
            start = folder if name.startswith(("./", ".\\")) or os.path.exists(beside) else root
            full = name if os.path.isabs(name) or is_foreign(name) else os.path.join(start, name)
            yield inside(root, full, f"{path}, line {number}", allow_outside)


def _is_image(path: str) -> bool:
    stem, suffix = os.path.splitext(os.path.basename(path))
    return suffix.lower() in SUFFIXES and not stem.startswith(".")


def _names(names: Any, file: str) -> list[str]:
    if isinstance(names, dict):
        try:
            numbered = {int(number): str(name) for number, name in names.items()}
        except ValueError as error:
            raise DataError(f"names in {file} must be a list, or numbers with names: {error}") from error
        most = max(numbered, default=-1)
        if min(numbered, default=0) < 0 or most >= 2**16:
            raise DataError(f"names in {file} must be numbered from 0, not up to {most}")
        return _distinct([numbered.get(number, str(number)) for number in range(most + 1)])
    return _distinct([str(name) for name in names]) if isinstance(names, list) else []


def _distinct(names: list[str]) -> list[str]:
    """The names; one that was there before is followed by its number."""
    return [name if name not in names[:place] else f"{name} ({place})" for place, name in enumerate(names)]


def _keypoints(shape: Any, file: str) -> tuple[int, int] | None:
    if not shape:
        return None
    try:
        count, numbers = (int(value) for value in shape)
    except (TypeError, ValueError) as error:
        raise DataError(f"kpt_shape in {file} must be two numbers, not {shape!r}") from error
    if numbers not in (2, 3) or not 0 < count < 10_000:
        raise DataError(f"kpt_shape in {file} must be [count, 2 or 3], not {shape!r}")
    return count, numbers


def _listed_classes(root: str) -> list[str] | None:
    """The lines of classes.txt, as labelling programs write it."""
    for name in ("classes.txt", os.path.join("labels", "classes.txt")):
        path = os.path.join(root, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8-sig", errors="replace") as stream:
                return _distinct([line.strip() for line in stream.read().splitlines() if line.strip()])
    return None
