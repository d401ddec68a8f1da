"""What a row of a store has, as an Arrow schema that other libraries read too."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from feedline._optional import require

IMAGES = ("image", "mask", "partner")
"""Columns of encoded images, in the order of the schema; what others call their bytes lies in their last buffers."""

_MOST = 2**31
"""What an Arrow list of one size must have fewer of."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns there are beside those that each store has.

    Attributes:
        shape: (height, width, channels) of raw pixels; None for encoded images.
        mask, partner: whether rows have one.
        objects: whether rows say what is where.
        targets: how many numbers a row has in the place of a label; 0 for none.
        extra: whether more is known, as JSON.
        restarts: whether the places of restart markers are kept.
        hash: whether there is a perceptual hash.
        stats: whether mean and standard deviation are kept.
    """

    shape: tuple[int, int, int] | None = None
    mask: bool = False
    partner: bool = False
    objects: bool = False
    targets: int = 0
    extra: bool = False
    restarts: bool = False
    hash: bool = False
    stats: bool = False

    @property
    def images(self) -> list[str]:
        """The columns that hold encoded images."""
        own = {"image": self.shape is None, "mask": self.mask, "partner": self.partner}
        return [name for name in IMAGES if own[name]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Columns:
        """Of what ``as_dict`` gave; raises TypeError or ValueError where it is not of this form."""
        known = {field.name for field in fields(cls)}
        if set(said) != known:
            raise ValueError(f"columns must be {', '.join(sorted(known))}")
        shape, targets = said["shape"], said["targets"]
        if shape is not None and (len(shape) != 3 or not all(type(n) is int and n > 0 for n in shape)):
            raise ValueError(f"shape must be three whole numbers above 0, not {shape!r:.80}")
        if shape is not None and math.prod(shape) >= _MOST:
            raise ValueError(f"an image must have less than 2 GiB, not a shape of {shape!r:.80}")
        if type(targets) is not int or not 0 <= targets < _MOST:
            raise ValueError(f"targets must be a whole number from 0, not {targets!r:.40}")
        if wrong := [name for name in known - {"shape", "targets"} if type(said[name]) is not bool]:
            raise ValueError(f"{', '.join(sorted(wrong))} must be true or false")
        return cls(**{**said, "shape": None if shape is None else tuple(shape)})


def differing_columns(there: Columns, rows: Columns) -> str:
    """What a store and rows to append have of those columns in which they differ, in words."""
    one, other = there.as_dict(), rows.as_dict()
    names = [name for name in one if one[name] != other[name]]
    has, have = (", ".join(f"{name} ({_worded(said[name])})" for name in names) for said in (one, other))
    return f"have {has}, and those to append have {have}"


def _worded(value: Any) -> str:
    """Of one of the columns: "yes" or "no", the numbers of a shape, or how many targets."""
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return str(value) if value and value is not True else "yes" if value else "no"


def image_type() -> Any:
    """The struct that Hugging Face ``datasets`` stores its Image feature in."""
    arrow = require("pyarrow", "table")
    return arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])


def object_type() -> Any:
    """One object: box (left, top, right, bottom), label, id, crowd, keypoints (x, y, visibility), outlines (x, y)."""
    arrow = require("pyarrow", "table")
    numbers = arrow.float32()
    return arrow.struct(
        [
            ("box", arrow.list_(numbers, 4)),
            ("label", arrow.int64()),
            ("id", arrow.int64()),
            ("crowd", arrow.bool_()),
            ("keypoints", arrow.list_(arrow.list_(numbers, 3))),
            ("polygons", arrow.list_(arrow.list_(arrow.list_(numbers, 2)))),
        ]
    )


def schema_of(columns: Columns, classes: Sequence[str]) -> Any:
    """The schema: fields in their order, and what Hugging Face ``datasets`` wants to know of them.

    Args:
        columns: which there are.
        classes: their names; without any, labels are plain numbers.
    """
    arrow = require("pyarrow", "table")
    named = [*_image_fields(arrow, columns), *_common_fields(arrow), *_other_fields(arrow, columns)]
    features = json.dumps({"info": {"features": _features(columns, classes)}})
    return arrow.schema(named, metadata={"huggingface": features})


def _image_fields(arrow: Any, columns: Columns) -> list[Any]:
    """The images: raw pixels as one row of numbers, whose shape the field tells."""
    named = [arrow.field(name, image_type()) for name in columns.images]
    if columns.shape is None:
        return named
    height, width, channels = columns.shape
    shape = {"shape": json.dumps(columns.shape)}
    pixels = arrow.list_(arrow.field("item", arrow.uint8(), nullable=False), height * width * channels)
    return [arrow.field("pixels", pixels, nullable=False, metadata=shape), arrow.field("path", arrow.string()), *named]


def _common_fields(arrow: Any) -> list[Any]:
    kinds = {
        "label": arrow.int64(),
        "group": arrow.string(),
        "split": arrow.string(),
        "source": arrow.string(),
        "width": arrow.int32(),
        "height": arrow.int32(),
        "format": arrow.string(),
        "crc32c": arrow.uint32(),
    }
    # no label is missing, but ``datasets`` takes its names only where the field is as it would have written it
    return [arrow.field(name, kind, nullable=name in ("group", "label")) for name, kind in kinds.items()]


def _other_fields(arrow: Any, columns: Columns) -> list[Any]:
    numbers = arrow.list_(arrow.float32())
    kinds = {
        "mask_crc32c": columns.mask and arrow.uint32(),
        "partner_crc32c": columns.partner and arrow.uint32(),
        "objects": columns.objects and arrow.list_(object_type()),
        "targets": columns.targets and arrow.list_(arrow.float32(), columns.targets),
        "extra": columns.extra and arrow.string(),
        "restart_offsets": columns.restarts and arrow.list_(arrow.uint32()),
        "phash": columns.hash and arrow.uint64(),
        "mean": columns.stats and numbers,
        "std": columns.stats and numbers,
    }
    return [arrow.field(name, kind) for name, kind in kinds.items() if kind]


def _features(columns: Columns, classes: Sequence[str]) -> dict[str, Any]:
    """What ``datasets`` cannot tell from the types; of lists it has other words in each version, and needs none."""
    found: dict[str, Any] = {name: {"_type": "Image"} for name in columns.images}
    return {**found, "label": {"names": list(classes), "_type": "ClassLabel"}} if classes else found
