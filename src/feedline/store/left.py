"""What a writer that was killed left in a folder, and what the next one makes of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from feedline.errors import DataError
from feedline.store import journal as journals
from feedline.store import manifest as manifests
from feedline.store.journal import Progress
from feedline.store.manifest import SHARD_NAME, Manifest
from feedline.store.part import part_of

Left = tuple[Mapping[str, Any], Progress] | None
"""A job that was left unfinished: what it was, and how far it says to be."""
_PASSING = re.compile(rf"\.{SHARD_NAME.pattern}\.(part|begun)|\.(manifest\.json|\.journal)\.\w{{8}}")
"""Files that are there while a writer is: a shard under way, and what is about to take the place of another file."""


def left_in(folder: Path, *, restart: bool) -> Left:
    """The unfinished job of a folder; of one that is to be thrown away, a journal that is none is no error."""
    with suppress(*([DataError] if restart else [])):
        return journals.read(folder)
    return None


def require_own(folder: Path) -> None:
    """Raises DataError where files lie in a new store's folder that somebody else wrote."""
    if any((folder / name).exists() for name in (manifests.NAME, journals.NAME)):
        return
    other = sorted(path.name for path in folder.iterdir() if path.suffix == ".arrow" and path.name[0] != ".")
    if other:
        raise DataError(f"{folder} is no store and has {other[0]} in it: give the name of an empty or a new folder")


def committed(there: Manifest | None, left: Left, job: Mapping[str, Any]) -> Manifest | None:
    """The store, where this very job wrote it and was killed before it could take its journal away."""
    if left is None or not of_store(there, left):
        return None
    passing = {"base", "versions"}
    same = not set(differing(left[0], job)) - passing
    return there if same else None


def of_store(there: Manifest | None, left: Left) -> bool:
    """Whether all that is left of a job is in the store."""
    if there is None or left is None or left[1].steps or not left[1].shards:
        return False
    return set(left[1].shards) <= set(there.shards)


def clean(folder: Path, base: Manifest | None, progress: Progress) -> None:
    """Shards that were closed get their place; files that are no part of the store or of the job are removed."""
    for shard in progress.shards:
        part = part_of(folder / shard.file)
        if part.is_file() and part.stat().st_size == shard.bytes:
            os.replace(part, folder / shard.file)
    whole = {shard.file for shard in (*progress.shards, *(base.shards if base else ()))}
    parts = {part_of(folder / step.file).name for step in progress.steps}
    for path in sorted(folder.iterdir()):
        if (SHARD_NAME.fullmatch(path.name) or is_passing(path.name)) and path.name not in whole | parts:
            path.unlink()


def is_passing(name: str) -> bool:
    """Whether a writer that was killed may have left a file of this name, which the next one takes away."""
    return _PASSING.fullmatch(name) is not None


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of what is not equal in the two."""
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
