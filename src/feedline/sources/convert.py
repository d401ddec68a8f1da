"""A compressed archive, unpacked once to be read by place."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from tqdm import tqdm

from feedline._atomic import replacing
from feedline._cache import cache_folder
from feedline.errors import DataError
from feedline.sources.compressed import DAMAGE, unpacking
from feedline.sources.saved import state_of

LIMIT = 2**37
"""How many bytes a file may unpack to (128 GiB), where nobody says otherwise."""

_STEP = 2**20
_RESERVE = 2**29
"""What a conversion leaves free on the disk."""


def converted(path: str | os.PathLike[str], limit: int = LIMIT) -> Path:
    """The compressed file unpacked in the user's cache: from before, or now; what another state of it left is removed.

    Raises:
        DataError: as :func:`convert`; or the cache cannot be written.
        OSError: the file cannot be read.
    """
    name, state = _digest(os.path.abspath(path)), _digest(state_of(path))
    target = cache_folder() / "archives" / f"{name}-{state}.tar"
    try:
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            convert(path, target, limit)
            for other in target.parent.glob(f"{name}-*.tar"):
                if other != target:
                    other.unlink(missing_ok=True)
    except OSError as error:
        if error.filename == os.fspath(path):
            raise
        raise DataError(
            f"cannot write what {os.fspath(path)} unpacks to into the cache folder {cache_folder()}: "
            f"{error.strerror or error}; set FEEDLINE_CACHE to a folder that can be written, or unpack it yourself"
        ) from error
    return target


def convert(source: str | os.PathLike[str], target: str | os.PathLike[str], limit: int = LIMIT) -> None:
    """Unpacks a gzip, bzip2 or xz file to ``target``, whole or not at all, with a bar of the bytes read.

    Args:
        source: such as ``x.tar.gz``.
        target: such as ``x.tar``; what lies there is replaced.
        limit: how many bytes it may unpack to.

    Raises:
        DataError: it is cut or damaged, unpacks to more than the limit or than the disk holds, or is not compressed.
        OSError: a file cannot be read or written.
    """
    folder = Path(target).absolute().parent
    total = os.path.getsize(source)
    _check_room(folder, total, source)
    with open(source, "rb") as file, replacing(target) as out:
        stream = unpacking(file)
        desc = f"converting {os.path.basename(source)}"
        with tqdm(total=total, desc=desc, unit="B", unit_scale=True, disable=None) as bar:
            while part := _part(stream, source):
                out.write(part)
                bar.update(file.tell() - bar.n)
                _check_limit(out.tell(), limit, source)
                if out.tell() % (64 * _STEP) < len(part):
                    _check_room(folder, 64 * _STEP, source)


def _part(stream: Any, source: str | os.PathLike[str]) -> bytes:
    try:
        part: bytes = stream.read(_STEP)
    except DAMAGE as error:
        raise DataError(f"{os.fspath(source)} is cut or damaged and not converted: {error}") from error
    return part


def _check_limit(count: int, limit: int, source: str | os.PathLike[str]) -> None:
    if count > limit:
        raise DataError(
            f"{os.fspath(source)} unpacks to more than {limit:,} bytes: if it may, convert it with "
            "feedline.sources.convert.convert(source, target, limit=...)"
        )


def _check_room(folder: Path, needed: int, source: str | os.PathLike[str]) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _RESERVE:
        raise DataError(
            f"no room to convert {os.fspath(source)}: {free:,} bytes are free in {folder}, and {needed:,} and a "
            f"reserve of {_RESERVE:,} are needed; free some, or set FEEDLINE_CACHE to a folder on a larger disk"
        )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
