"""SHA-256 of files, computed once."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from feedline._atomic import write_whole
from feedline._cache import cache_folder
from feedline.sources.saved import state_of

_STEP = 2**20
_SETTLED = 2.0  # seconds: no file system's clock is coarser


def sha256_of(path: Path, *, progress: bool = True) -> str:
    """The file's digest in 64 hexadecimal digits, from the user's cache where it was computed before.

    It is remembered by the file's path, size and times of change; that of a file that changed less than two seconds ago
    is not, for it may change again without another time.

    Raises:
        OSError: the file cannot be read.
    """
    memory = cache_folder() / "digests" / f"{hashlib.blake2b(os.fsencode(path.absolute()), digest_size=12).hexdigest()}"
    state, status = state_of(path), os.stat(path)
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(memory.read_bytes())
        if known["state"] == state:
            return str(known["sha256"])
    found = _computed(path, status.st_size, progress)
    if time.time() - max(status.st_mtime, status.st_ctime) > _SETTLED and state_of(path) == state:
        with suppress(OSError):  # what cannot be remembered is computed again
            memory.parent.mkdir(parents=True, exist_ok=True)
            write_whole(memory, json.dumps({"state": state, "sha256": found}))
    return found


def _computed(path: Path, size: int, progress: bool) -> str:
    digest = hashlib.sha256()
    about = f"checking {path.name}"
    with (
        open(path, "rb") as stream,
        tqdm(total=size, desc=about, unit="B", unit_scale=True, disable=None if progress else True, leave=False) as bar,
    ):
        while part := stream.read(_STEP):
            digest.update(part)
            bar.update(len(part))
    return digest.hexdigest()
