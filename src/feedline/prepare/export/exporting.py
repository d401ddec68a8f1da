"""A store as a folder, a tar, an array, an HDF5 or a Parquet file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from feedline._atomic import replacing
from feedline.errors import DataError
from feedline.prepare.export import folder, h5, npz, parquet, tar
from feedline.prepare.export.place import require_absent, whole_folder
from feedline.prepare.export.scale import Scaling
from feedline.prepare.export.split import Split
from feedline.store import StoreSource
from feedline.store.manifest import WHOLE

FOLDER = "folder"
_FILES: dict[str, tuple[str, Callable[[Split, BinaryIO], Iterator[str]], frozenset[str]]] = {
    "tar": (".tar", tar.write, tar.CARRIES),
    "npz": (".npz", npz.write, npz.CARRIES),
    "h5": (".h5", h5.write, h5.CARRIES),
    "parquet": (".parquet", parquet.write, parquet.CARRIES),
}
FORMATS = (FOLDER, *_FILES)
_ENDINGS = {**{ending: to for to, (ending, _, _) in _FILES.items()}, ".hdf5": "h5"}
_NAME = re.compile(r"\w[\w.]*")
SCALED = ("npz", "h5")
"""Formats whose numbers may be floats."""
_CALLED = {
    "mask": "masks",
    "partner": "partners",
    "objects": "boxes, keypoints and outlines",
    "targets": "targets",
    "extra": "whatever else is known of the samples (extra)",
    "restarts": "the places of restart markers",
    "hash": "perceptual hashes",
    "stats": "means and standard deviations",
    "group": "groups",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        path: where.
        rows: how many samples of each split.
        left_out: what of the store is not in it, or not as it was, in words.
    """

    path: str
    rows: Mapping[str, int]
    left_out: tuple[str, ...]


def export(
    store_path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    to: str,
    *,
    split: str | None = None,
    normalized: bool = False,
    progress: bool = True,
) -> Exported:
    """Writes a store in another format, which feedline opens too; whole or not at all, and never over what is there.

    | to | what ``out`` is |
    | --- | --- |
    | "folder" | SPLIT/CLASS/NAME.jpg, CLASS/NAME.jpg of a store that was never split: the files as they are |
    | "tar" | a folder of SPLIT.tar: KEY.jpg, KEY.cls (the label), KEY.json, KEY.mask.png |
    | "npz" | a folder of SPLIT.npz: images NxHxWxC, labels, classes; of images of one shape |
    | "h5" | a folder of SPLIT.h5: images NxHxWxC of raw pixels, else N files as they are; labels, classes |
    | "parquet" | a folder of SPLIT.parquet: image (bytes, path) and label, as Hugging Face ``datasets`` writes them |

    Where ``out`` ends as the files do (``out.npz``), it is that file, and there must be one split.
    Raw pixels are written as PNG where files are. Decoded images are upright.

    Args:
        store_path: the folder of a store, or its URL.
        out: where to; nothing may be there.
        to: the format.
        split: the only one to write; all of them by default.
        normalized: writes (x / 255 - mean) / std as float32, with the numbers that the store says; npz and h5 only.
        progress: shows a bar with rate and ETA where standard error is a terminal.

    Raises:
        DataError: no store, no such split, something is there already, or images that do not fit the format.
        DecodeError: a record of the store was damaged, or an image to be decoded is broken.
        ValueError: no such format, or one whose images are not scaled.
    """
    check_format(to, normalized)
    target = Path(os.path.abspath(out))
    one_file = _is_file(target, to)
    require_absent(target)
    source = StoreSource(store_path, WHOLE)
    names = _chosen(source, split)
    scaling = Scaling(source.manifest.normalize, source.root) if normalized else None
    total = sum(shard.rows for shard in source.manifest.shards if shard.split in names)
    with tqdm(total=total, desc="exporting", unit=" images", disable=None if progress else True) as bar:
        splits = [Split(source, name, bar.update, scaling) for name in names]
        carried = frozenset() if to == FOLDER else _FILES[to][2]
        left_out = list(_left_out(splits, carried))
        left_out += _written(splits, target, to, one_file)
    return Exported(str(target), {each.name: len(each) for each in splits}, tuple(left_out))


def check_format(to: str, normalized: bool) -> None:
    """Raises a ValueError where there is no such format, or its images are not scaled and shall be."""
    if to not in FORMATS:
        raise ValueError(f"to must be one of {', '.join(FORMATS)}, not {to!r}")
    if normalized and to not in SCALED:
        raise ValueError(f"images are scaled in {' and '.join(SCALED)} only, not in {to!r}")


def _is_file(target: Path, to: str) -> bool:
    """Whether the place is called as one file of the format; raises a DataError where as one of another."""
    named = _ENDINGS.get(target.suffix.lower())
    if named not in (None, to):
        raise DataError(f"{target} is called as {named} is, and is to be {to}: give it another name")
    return named is not None


def _chosen(source: StoreSource, split: str | None) -> list[str]:
    """The splits to write; raises a DataError where there is no such one, or one whose name may lead elsewhere."""
    odd = next((name for name in source.splits if not _NAME.fullmatch(name)), None)
    if odd is not None:
        raise DataError(f"splits are called by letters, digits, '_' and '.', and one of {source.root} is {odd!r:.60}")
    if split is None or (split == WHOLE and WHOLE not in source.splits):
        return source.splits
    if split not in source.splits:
        raise DataError(f"{source.root} has no split {split!r}: its splits are {', '.join(source.splits)}")
    return [split]


def _written(splits: list[Split], target: Path, to: str, one_file: bool) -> list[str]:
    """Writes all; what is not in it as it was."""
    if to == FOLDER:
        return _folder(splits, target)
    ending, write, _ = _FILES[to]
    if not one_file:
        with whole_folder(target) as root:
            return [note for split in splits for note in _file(split, root / f"{split.name}{ending}", write)]
    if len(splits) > 1:
        raise DataError(
            f"{target} is one file, and the store has the splits {', '.join(split.name for split in splits)}: "
            "say which one with split (--split), or name a folder"
        )
    return _file(splits[0], target, write)


def _folder(splits: list[Split], target: Path) -> list[str]:
    alone = splits[0].source.splits == [WHOLE]
    with whole_folder(target) as root:
        notes = [note for split in splits for note in folder.write(split, root, alone)]
        os.sync()  # of many small files faster than one by one
    return notes


def _file(split: Split, path: Path, write: Callable[[Split, BinaryIO], Iterator[str]]) -> list[str]:
    with replacing(path) as stream:
        notes = list(write(split, stream))
        require_absent(path)
    return notes


def _left_out(splits: list[Split], carried: frozenset[str]) -> Iterator[str]:
    """Columns that have no place in the format."""
    there = {name for name, has in splits[0].columns.as_dict().items() if has} - {"shape"}
    if any(split.survey.groups for split in splits):
        there.add("group")
    yield from (called for name, called in _CALLED.items() if name in there - carried)
