"""A record's pictures: decoded, upright, and cut where one holds two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from feedline.codecs import decode, probe
from feedline.codecs.color import to_mode
from feedline.codecs.depth import to_dtype
from feedline.codecs.mask import decode_mask
from feedline.errors import DecodeError
from feedline.turning import turned, turned_mask
from feedline.types import UNLABELLED, Header, Image, Mode, Objects, Record

_BYTE = np.dtype(np.uint8)


def label_of(record: Record) -> Any:
    """The label; of a sample that has none, the numbers of a table's target columns, if there are any: float32."""
    return record.extra["targets"] if record.label == UNLABELLED and "targets" in record.extra else record.label


def halves(image: Image, direction: str) -> tuple[Image, Image]:
    """Image and partner of a picture that holds A and B side by side; of an odd width the middle column is left out."""
    width = image.shape[1] // 2
    left, right = image[:, :width], image[:, image.shape[1] - width :]
    first, second = (left, right) if direction == "AtoB" else (right, left)
    return np.ascontiguousarray(first), np.ascontiguousarray(second)


def image_of(record: Record, mode: Mode, index: int) -> Image:
    """The image alone, HxWxC, upright; raises DecodeError with path and index."""
    image = _picture(record.data, mode, record.path, index)
    return halves(image, record.extra["side_by_side"])[0] if "side_by_side" in record.extra else image


def part_of(
    record: Record, mode: Mode, index: int, region: Sequence[int] | None = None, size: Sequence[int] | None = None
) -> Image:
    """A region of the image in encoded bytes, or all of it at another size, as :func:`feedline.decode` takes them.

    Raises:
        DecodeError: it cannot be decoded; names path and index.
    """
    try:
        return decode(cast(bytes, record.data), mode, dtype=_dtype(mode), region=region, size=size)
    except DecodeError as error:
        raise error.at(record.path, index) from error


def header_of(record: Record, index: int) -> Header:
    """Of an image in encoded bytes; raises DecodeError with path and index."""
    try:
        return probe(cast(bytes, record.data))
    except DecodeError as error:
        raise error.at(record.path, index) from error


def objects_of(record: Record, index: int, header: Header | None = None) -> Objects | None:
    """What is where in the upright image; raises DecodeError where its header cannot be read.

    Args:
        record: as the source gave it.
        index: of it.
        header: of its image, where that is known already.
    """
    if record.objects is None or not isinstance(record.data, bytes):
        return record.objects
    header = header or header_of(record, index)
    stated = {"size": record.extra.get("size")}  # without the masks, which nobody asks for here
    return turned(record.objects, stated, header.orientation, header.width, header.height)[0]


def decoded(record: Record, mode: Mode, index: int, image: Image | None = None) -> Record:
    """The record with all its pictures decoded, and what belongs to the image the way round that it is.

    Args:
        record: as the source gave it.
        mode: of image and partner.
        index: of the record.
        image: the image, where it is decoded already; not of one that lies side by side with its partner.

    Raises:
        DecodeError: one of them cannot be decoded; names its path, and the index.
    """
    partner = None
    if image is None:
        image = _picture(record.data, mode, record.path, index)
        if "side_by_side" in record.extra:
            image, partner = halves(image, record.extra["side_by_side"])
    if record.partner is not None:
        partner = _picture(record.partner, mode, _path(record, "partner"), index)
    return _turned(replace(record, data=image, partner=partner, mask=_mask(record, index)), record.data)


def _turned(record: Record, data: bytes | Image) -> Record:
    """With objects and mask as the image was turned."""
    if not isinstance(data, bytes) or (record.objects is None and record.mask is None):
        return record
    header = probe(data)
    how = header.orientation, header.width, header.height
    mask = turned_mask(record.mask, record.extra, *how) if isinstance(record.mask, np.ndarray) else None
    if record.objects is None:
        return replace(record, mask=mask)
    objects, extra = turned(record.objects, record.extra, *how)
    return replace(record, objects=objects, extra=extra, mask=mask)


def _mask(record: Record, index: int) -> bytes | Image | None:
    if not isinstance(record.mask, bytes):
        return record.mask
    try:
        return decode_mask(record.mask)
    except DecodeError as error:
        raise error.at(_path(record, "mask"), index) from error


def _path(record: Record, name: str) -> str:
    return str(record.extra.get(f"{name}_path", f"{record.path} (its {name})"))


def _picture(data: bytes | Image, mode: Mode, path: str, index: int) -> Image:
    dtype = _dtype(mode)
    try:
        if isinstance(data, bytes):
            return decode(data, mode, dtype=dtype)
        image = to_mode(to_dtype(data, dtype), mode)
        return image.copy() if np.may_share_memory(image, data) else image
    except DecodeError as error:
        raise error.at(path, index) from error


def _dtype(mode: Mode) -> np.dtype[Any] | None:
    return None if mode == "unchanged" else _BYTE
