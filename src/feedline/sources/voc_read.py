"""A folder of VOC's XML files to flat arrays."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from feedline.errors import DataError
from feedline.sources.annotated import annotated_arrays
from feedline.sources.objects import DIFFICULT, TRUNCATED, Box, ObjectBuilder, box_fault, check_boxes
from feedline.sources.problems import Finding
from feedline.sources.saved import stamp_of
from feedline.sources.scan import SUFFIXES

_IMAGES = ("JPEGImages", "images", "Images", ".")
MASKS = "SegmentationClass"
_LARGEST = 2**24


@dataclass(frozen=True, slots=True)
class _Annotation:
    filename: str
    width: int
    height: int
    objects: list[tuple[str, Box, int]]


class Layout:
    """Which folders hold what, below the folder that was given."""

    def __init__(self, given: str) -> None:
        if not os.path.isdir(given):
            raise DataError(f"no such folder: {given}")
        below = os.path.join(given, "Annotations")
        self.annotations = below if os.path.isdir(below) else given
        self.root = os.path.dirname(given) if os.path.basename(given) == "Annotations" else given
        folders = [name for name in _IMAGES if os.path.isdir(os.path.join(self.root, name))]
        self.images = folders[0]
        self.pictures = {name for name in _listed(os.path.join(self.root, self.images)) if _is_image(name)}
        masks = os.path.join(self.root, MASKS)
        self.masks = set(_listed(masks)) if os.path.isdir(masks) else set()

    def split_names(self, split: str | None) -> list[str]:
        """The names of the samples, in order; raises DataError."""
        if split is None:
            names = [name[:-4] for name in _listed(self.annotations) if name.endswith(".xml")]
            if not names:
                raise DataError(f"no annotation in {self.annotations}: expected NAME.xml files")
            return sorted(names)
        if split != os.path.basename(split):
            raise DataError(f"a split must be the name of a list in ImageSets/Main, not {split!r}")
        file = os.path.join(self.root, "ImageSets", "Main", f"{split}.txt")
        try:
            with open(file, encoding="utf-8-sig") as stream:
                names = [line.split()[0] for line in stream if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read the list of split {split!r}, {file}: {error}") from error
        wrong = next((name for name in names if name != os.path.basename(name) or name in (".", "..")), None)
        if wrong is not None or not names:
            raise DataError(f"{file} must list names of annotations, one a line, not {wrong or 'nothing'}")
        return list(dict.fromkeys(names))

    def state(self, names: Sequence[str]) -> str:
        """What changes when an annotation changes, or an image or a mask comes or goes."""
        digest = hashlib.blake2b()
        with os.scandir(self.annotations) as entries:
            states = {entry.name: entry.stat() for entry in entries if entry.name.endswith(".xml")}
        for name in names:
            status = states.get(f"{name}.xml")
            state = "" if status is None else stamp_of(status)
            digest.update(f"{name} {state}\n".encode("utf-8", "surrogateescape"))
        for name in (*sorted(self.pictures), "", *sorted(self.masks)):
            digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


class _Reader:
    def __init__(self, layout: Layout, one_based: bool) -> None:
        self._layout, self._shift = layout, float(one_based)
        self._stems = {os.path.splitext(name)[0]: name for name in sorted(layout.pictures, reverse=True)}
        self._findings: list[Finding] = []
        self._classes: dict[str, int] = {}
        self._objects = ObjectBuilder()
        self._samples: list[tuple[str, str, int, int]] = []

    def read(self, names: Sequence[str], all_images: bool) -> dict[str, NDArray[Any]]:
        used = set()
        for name in tqdm(names, unit=" annotations", disable=None, leave=False):
            used.add(self._sample(name))
        for picture in sorted(self._layout.pictures - used) if all_images else ():
            path = os.path.join(self._layout.root, self._layout.images, picture)
            self._findings.append(Finding(path, None, "no annotation", "the image is left out: no XML file names it"))
        return self._arrays()

    def _sample(self, name: str) -> str:
        """Takes one annotation; the file name of its image."""
        xml = os.path.join(self._layout.annotations, f"{name}.xml")
        try:
            found = _parsed(xml)
        except (OSError, DataError) as error:
            kind = "no annotation" if isinstance(error, FileNotFoundError) else "damaged annotation"
            cause = error.strerror if isinstance(error, OSError) else error
            self._findings.append(Finding(xml, None, kind, f"the sample is left out: {cause}"))
            return self._stems.get(name, "")
        picture = self._picture(name, found.filename)
        if picture is None:
            cause = f"the sample is left out: neither {name}.* nor {found.filename!r} is in {self._layout.images}"
            self._findings.append(Finding(xml, None, "missing image", cause))
            return ""
        path = os.path.normpath(os.path.join(self._layout.images, picture))
        self._take(xml, found.objects)
        self._samples.append((name, path, found.width, found.height))
        return picture

    def _picture(self, name: str, filename: str) -> str | None:
        """The image of an annotation: that of the same name, for ``filename`` is often another's."""
        there = filename in self._layout.pictures
        if there and os.path.splitext(filename)[0] == name:
            return filename
        return self._stems.get(name, filename if there else None)

    def _take(self, xml: str, objects: list[tuple[str, Box, int]]) -> None:
        sample = len(self._samples)
        for number, (label, box, flags) in enumerate(objects):
            edges = (box[0] - self._shift, box[1] - self._shift, box[2], box[3])
            fault = box_fault(edges)
            if fault is not None:
                cause = f"object {number} ({label}) is left out: its box is none: {fault}"
                self._findings.append(Finding(xml, sample, "wrong box", cause))
                continue
            known = self._classes.setdefault(label, len(self._classes))
            self._objects.add(sample, edges, known, number, flags=flags)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        classes = sorted(self._classes)
        ranks = np.array([classes.index(name) for name in self._classes], np.int64)
        objects = self._objects.arrays(len(self._samples), labels=ranks[self._objects.labels])
        sizes = np.array([sample[2:] for sample in self._samples], np.int64).reshape(-1, 2)
        masks = [
            f"{os.path.splitext(os.path.basename(path))[0]}.png" in self._layout.masks for _, path, *_ in self._samples
        ]
        self._findings += check_boxes(objects, sizes, lambda sample, _: self._xml(self._samples[sample][0]))
        about = {"classes": classes}
        paths = [sample[1] for sample in self._samples]
        masked = np.array(masks, bool)
        return annotated_arrays(paths, objects, self._findings, about, sizes=sizes, masked=masked)

    def _xml(self, name: str) -> str:
        return os.path.join(self._layout.annotations, f"{name}.xml")


