"""A COCO file to flat arrays, element by element."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.sources.annotated import annotated_arrays
from feedline.sources.files import inside
from feedline.sources.json_lists import each_element
from feedline.sources.objects import CROWD, ObjectBuilder, box_fault, check_boxes
from feedline.sources.problems import Finding
from feedline.sources.rle import check_counts

_ROUNDING = 0.02
"""In pixels: COCO's numbers have two decimals, and right is left + width."""
_FLAWS = (TypeError, ValueError, KeyError, OverflowError, AttributeError, DataError)


class CocoReader:
    """Reads one file once; ids of images and categories are numbered as they come, whatever the lists' order."""

    def __init__(self, file: str, root: str, allow_outside: bool) -> None:
        self._file, self._root, self._allow_outside = file, root, allow_outside
        self._image_ids: dict[Any, int] = {}
        self._category_ids: dict[Any, int] = {}
        self._images: dict[int, int] = {}
        self._names: list[str] = []
        self._sizes = array("q")
        self._categories: dict[int, tuple[Any, str, list[str]]] = {}
        self._objects = ObjectBuilder()
        self._findings: list[Finding] = []
        self._flaws: list[tuple[int, str, str]] = []

    def read(self) -> dict[str, NDArray[Any]]:
        """The index of a CocoSource; raises DataError."""
        take = {"images": self._image, "annotations": self._annotation, "categories": self._category}
        names = each_element(self._file, take)
        if not self._names:
            raise DataError(f"no images in {self._file}: expected a COCO file, found {', '.join(names) or 'nothing'}")
        self._check_names()
        samples, labels, classes, keypoints = self._resolved()
        objects = self._objects.arrays(len(self._names), samples, labels)
        sizes = np.array(self._sizes, np.int64).reshape(-1, 2)
        for image, kind, cause in self._flaws:
            self._found(self._images.get(image), kind, cause)
        self._findings += check_boxes(objects, sizes, lambda sample, _: self._names[sample], _ROUNDING)
        about = {"classes": classes, "keypoints": keypoints}
        return annotated_arrays(self._names, objects, self._findings, about, sizes=sizes)

    def _image(self, entry: Any) -> None:
        try:
            number, name = _numbered(self._image_ids, entry["id"]), entry["file_name"]
            size = [max(0, int(entry.get(side) or 0)) for side in ("width", "height")]
            if not isinstance(name, str):
                raise TypeError(f"file_name is {name!r}")
        except _FLAWS as error:
            raise DataError(f"an image in {self._file} must have id and file_name: {_said(error)}") from error
        if number in self._images:
            self._found(
                self._images[number], "doubled image", f"id {entry['id']!r} is there again, as {name}: left out"
            )
            return
        self._images[number] = len(self._names)
        self._names.append(inside(self._root, name, f"image {entry['id']!r} in {self._file}", self._allow_outside))
        self._sizes.extend(size)

    def _category(self, entry: Any) -> None:
        try:
            number, name = _numbered(self._category_ids, entry["id"]), str(entry["name"])
            keypoints = [str(point) for point in entry.get("keypoints") or ()]
        except _FLAWS as error:
            raise DataError(f"a category in {self._file} must have id and name: {_said(error)}") from error
        if number in self._categories:
            self._found(None, "doubled category", f"id {entry['id']!r} is there again, as {name}: left out")
        else:
            self._categories[number] = (entry["id"], name, keypoints)

    def _annotation(self, entry: Any) -> None:
        if isinstance(entry, dict) and "caption" in entry and "bbox" not in entry:
            return
        image = -1
        try:
            image = _numbered(self._image_ids, entry["image_id"])
            category = _numbered(self._category_ids, entry["category_id"])
            x, y, width, height = (float(value) for value in entry["bbox"])
            fault = box_fault((x, y, x + width, y + height))
            if fault is not None:
                raise ValueError(f"its box {entry['bbox']} is none: {fault}")
            keypoints = _triples(entry.get("keypoints") or ())
            flags = CROWD if entry.get("iscrowd") else 0
            number = _id(entry.get("id"), len(self._objects))
        except _FLAWS as error:
            name = entry.get("id") if isinstance(entry, dict) else None
            self._flaws.append((image, "wrong annotation", f"annotation {name!r} is left out: {_said(error)}"))
            return
        outlines, runs = self._shape(entry, image)
        box = (x, y, x + width, y + height)
        self._objects.add(image, box, category, number, flags=flags, keypoints=keypoints, outlines=outlines, runs=runs)

    def _shape(self, entry: dict[str, Any], image: int) -> tuple[list[list[float]], list[int]]:
        """Outlines and run lengths (behind height and width) of an annotation, where there are any that can be read."""
        shape = entry.get("segmentation") or []
        try:
            if isinstance(shape, dict):
                height, width = (int(value) for value in shape["size"])
                return [], [height, width, *check_counts(shape["counts"], height, width)]
            return [_outline(points) for points in shape], []
        except _FLAWS as error:
            cause = f"the mask of annotation {entry.get('id')!r} is left out: {_said(error)}"
            self._flaws.append((image, "wrong mask", cause))
            return [], []

    def _resolved(self) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str], list[str]]:
        """Sample (-1: left out) and class of each object, the names of the classes, and those of the keypoints."""
        order = sorted(self._categories, key=lambda number: _sortable(self._categories[number][0]))
        classes = _distinct([self._categories[number][:2] for number in order])
        samples = _looked_up(self._images, len(self._image_ids), self._objects.samples)
        labels = _looked_up(
            {number: place for place, number in enumerate(order)}, len(self._category_ids), self._objects.labels
        )
        for kind, found in (("unknown image", samples), ("unknown category", np.where(samples < 0, 0, labels))):
            for place in np.flatnonzero(found < 0).tolist():
                where = None if samples[place] < 0 else int(samples[place])
                self._found(where, kind, f"annotation {self._objects.ids[place]} is of an {kind}: left out")
        keypoints = next((self._categories[number][2] for number in order if self._categories[number][2]), [])
        return np.where(labels < 0, -1, samples), labels, classes, keypoints

    def _check_names(self) -> None:
        seen: dict[str, int] = {}
        for index, name in enumerate(self._names):
            if seen.setdefault(name, index) != index:
                self._found(index, "doubled image", f"the same file as index {seen[name]}, under another id; kept")

    def _found(self, index: int | None, kind: str, cause: str) -> None:
        self._findings.append(Finding(self._file if index is None else self._names[index], index, kind, cause))


