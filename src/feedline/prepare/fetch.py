"""A file from a URL, or from where it lies, whole and checked."""

from __future__ import annotations

import os
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from feedline.errors import DataError
from feedline.prepare.digest import sha256_of
from feedline.prepare.download import Offline, download
from feedline.prepare.locked import locked

_REMOTE = ("http", "https")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file shall be.

    Attributes:
        size: in bytes, where it is known.
        sha256: in 64 small hexadecimal digits, where it is known.
    """

    size: int | None = None
    sha256: str | None = None

    def __str__(self) -> str:
        size = "" if self.size is None else f" of {self.size:,} bytes"
        return size + ("" if self.sha256 is None else f" with the SHA-256 {self.sha256}")

    def check(self, path: Path, progress: bool, then: str) -> None:
        """Raises a DataError, which ends with ``then``, where the file is another."""
        size = path.stat().st_size
        if self.size is not None and size != self.size:
            raise DataError(f"{path} must have {self.size:,} bytes, and has {size:,}: {then}")
        found = None if self.sha256 is None else sha256_of(path, progress=progress)
        if found != self.sha256:
            raise DataError(f"{path} must have the SHA-256 {self.sha256}, and has {found}: {then}")


def fetch(
    url_or_path: str | os.PathLike[str],
    target_folder: str | os.PathLike[str],
    *,
    size: int | None = None,
    sha256: str | None = None,
    progress: bool = True,
    tries: int = 4,
    wait: float = 1.0,
) -> Path:
    """The path of the file: downloaded into the folder, or where it lies when it is a local one; checked either way.

    What is downloaded is NAME.part until it is whole and right. What an earlier run left of it is continued, where the
    server can and says (by an ETag or a date) or a SHA-256 proves that the file is still the same. A file that is there
    already is checked and used, and never overwritten. The digest is computed once for each state of the file.

    Args:
        url_or_path: http, https or file URL, or a path.
        target_folder: where the file comes to lie; made where it is not there.
        size: the file's bytes.
        sha256: its digest, in hexadecimal digits.
        progress: shows bars where standard error is a terminal.
        tries: how often in a row a server may fail without a byte more.
        wait: seconds before the second try, doubled before each further one.

    Raises:
        DataError: there is no such file, the server cannot be reached or has it not, or it is another file than wanted.
        ValueError: a digest or a size that is none, or a URL of another kind.
    """
    wanted = _wanted(size, sha256)
    place = os.fspath(url_or_path)
    scheme = urllib.parse.urlsplit(place).scheme if "://" in place else ""
    if scheme in _REMOTE:
        return _remote(place, Path(target_folder), wanted, progress, tries, wait)
    if scheme not in ("", "file"):
        raise ValueError(f"what is fetched must be an http, https or file URL or a path, not {place}")
    path = Path(urllib.request.url2pathname(urllib.parse.urlsplit(place).path) if scheme else place)
    if not path.is_file():
        raise DataError(f"no such file: {path.absolute()}; put the file{wanted} there")
    wanted.check(path, progress, "take another file, or correct what is wanted")
    return path


def _wanted(size: int | None, sha256: str | None) -> Wanted:
    if size is not None and size < 0:
        raise ValueError(f"size must be a number of bytes, not {size}")
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise ValueError(f"sha256 must be 64 hexadecimal digits, not {sha256!r}")
    return Wanted(size, None if sha256 is None else sha256.lower())


def _remote(url: str, folder: Path, wanted: Wanted, progress: bool, tries: int, wait: float) -> Path:
    target = folder / _name(url)
    folder.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        with locked(folder / f"{target.name}.lock", f"fetching {target}"):
            if not target.exists():
                _download(url, target, wanted, progress, tries, wait)
                return target
    if not target.is_file():
        raise DataError(f"{target} is no file: move it away, and it is fetched from {url}")
    wanted.check(target, progress, f"move it away, and it is fetched from {url}")
    return target


def _name(url: str) -> str:
    """The file's name: the end of the URL's path."""
    name = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1])
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError(f"a URL to fetch must end with the name of a file: {url}")
    return name


def _download(url: str, target: Path, wanted: Wanted, progress: bool, tries: int, wait: float) -> None:
    """A part from before that a digest proves to be of another file is fetched once more, from the beginning."""
    part = target.with_name(f"{target.name}.part")
    bad = target.with_name(f"{target.name}.bad")
    while True:
        begun = part.exists()
        try:
            download(url, part, wanted.size, wanted.sha256 is not None, progress=progress, tries=tries, wait=wait)
        except Offline as error:
            raise DataError(
                f"cannot reach {url} ({error}): try again later, or put {target.name}{wanted} from there into "
                f"{target.absolute().parent}"
            ) from error
        try:
            wanted.check(part, progress, f"what came from {url} is kept as {bad}")
        except DataError:
            os.replace(part, bad)
            if begun:
                continue
            raise
        os.replace(part, target)
        bad.unlink(missing_ok=True)
        return
