"""A tar as WebDataset names its members: KEY.jpg, and beside it KEY.cls, KEY.json and KEY.mask.png."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

from feedline.codecs import sniff
from feedline.prepare.export.names import ending_of
from feedline.prepare.export.pixels import encoded, require_png
from feedline.prepare.export.split import Sample, Split
from feedline.sources import Rle
from feedline.store.extra import extra_of

CARRIES = frozenset({"mask", "objects", "targets", "extra", "group"})
_MASKS = {"png": ".mask.png", "npy": ".mask.npy", "tiff": ".mask.tif"}
_TOLD = ("path", "group", "source", "objects", "targets")


def write(split: Split, stream: BinaryIO) -> Iterator[str]:
    """Writes all members in the order of the rows, whose number is the key; tells what has no place in the tar."""
    require_png(split)
    digits, lost = len(str(max(1, len(split.source) - 1))), 0
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for sample in split.samples():
            key = f"{sample.index:0{digits}}"
            data, form = encoded(sample)
            _add(tar, key + ending_of(sample.path, form), data)
            if split.classes or sample.label >= 0:
                _add(tar, f"{key}.cls", str(sample.label).encode())
            _add(tar, f"{key}.json", json.dumps(_told(sample, split), sort_keys=True).encode())
            lost += not _add_mask(tar, key, sample)
    if lost:
        yield f"{lost} masks of {split.name}: a tar has those that are PNG, TIFF or .npy"
    if split.classes:
        yield f"the names of the classes of {split.name}, but for KEY.json: open it with classes={list(split.classes)}"


def _add_mask(tar: tarfile.TarFile, key: str, sample: Sample) -> bool:
    """Whether the sample's mask, if it has any, is in the tar."""
    mask = sample.rows.encoded("mask", sample.row)
    if mask is None:
        return True
    ending = _MASKS.get(sniff(mask) or "")
    if ending is not None:
        _add(tar, f"{key}{ending}", mask)
    return ending is not None


def _told(sample: Sample, split: Split) -> dict[str, Any]:
    """What is known of a sample; "label" is not among it: KEY.cls says that."""
    known = {"path": sample.path, **{name: sample.value(name) for name in _TOLD[1:]}}
    found = {name: value for name, value in known.items() if value not in (None, "")}
    if sample.label >= 0:
        found["class"] = split.class_name(sample.label)
    extra = sample.value("extra")
    return {**found, "extra": _plain(extra_of(extra))} if extra else found


def _plain(value: Any) -> Any:
    """As JSON has it, for those who read it without feedline: rows as lists, an outline's runs by their names."""
    if isinstance(value, Rle):
        return {"size": [value.height, value.width], "counts": value.counts.tolist()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return {str(name): _plain(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """A member without a time and an owner: equal stores give equal tars."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, BytesIO(data))
