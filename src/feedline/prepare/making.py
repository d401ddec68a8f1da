"""From a sample of a source to a row of a store."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from PIL import Image as Picture

from feedline.codecs import probe
from feedline.codecs.check import check_data
from feedline.codecs.depth import to_dtype
from feedline.dataset import ImageDataset
from feedline.errors import DataError, DecodeError
from feedline.native.restarts import rewritten
from feedline.prepare.hashing import phash
from feedline.prepare.inputs import Inputs
from feedline.records import decoded
from feedline.store import Columns, Part, Row, StoreSource
from feedline.store.extra import keepable
from feedline.transforms import Resize
from feedline.types import Header, Image, Mode, Record

_GREY, _WITH_ALPHA, _COLOURS = 1, 2, 3
_EVERY = 2
"""Units between two restart markers: of 1 to 4, what saved most for files that grew by next to nothing."""
_ENDS = {"jpeg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}
"""The last bytes of a whole file."""


@dataclass(frozen=True, slots=True)
class How:
    """What is done to samples that are packed.

    Attributes:
        short_side: images whose shorter side is longer are made smaller; None leaves all as they are.
        quality: of JPEGs that are written anew, 1 to 100.
        raw: (height, width) of raw pixels; None keeps files as files.
        mode: of raw pixels, and of what is made smaller: "RGB", "L", or "unchanged".
        restart_markers: whether JPEGs are rewritten with restart markers, without loss.
        hash: whether rows get a perceptual hash.
        stats: whether rows get mean and standard deviation.
        check: whether each image is decoded, to know that it can be.
        size: (width, height) as stored that each image must have; None for any.
        guessed: whether the mode is grey because the images that were looked at are: another one ends it.
    """

    short_side: int | None = None
    quality: int = 90
    raw: tuple[int, int] | None = None
    mode: Mode = "unchanged"
    restart_markers: bool = False
    hash: bool = False
    stats: bool = False
    check: bool = False
    size: tuple[int, int] | None = None
    guessed: bool = False


class RowMaker:
    """Makes rows, for all threads.

    Args:
        inputs: the samples.
        how: what is done to them.
        columns: which the store has.
    """

    def __init__(self, inputs: Inputs, how: How, columns: Columns) -> None:
        self._inputs, self._how, self._columns = inputs, how, columns
        self._lost: set[str] = set()
        size = how.short_side if how.raw is None else how.raw
        self._size = None if size is None else Resize(size)
        self._datasets = [ImageDataset(origin.source, self._size, how.mode) for origin in inputs.origins]

    def __call__(self, place: int) -> Row:
        """The row of a sample, by its place among the inputs.

        Raises:
            DecodeError: it is broken; names its path, and its place.
        """
        origin = self._inputs.origin(place)
        index = int(self._inputs.indices[place])
        path = origin.path(index)
        try:
            return self._row(origin.source[index], place, index, path)
        except DecodeError as error:
            raise error.at(path, place) from error

    def _row(self, record: Record, place: int, index: int, path: str) -> Row:
        self._require_size(record)
        self._require_columns(record, path)
        if self._columns.shape is not None:
            row = self._pixels(record, place, index, path)
        else:
            row = self._encoded(record, place, index, path)
        targets = record.extra.get("targets")
        source = self._inputs.origin(place).source
        if isinstance(source, StoreSource) and self._size is None:
            kept = source.kept(index).items()  # but for what was made anew just now
            row = replace(row, **{name: value for name, value in kept if getattr(row, name) is None})
        return replace(
            row,
            label=int(self._inputs.labels[place]),
            group=self._inputs.group(place),
            source=self._inputs.origin(place).word(index),
            targets=None if targets is None else [float(number) for number in targets],
            extra=self._plain(row.extra, path),
        )

    def _plain(self, extra: Mapping[str, Any], path: str) -> dict[str, Any]:
        """What a store keeps of it; what it does not is said once for each name."""
        kept = plain(extra)
        lost = set(extra) - set(kept) - set(_NEVER) - self._lost
        if lost:
            self._lost |= lost
            warnings.warn(f"{path}: no store keeps {', '.join(sorted(lost))} of its extra: left out", stacklevel=2)
        return kept

    def _pixels(self, record: Record, place: int, index: int, path: str) -> Row:
        height, width, channels = self._columns.shape or (0, 0, 0)
        sample = self._resized(place, index, record)
        image = np.asarray(sample.data)
        if image.shape != (height, width, channels) or image.dtype != np.uint8:
            raise DecodeError(f"raw pixels must be {height}x{width}x{channels} uint8, not {image.shape} {image.dtype}")
        part = Part(np.ascontiguousarray(image).tobytes(), path)
        return self._looked_at(self._with_parts(Row(part, width, height, "raw"), sample), image)

    def _encoded(self, record: Record, place: int, index: int, path: str) -> Row:
        data = record.data
        if not isinstance(data, bytes):
            raise DecodeError("an array is no file: pack it as raw pixels", "unsupported")
        header = probe(data)
        self._require_whole(data, header, path, place)
        width = header.width // 2 if "side_by_side" in record.extra else header.width
        smaller = self._how.short_side is not None and min(width, header.height) > self._how.short_side
        if smaller:
            record = self._resized(place, index, record)
            data = _written(np.asarray(record.data), header.format, self._how.quality)
            header = probe(data)
        restarts = rewritten(data, _EVERY) if self._how.restart_markers and header.format == "jpeg" else None
        part = Part(data if restarts is None else restarts.data, path)
        offsets = None if restarts is None else restarts.offsets.tolist()
        row = Row(part, header.width, header.height, header.format, restarts=offsets)
        row = self._with_parts(row, record)
        if not (self._how.hash or self._how.stats):
            return row
        shown = replace(record, data=data, mask=None, partner=None, objects=None)
        return self._looked_at(row, np.asarray(decoded(shown, self._how.mode, place).data))

    def _require_size(self, record: Record) -> None:
        """Raises a DecodeError where it is of another size than all have to be."""
        if self._how.size is None:
            return
        if isinstance(record.data, bytes):
            header = probe(record.data)
            found = header.width, header.height
        else:
            found = record.data.shape[1], record.data.shape[0]
        if found != tuple(self._how.size):
            raise DecodeError(f"must be {_by(self._how.size)} pixels, and is {_by(found)}", "unsupported")

    def _require_columns(self, record: Record, path: str) -> None:
        """Raises a DataError where the sample has what no column is for: it would be lost in silence."""
        columns = self._columns
        has = {
            "mask": record.mask is not None and not columns.mask,
            "partner": record.partner is not None and not columns.partner,
            "objects": record.objects is not None and not columns.objects,
            "extra": bool(plain(record.extra)) and not columns.extra,
        }
        lost = [name for name, there in has.items() if there]
        if lost:
            raise DataError(
                f"{path} has {' and '.join(lost)}, and none of the samples that were looked at has: say that there are "
                f"such, with also={lost} (--also {','.join(lost)}), and restart"
            )
        if self._how.guessed and isinstance(record.data, bytes) and probe(record.data).channels >= _COLOURS:
            raise DataError(
                f"{path} has colours, and all samples that were looked at are grey: say the mode, RGB or L (--mode), "
                "and restart"
            )

    def _require_whole(self, data: bytes, header: Header, path: str, place: int) -> None:
        """Decodes what was asked for, or what does not end as its format does."""
        if self._how.check or not _ends(data, header.format):
            problem = check_data(data, path, place)
            if problem is not None and problem.kind != "blank":
                raise DecodeError(problem.cause, problem.kind)

    def _resized(self, place: int, index: int, record: Record) -> Record:
        """The sample, decoded, upright and of the size that is asked for, if any, with all that belongs to it."""
        dataset = self._datasets[self._inputs.which[place]]
        found = decoded(record, dataset.mode, index) if self._size is None else dataset.sample(index)
        apart = {name: value for name, value in found.extra.items() if name != "side_by_side"}
        return replace(found, extra=apart)

    def _with_parts(self, row: Row, record: Record) -> Row:
        """With mask, partner and objects of the record, encoded where they were decoded."""
        return replace(
            row,
            mask=_part(record.mask, record, "mask"),
            partner=_part(record.partner, record, "partner"),
            objects=record.objects,
            extra=record.extra,
        )

    def _looked_at(self, row: Row, image: Image) -> Row:
        if self._how.hash:
            row = replace(row, hash=phash(np.ascontiguousarray(to_dtype(image, np.dtype(np.uint8)))))
        if not self._how.stats:
            return row
        levels = image.reshape(-1, image.shape[2]).astype(np.float64) / _white(image)
        return replace(row, mean=levels.mean(0).tolist(), std=levels.std(0).tolist())


def plain(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What of a record's ``extra`` a store keeps; places on this machine are left out."""
    return {name: value for name, value in extra.items() if name not in _NEVER and keepable(value)}


_NEVER = ("targets", "mask_path", "partner_path")


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _white(image: Image) -> float:
    return float(np.iinfo(image.dtype).max) if np.issubdtype(image.dtype, np.integer) else 1.0


def _ends(data: bytes, form: str) -> bool:
    """Whether a file ends as its format does; of formats that tell nothing, yes."""
    return data.rstrip(b"\0\r\n").endswith(_ENDS.get(form, b""))


def _part(data: bytes | Image | None, record: Record, name: str) -> Part | None:
    if data is None:
        return None
    path = str(record.extra.get(f"{name}_path", "")).rpartition("/")[2]
    return Part(data if isinstance(data, bytes) else _written(data, "png", 0), path)


def _written(image: Image, form: str, quality: int) -> bytes:
    """An image as a file: JPEG where it was one, else PNG, which loses nothing."""
    channels = image.shape[2]
    if image.dtype not in (np.uint8, np.uint16) or (channels == _WITH_ALPHA and image.dtype != np.uint8):
        raise DecodeError(f"no file is written of {image.dtype} in {channels} channels: keep its size", "unsupported")
    if channels == _WITH_ALPHA:
        stream = io.BytesIO()
        Picture.fromarray(image, "LA").save(stream, "PNG")
        return stream.getvalue()
    swapped = image[:, :, [2, 1, 0, *range(_COLOURS, channels)]] if channels >= _COLOURS else image
    jpeg = form == "jpeg" and channels in (_GREY, _COLOURS) and image.dtype == np.uint8
    ending, options = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality]) if jpeg else (".png", [])
    done, coded = cv2.imencode(ending, np.ascontiguousarray(swapped), options)
    if not done:
        raise DecodeError(f"an image of {image.shape} {image.dtype} cannot be written as {ending}", "unsupported")
    return coded.tobytes()