def _numbered(seen: dict[Any, int], key: Any) -> int:
    if not isinstance(key, int | str | float):
        raise TypeError(f"an id must be a number or a word, not {key!r}")
    return seen.setdefault(key, len(seen))


def _id(value: Any, instead: int) -> int:
    number = value if isinstance(value, int) else instead
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"its id {number} has more than 64 bits")
    return number


def _triples(values: Any) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) % 3 or not np.isfinite(numbers).all():
        raise ValueError(f"keypoints must be x, y, visibility in turn, not {len(numbers)} numbers")
    return numbers


def _outline(points: Any) -> list[float]:
    numbers = [float(value) for value in points]
    if len(numbers) % 2 or len(numbers) < 6 or not np.isfinite(numbers).all():
        raise ValueError(f"an outline must be x and y of at least 3 points, not {len(numbers)} numbers")
    return numbers


def _looked_up(places: dict[int, int], count: int, numbers: NDArray[Any]) -> NDArray[np.int64]:
    table = np.full(count + 1, -1, np.int64)
    table[list(places.keys())] = list(places.values())
    found: NDArray[np.int64] = table[numbers]
    return found


def _distinct(categories: list[tuple[Any, str]]) -> list[str]:
    """The names; one that was there before is followed by its id."""
    names: list[str] = []
    for number, name in categories:
        names.append(f"{name} ({number})" if name in names else name)
    return names


def _sortable(key: Any) -> tuple[bool, Any]:
    return isinstance(key, str), key


def _said(error: Exception) -> str:
    return f"no {error.args[0]}" if isinstance(error, KeyError) else str(error)