def read_voc(layout: Layout, names: Sequence[str], one_based: bool, all_images: bool) -> dict[str, NDArray[Any]]:
    """The index of a VocSource; with ``all_images`` those without an annotation are reported."""
    return _Reader(layout, one_based).read(names, all_images)


def _parsed(path: str) -> _Annotation:
    """Raises OSError, or DataError where it is no annotation; declares no entities, so that none can be expanded."""
    with open(path, "rb") as stream:
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise DataError(f"it has more than {_LARGEST:,} bytes")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:  # zero bytes: UTF-16, where these are not seen
        raise DataError("it declares a document type, or is not in UTF-8")
    try:
        root = ElementTree.fromstring(data)
        objects = [_object(element) for element in root.iterfind("object")]
        width, height = (int(float(root.findtext(f"size/{side}") or 0)) for side in ("width", "height"))
    except (ElementTree.ParseError, ValueError, OverflowError, LookupError) as error:
        raise DataError(f"it cannot be read: {error}") from error
    name = (root.findtext("filename") or "").strip().replace("\\", "/")
    return _Annotation(os.path.basename(name), max(0, width), max(0, height), objects)


def _object(element: ElementTree.Element) -> tuple[str, Box, int]:
    name = (element.findtext("name") or "").strip()
    if not name:
        raise ValueError("an object without a name")
    values = [element.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
    if None in values:
        raise ValueError(f"an object ({name}) without xmin, ymin, xmax and ymax")
    left, top, right, bottom = (float(value or "") for value in values)
    flags = DIFFICULT * _flag(element, "difficult") | TRUNCATED * _flag(element, "truncated")
    return name, (left, top, right, bottom), flags


def _flag(element: ElementTree.Element, name: str) -> bool:
    return (element.findtext(name) or "0").strip().lower() not in ("0", "false", "unspecified", "")


def _listed(folder: str) -> list[str]:
    return [name for name in os.listdir(folder) if not name.startswith(".")]


def _is_image(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES
