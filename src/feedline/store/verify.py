"""Every byte of a store compared with its checksums."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from feedline.errors import DataError
from feedline.store import journal
from feedline.store.damage import Damage, damage_of
from feedline.store.left import is_passing
from feedline.store.manifest import NAME, SHARD_NAME, Manifest, read
from feedline.store.source import manifest_text


def verify(path: str | os.PathLike[str], *, progress: bool = True) -> list[Damage]:
    """Compares every byte of a store with its checksums, on all cores; all that is damaged, in the order of the files.

    Args:
        path: the folder, or its URL; behind a URL, files that the manifest does not name are not looked for.
        progress: shows a bar with rate and ETA where standard error is a terminal.

    Raises:
        DataError: there is no store, or none that was finished.
    """
    given = os.fspath(path)
    root = given.rstrip("/") if "://" in given else os.path.abspath(given)
    text = manifest_text(root, None)
    try:
        manifest = read(text, f"{root}/{NAME}")
    except DataError as error:
        return [Damage(NAME, f"all, bytes 0 to {len(text)}", -1, "", str(error))]
    total = sum(shard.bytes for shard in manifest.shards)
    found: list[Damage] = []
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=total, desc="verifying", unit="B", unit_scale=True, disable=None if progress else True) as bar,
    ):
        first = 0
        for shard in manifest.shards:
            found += damage_of(root, shard, manifest.columns, first, pool)
            first += shard.rows
            bar.update(shard.bytes)
    return [*found, *_additional(root, manifest)]


def unfinished(path: str | os.PathLike[str]) -> list[str]:
    """The names of the files that a job which was not finished left in a store's folder: no damage, and not in it."""
    folder = Path(path)
    if "://" in os.fspath(path) or not (folder / NAME).is_file():
        return []
    try:
        named = {shard.file for shard in read((folder / NAME).read_bytes(), str(folder)).shards}
    except DataError:
        named = set()
    begun = (folder / journal.NAME).is_file()
    others = {path.name for path in folder.iterdir()} - named
    of_job = {name for name in others if name == journal.NAME or (begun and SHARD_NAME.fullmatch(name))}
    return sorted(of_job | {name for name in others if is_passing(name)})


def _additional(root: str, manifest: Manifest) -> Iterator[Damage]:
    """Shards in the folder that no manifest names, and no unfinished job wrote."""
    if "://" in root:
        return
    known = {shard.file for shard in manifest.shards} | set(unfinished(root))
    for path in sorted(Path(root).iterdir()):
        if path.suffix == ".arrow" and path.name not in known:
            yield Damage(path.name, "the file", -1, "", "the manifest does not name it: it is no part of the store")
