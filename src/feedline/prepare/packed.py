"""What is said before and after a pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedline.store import Manifest

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a store will take.

    Attributes:
        count: samples.
        bytes: of the store, about.
        shards: its files.
        free: bytes that the disk has.
    """

    count: int
    bytes: int
    shards: int
    free: int

    def __str__(self) -> str:
        short = "" if self.bytes < self.free else f"; the disk has {_size(self.free)} only"
        return f"{self.count:,} images, about {_size(self.bytes)} in {_files(self.shards)}{short}"


@dataclass(frozen=True, slots=True)
class Packed:
    """A store that was written.

    Attributes:
        path: its folder.
        manifest: what it holds, and held before.
        inputs: how many samples were to go in.
        read: how many were read now; the rest had been by a run that was interrupted.
        broken: those that were left out: path, index among the inputs, kind and cause.
    """

    path: Path
    manifest: Manifest
    inputs: int
    read: int
    broken: tuple[Mapping[str, Any], ...]

    @property
    def written(self) -> int:
        """How many went in."""
        return self.inputs - len(self.broken)

    def lines(self, *, lasting: bool = False) -> list[str]:
        """The report, for people; what is ``lasting`` of it is the same however often the work was interrupted."""
        size = sum(shard.bytes for shard in self.manifest.shards)
        place = self.path.name if lasting else self.path
        found = [
            f"{place}: {self.written:,} of {self.inputs:,} images went in, {len(self.broken):,} broken; "
            f"{_size(size)} in {_files(len(self.manifest.shards))}"
        ]
        if self.read < self.inputs and not lasting:
            found.append(f"{self.inputs - self.read:,} images had been read before")
        found += [_told(each) for each in self.broken[:_SHOWN]]
        if len(self.broken) > _SHOWN:
            found.append(f"... and {len(self.broken) - _SHOWN:,} more")
        return found


def _told(broken: Mapping[str, Any]) -> str:
    return f"broken: {broken['path']} (index {broken['index']}): {broken['kind']}: {broken['cause']}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _size(count: int) -> str:
    """Bytes in words."""
    value, unit = float(count), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
