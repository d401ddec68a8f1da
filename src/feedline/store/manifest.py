"""What a store holds: the one file that says so, and that is exchanged whole."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError
from feedline.native.checksum import crc32c
from feedline.store.columns import Columns

NAME = "manifest.json"
FORMAT = "feedline store"
VERSION = 1
WHOLE = "all"
"""The split of samples that were never split."""
SPLIT_NAME = re.compile(r"\w[\w.]*")
SHARD_NAME = re.compile(r"\w[\w.]*-\d{5,}\.arrow")
"""Nothing that leads out of the folder, and nothing that means something in a URL."""
_MOST = 2**40
_LEAST = 8
"""Bytes of a row: its label's."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One record batch of a shard.

    Attributes:
        rows: samples in it.
        holes: (first byte in the file, bytes) of each run of image bytes in it, in their order.
        crc32c: of all bytes of the file behind the batch before it and before the end of this one's last hole that lie
            in no hole.
    """

    rows: int
    holes: tuple[tuple[int, int], ...]
    crc32c: int


@dataclass(frozen=True, slots=True)
class Shard:
    """One Arrow file.

    Attributes:
        file: its name.
        split: that of all its rows.
        bytes: its size.
        labels: how many rows each class has in it; those without a class are the rest.
        batches: in the order of the file.
        tail: CRC-32C of what lies behind the last hole.
    """

    file: str
    split: str
    bytes: int
    labels: tuple[int, ...]
    batches: tuple[Batch, ...]
    tail: int

    @property
    def rows(self) -> int:
        return sum(batch.rows for batch in self.batches)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is said of a store as a whole.

    Attributes:
        classes: their names.
        columns: what rows have.
        shards: in the order of their rows.
        recipe: how the store was made, in plain values.
        normalize: {"mean": [...], "std": [...]} that its images are meant to be scaled by, where white is 1; or None.
        versions: of what wrote it, by name.
        left_out: what was to go in and could not be read: path, index, kind and cause of each.
    """

    classes: tuple[str, ...]
    columns: Columns
    shards: tuple[Shard, ...]
    recipe: Mapping[str, Any] = field(default_factory=dict)
    normalize: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[Mapping[str, Any], ...] = ()

    def __len__(self) -> int:
        return sum(shard.rows for shard in self.shards)

    @property
    def splits(self) -> list[str]:
        """Their names, in the order of the shards."""
        return list(dict.fromkeys(shard.split for shard in self.shards))

    def counts(self, split: str | None = None) -> NDArray[np.int64]:
        """How many samples each class has, in a split or in all."""
        rows = [shard.labels for shard in self.shards if split in (None, shard.split)]
        counts = np.zeros(len(self.classes), np.int64)
        for row in rows:
            counts[: len(row)] += np.array(row, np.int64)
        return counts

    def text(self) -> str:
        """As it is written: JSON with a CRC-32C of the rest of it; equal for equal manifests."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "rows": len(self),
            "classes": list(self.classes),
            "columns": self.columns.as_dict(),
            "recipe": self.recipe,
            "normalize": self.normalize,
            "versions": self.versions,
            "left_out": list(self.left_out),
            "shards": [as_dict(shard) for shard in self.shards],
        }
        return _line({**content, "crc32c": checksum(content)})


def checksum(content: Mapping[str, Any]) -> int:
    """CRC-32C of a manifest's JSON without its ``crc32c``: keys as they stand, no blanks, ASCII, no end of line."""
    return crc32c(_dumped({name: value for name, value in content.items() if name != "crc32c"}).encode())


def stamp_of(shards: Sequence[Shard], classes: Sequence[str], columns: Columns) -> int:
    """CRC-32C of what a manifest says of these shards and classes: an append leaves it as it was."""
    return crc32c(_dumped([[as_dict(shard) for shard in shards], list(classes), columns.as_dict()]).encode())


def found(folder: Path) -> Manifest | None:
    """Of the store in a folder; None where there is none. Raises what ``read`` raises."""
    try:
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return None
    return read(text, str(folder / NAME))


