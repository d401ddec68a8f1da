"""A folder of class folders: the files as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from feedline.prepare.export.names import ending_of, first_free, safe, stem_of
from feedline.prepare.export.pixels import encoded, require_png
from feedline.prepare.export.split import Sample, Split

CARRIES: frozenset[str] = frozenset()
UNLABELLED = "-unlabelled"
"""What is added to the name of a split for the folder of its samples without a class."""


def write(split: Split, root: Path, alone: bool) -> Iterator[str]:
    """Puts CLASS/NAME into ``root/SPLIT``, or, where the store was never split, into ``root``; tells what differs.

    Samples without a class lie directly in that folder where none has one, else in ``root/SPLIT-unlabelled``.

    Args:
        split: what to write.
        root: a folder.
        alone: whether the samples need no folder of their split.
    """
    require_png(split)
    survey = split.survey
    mixed = survey.labelled and survey.unlabelled
    top = root if alone and not mixed else _made(root / split.name)
    others = _made(root / f"{split.name}{UNLABELLED}") if mixed else top
    folders = {label: _class_folder(top, split, label) for label in sorted(survey.labels) if label >= 0}
    for sample in split.samples():
        _put(sample, folders.get(sample.label, others))
    if mixed:
        yield f"the samples of {split.name} without a class are in {split.name}{UNLABELLED}"
    yield from _differing(split, folders)


def _put(sample: Sample, folder: Path) -> None:
    data, form = encoded(sample)
    path = sample.path
    ending = ending_of(path, form)

    def make(place: Path) -> None:
        with open(place, "xb") as stream:
            stream.write(data)

    first_free(folder, stem_of(path), ending, sample.index, make)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _class_folder(top: Path, split: Split, label: int) -> Path:
    def make(place: Path) -> Path:
        os.mkdir(place)
        return place

    return first_free(top, safe(split.class_name(label), "class"), "", label, make)


def _differing(split: Split, folders: dict[int, Path]) -> Iterator[str]:
    """How the classes of the folder are not those of the store."""
    for label, folder in folders.items():
        if folder.name != split.class_name(label):
            yield f"the class {split.class_name(label)!r} is called {folder.name!r} in {split.name}"
    missing = [name for label, name in enumerate(split.classes) if label not in folders]
    if folders and missing:
        yield f"classes without a sample in {split.name}: {_listed(missing)}"
    found = [folder.name for folder in folders.values()]
    if found != sorted(found):
        yield f"the numbers of the classes of {split.name}: a folder's are in the order of their names"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
