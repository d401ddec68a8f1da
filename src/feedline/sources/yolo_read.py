"""YOLO's label files to flat arrays, in shares of the picture's size."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from feedline.errors import DecodeError
from feedline.sources.annotated import annotated_arrays
from feedline.sources.files import read_file
from feedline.sources.objects import Box, ObjectBuilder, box_fault, check_boxes
from feedline.sources.problems import Finding
from feedline.sources.saved import state_of
from feedline.sources.yolo_layout import YoloLayout

_ROUNDING = 1e-4
"""In shares of the picture: label files have four decimals or more."""
_MOST_CLASSES = 2**20


def label_path(root: str, image: str) -> str:
    """The label file of an image: the last folder ``images`` of its path becomes ``labels``, its suffix ``.txt``."""
    parts = os.path.splitext(os.path.join(root, image))[0].split(os.sep)
    for place in range(len(parts) - 2, 0, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return os.sep.join(parts) + ".txt"


def label_states(layout: YoloLayout) -> str:
    """What changes when an image comes or goes, or a label file changes, or the names of the classes."""
    digest = hashlib.blake2b(repr((layout.root, layout.classes, layout.keypoints)).encode())
    for image in tqdm(layout.images, unit=" labels", disable=None, leave=False):
        try:
            state = state_of(label_path(layout.root, image))
        except OSError:
            state = "none"
        digest.update(f"{image} {state}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def read_yolo(layout: YoloLayout) -> dict[str, NDArray[Any]]:
    """The index of a YoloSource."""
    objects, findings = ObjectBuilder(), list[Finding]()
    most = _MOST_CLASSES if layout.classes is None else len(layout.classes)
    labels = [label_path(layout.root, image) for image in layout.images]
    for sample, path in enumerate(tqdm(labels, unit=" labels", disable=None, leave=False)):
        for number, line in enumerate(_lines(path, sample, findings), 1):
            if not line.strip():
                continue
            try:
                label, box, outlines, keypoints = _row(line.split(), most, layout.keypoints)
            except ValueError as error:
                findings.append(Finding(f"{path}:{number}", sample, "wrong row", f"the row is left out: {error}"))
            else:
                objects.add(sample, box, label, number, outlines=outlines, keypoints=keypoints)
    arrays = objects.arrays(len(labels))
    sizes = np.ones((len(labels), 2), np.int64)
    findings += check_boxes(arrays, sizes, lambda sample, number: f"{labels[sample]}:{number}", _ROUNDING)
    classes = layout.classes
    if classes is None:
        classes = [str(number) for number in range(int(arrays["object_labels"].max(initial=-1)) + 1)]
    return annotated_arrays(layout.images, arrays, findings, {"classes": classes})


def _lines(path: str, sample: int, findings: list[Finding]) -> list[str]:
    """The rows of a label file; none where there is none. One that cannot be read is reported."""
    if not os.path.lexists(path):
        return []
    try:
        return read_file(path, sample).decode("utf-8-sig").splitlines()
    except (DecodeError, UnicodeDecodeError) as error:
        findings.append(Finding(path, sample, "damaged labels", f"the image is left without objects: {error}"))
        return []


def _row(words: list[str], most: int, shape: tuple[int, int] | None) -> tuple[int, Box, list[list[float]], list[float]]:
    """Class, box, outlines and keypoints (x, y, visibility) of a row; raises ValueError."""
    label, *numbers = (float(word) for word in words)
    if not label.is_integer() or not 0 <= label < most:
        raise ValueError(f"its class must be a whole number from 0 to {most - 1}, not {words[0]}")
    if not np.isfinite(numbers).all():
        raise ValueError("its numbers are not finite")
    box: Box
    outlines: list[list[float]] = []
    keypoints: list[float] = []
    if len(numbers) == 4 + (shape[0] * shape[1] if shape else 0):
        x, y, width, height = numbers[:4]
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        keypoints = _keypoints(numbers[4:], shape) if shape else []
    elif len(numbers) >= 6 and len(numbers) % 2 == 0 and not shape:
        box = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
        outlines = [numbers]
    else:
        wanted = "keypoints of kpt_shape" if shape else "or the corners of an outline"
        raise ValueError(f"it must be a class, 4 numbers, {wanted}, and has {len(numbers)} numbers behind the class")
    fault = box_fault(box)
    if fault is not None:
        raise ValueError(f"its box is none: {fault}")
    return int(label), box, outlines, keypoints


def _keypoints(numbers: list[float], shape: tuple[int, int]) -> list[float]:
    """Those of two numbers are visible (2) unless they lie at 0, 0."""
    if shape[1] == 3:
        return numbers
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return [value for x, y in pairs for value in (x, y, 2.0 if x or y else 0.0)]
