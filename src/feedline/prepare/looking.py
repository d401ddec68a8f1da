"""What samples are like, by a few of them: which mode suits them, and which columns their rows need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from feedline.codecs import probe
from feedline.errors import DataError, DecodeError
from feedline.prepare.inputs import Inputs, spaced
from feedline.prepare.making import How, plain
from feedline.store import Columns
from feedline.types import Mode, Record

_LOOKS = 64
_ALSO = frozenset({"mask", "partner", "objects", "extra"})


def looked_at(inputs: Inputs) -> list[Record]:
    """Some samples that can be read, evenly spaced: what the rest is like."""
    found = []
    for place in spaced(len(inputs), _LOOKS):
        try:
            found.append(inputs.origin(place).source[int(inputs.indices[place])])
        except DecodeError:
            continue
    if not found:
        raise DataError("none of the samples that were looked at can be read")
    return found


def mode_of(mode: Mode | None, raw: tuple[int, int] | None, seen: list[Record]) -> Mode:
    """Of raw pixels out of files: grey where all that were looked at are."""
    if mode is not None or not isinstance(seen[0].data, bytes):
        return mode or "unchanged"
    if raw is None:
        return "unchanged"
    return "L" if all(_channels(record) <= 2 for record in seen) else "RGB"


def _channels(record: Record) -> int:
    if not isinstance(record.data, bytes):
        return int(record.data.shape[2])
    try:
        return probe(record.data).channels
    except DecodeError:
        return 0


def columns_of(how: How, seen: list[Record], also: Sequence[str] = ()) -> Columns:
    """What rows will have, by what some samples have, and what is known besides.

    Raises:
        ValueError: something else is known besides than there is.
    """
    if set(also) - _ALSO:
        raise ValueError(f"also says {', '.join(sorted(_ALSO))}, not {', '.join(sorted(set(also) - _ALSO))}")
    arrays = not isinstance(seen[0].data, bytes)
    shape = None
    if how.raw is not None or arrays:
        size = how.raw or np.asarray(seen[0].data).shape[:2]
        channels = {"RGB": 3, "RGBA": 4, "L": 1}.get(how.mode) or int(np.asarray(seen[0].data).shape[2])
        shape = (int(size[0]), int(size[1]), channels)
    targets = {len(record.extra["targets"]) for record in seen if "targets" in record.extra}
    apart = shape is not None or how.short_side is not None
    return Columns(
        shape,
        mask="mask" in also or any(record.mask is not None for record in seen),
        partner="partner" in also or any(_has_partner(record, apart) for record in seen),
        objects="objects" in also or any(record.objects is not None for record in seen),
        targets=max(targets, default=0),
        extra="extra" in also or any(plain(record.extra) for record in seen),
        restarts=how.restart_markers,
        hash=how.hash,
        stats=how.stats,
    )


def _has_partner(record: Record, apart: bool) -> bool:
    """Whether a row of it will have one: of two side by side, where they are taken apart."""
    return record.partner is not None or (apart and "side_by_side" in record.extra)
