"""A table behind a URL, fetched once into the user's cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tqdm import tqdm

from feedline._cache import cache_folder
from feedline._optional import require
from feedline.errors import DataError
from feedline.sources.url_files import is_http, without_slash
from feedline.sources.url_reader import UrlReader
from feedline.sources.url_system import UrlSystem


def fetched(url: str, options: Mapping[str, Any] | None = None) -> tuple[Path, str]:
    """The object at ``url`` as a file in the user's cache, and its state there; what another state left is removed.

    Raises:
        DataError: it is not there, cannot be reached or kept, or is replaced under way.
        ImportError: fsspec, or its package for this kind of URL, is not installed.
    """
    try:
        state = UrlReader(url, options).state()
        target = cache_folder() / "tables" / f"{_digest(url)}-{_digest(state)}"
        if not target.is_file():
            _fetch(url, options, target)
            if UrlReader(url, options).state() != state:
                target.unlink()
                raise DataError(f"{url} was replaced while it was fetched: open it again")
    except FileNotFoundError as error:
        raise DataError(f"no such file: {url}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"cannot fetch {url}: {getattr(error, 'strerror', None) or error}") from error
    return target, state


def folder_of(url: str) -> str:
    """The URL of the folder that a file lies in; without what follows a question mark over http."""
    if is_http(url):
        parts = urlsplit(url)
        url = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return without_slash(url.rpartition("/")[0] + "/")


def _fetch(url: str, options: Mapping[str, Any] | None, target: Path) -> None:
    """Writes the object to ``target``, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    system, path = UrlSystem(url, options).connected()
    how = {"desc": "fetching", "unit": "B", "unit_scale": True, "disable": None, "delay": 1}
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        part = os.path.join(folder, "part")
        with require("fsspec.callbacks", "url").TqdmCallback(tqdm_kwargs=how, tqdm_cls=tqdm) as callback:
            try:
                system.get_file(path, part, callback=callback)
            except (OSError, ValueError):
                raise
            except Exception as error:  # each kind of URL has errors of its own
                raise DataError(f"cannot fetch {url}: {type(error).__name__}: {error}") from error
        with open(part, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(part, target)
    for other in target.parent.glob(f"{target.name.split('-')[0]}-*"):
        if other != target:
            other.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