def read(text: bytes, where: str) -> Manifest:
    """The manifest that ``text`` is.

    Args:
        text: the content of a store's ``manifest.json``.
        where: the file, in words, for errors.

    Raises:
        DataError: it is none, it was damaged, or it is of a later version.
    """
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r:.40}")
        if content["version"] != VERSION:
            raise DataError(
                f"{where} is of version {content['version']} of the format, and this feedline reads {VERSION}: "
                "update feedline"
            )
        if content["crc32c"] != checksum(content) or _line(content).encode() != text:
            raise DataError(f"{where} was damaged: its content and its checksum differ; put back a copy of it")
        return _checked(_manifest(content), content["rows"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DataError(f"{where} is no manifest of a store: {type(error).__name__}: {error!s:.200}") from error


def _manifest(content: Mapping[str, Any]) -> Manifest:
    classes = content["classes"]
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"classes must be names, not {classes!r:.80}")
    return Manifest(
        tuple(classes),
        Columns.from_dict(content["columns"]),
        tuple(map(shard_of, content["shards"])),
        dict(content["recipe"]),
        None if content["normalize"] is None else dict(content["normalize"]),
        dict(content["versions"]),
        tuple(dict(each) for each in content["left_out"]),
    )


def _checked(found: Manifest, rows: int) -> Manifest:
    """The manifest, where its parts fit each other; raises ValueError."""
    if len({shard.file for shard in found.shards}) != len(found.shards):
        raise ValueError("it names a shard twice")
    if len(found) != rows or any(shard.rows < sum(shard.labels) for shard in found.shards):
        raise ValueError("the rows of its shards are not as many as it says")
    if any(len(shard.labels) > len(found.classes) for shard in found.shards):
        raise ValueError("it counts more classes than it names")
    return found


def shard_of(said: Mapping[str, Any]) -> Shard:
    """Of what ``as_dict`` gave; raises ValueError, TypeError or KeyError where it is not of this form."""
    name = said["file"]
    if not isinstance(name, str) or not SHARD_NAME.fullmatch(name):
        raise ValueError(f"a shard must be called SPLIT-00000.arrow, not {name!r:.80}")
    batches = tuple(_batch(batch) for batch in said["batches"])
    size = whole(said["bytes"])
    last = 0
    for begin, length in (hole for batch in batches for hole in batch.holes):
        if begin < last or begin + length > size:
            raise ValueError(f"the holes of {name} do not lie one behind the other in the file")
        last = begin + length
    labels = tuple(whole(count) for count in said["labels"])
    if sum(batch.rows for batch in batches) * _LEAST > size:
        raise ValueError(f"{name} has more rows than its bytes can hold")
    return Shard(name, str(said["split"]), size, labels, batches, whole(said["tail"]))


def as_dict(shard: Shard) -> dict[str, Any]:
    """The shard in plain values."""
    return asdict(shard)


def _batch(said: Mapping[str, Any]) -> Batch:
    holes = tuple((whole(begin), whole(length)) for begin, length in said["holes"])
    return Batch(whole(said["rows"]), holes, whole(said["crc32c"]))


def whole(number: Any) -> int:
    """The number, where it is a whole one from 0; raises ValueError."""
    if type(number) is not int or not 0 <= number < _MOST:
        raise ValueError(f"expected a whole number from 0, not {number!r:.40}")
    return number


def _line(content: Mapping[str, Any]) -> str:
    return _dumped(content) + "\n"


def _dumped(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True)


def pieces(holes: Sequence[tuple[int, int]], begin: int, end: int) -> list[tuple[int, int]]:
    """(first byte, behind the last) of what lies from ``begin`` to ``end`` and in none of the holes there."""
    edges = [begin, *(edge for start, length in holes for edge in (start, start + length)), end]
    return [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if stop > start]


def gaps(shard: Shard) -> list[tuple[list[tuple[int, int]], int]]:
    """What of a shard's file is in no hole: for each batch its pieces and their CRC-32C, then those of the tail."""
    found, begin = [], 0
    for batch in shard.batches:
        end = max([begin, *(start + length for start, length in batch.holes)])
        found.append((pieces(batch.holes, begin, end), batch.crc32c))
        begin = end
    return [*found, (pieces((), begin, shard.bytes), shard.tail)]


def gaps_of(gaps: Sequence[tuple[Sequence[tuple[int, int]], int]], batch: int) -> range:
    """Which gaps of a shard hold what a batch says: some lies before its images, and some behind them."""
    last = batch + 1
    while last < len(gaps) - 1 and not gaps[last][0]:  # of a batch that has no image, and so lies in the next gap
        last += 1
    return range(batch, last + 1)
