"""Objects behind URLs that a folder or a table names: found below their root, and read whole."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tqdm import tqdm

from feedline._optional import require
from feedline.errors import DataError, DecodeError
from feedline.sources.files import is_foreign
from feedline.sources.problems import Finding
from feedline.sources.url_reader import is_url
from feedline.sources.url_system import UrlSystem


class UrlFiles:
    """Objects by their URLs, one request each; safe between threads, connected anew in each process.

    Args:
        root: the URL of the folder that names are relative to.
        options: what fsspec shall know; told to no other kind of server, and over http to no other server.
    """

    def __init__(self, root: str, options: Mapping[str, Any] | None = None) -> None:
        self.root = without_slash(root)
        self._system = UrlSystem(self.root, options)

    def place(self, name: str) -> str:
        """The URL of a name that ``inside`` gave."""
        if is_url(name):
            return name
        return prefix(self.root) + (quote(name) if is_http(self.root) else name)

    def inside(self, name: str, where: str, allow_outside: bool = False) -> str:
        """``name`` relative to the root; a whole URL where it is allowed to lie outside. Raises DataError."""
        begin = prefix(self.root)
        below = name.startswith(begin)
        if is_url(name) and ((allow_outside and not below) or (below and is_http(name) and not _climbs(name))):
            return name  # over http also one below the root, for it is quoted already
        short = name.replace("\\", "/")
        if below:
            short = unquote(name[len(begin) :]) if is_http(name) else name[len(begin) :]
        plain = posixpath.normpath(short) if short and "\0" not in short and not is_foreign(short) else "/"
        if plain[0] != "/" and plain.split("/")[0] != "..":
            return plain
        if plain[0] != "/" and allow_outside:
            return self._above(plain, name, where)
        raise DataError(
            f"{where}: {name!r} is no path below {self.root}: write paths relative to it into the table, "
            "give root= the URL of a folder that holds every file, or write whole URLs and give allow_outside=True "
            "if you trust whoever wrote this"
        )

    def _above(self, plain: str, name: str, where: str) -> str:
        scheme, _, rest = self.root.partition("://")
        path = posixpath.normpath(f"{rest}/{plain}")
        if path.split("/")[0] in ("..", "."):
            raise DataError(f"{where}: {name!r} leads above all that {self.root} lies in")
        return f"{scheme}://{quote(path, safe='/:@') if is_http(self.root) else path}"

    def read(self, url: str, index: int, note: str = "") -> bytes:
        """All bytes of an object, as it is now.

        Raises:
            DecodeError: unreadable; names URL and index, and ends in ``note``.
        """
        try:
            system, path = self._at(url)
            data: bytes = system.cat_file(path)
        except FileNotFoundError as error:
            raise DecodeError(f"no such object{note}", "unreadable", path=url, index=int(index)) from error
        except ImportError:
            raise
        except Exception as error:  # each kind of URL has errors of its own
            cause = f"{type(error).__name__}: {error}{note}"
            raise DecodeError(cause, "unreadable", path=url, index=int(index)) from error
        return data

    def missing(self, count: int, path: Callable[[int], str]) -> list[Finding]:
        """A finding for every sample whose object is not there or cannot be asked for; a request each."""
        self._system.connected()[0].invalidate_cache()
        causes = ((index, self._fault(path(index))) for index in tqdm(range(count), unit=" files", disable=None))
        return [Finding(path(index), index, "missing file", cause) for index, cause in causes if cause]

    def _fault(self, url: str) -> str:
        try:
            system, path = self._at(url)
            system.info(path)
        except FileNotFoundError:
            return "no such object"
        except ImportError:
            raise
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def _at(self, url: str) -> tuple[Any, str]:
        """The file system for a URL and the path in it."""
        begin = prefix(self.root)
        if url.startswith(begin):
            system, base = self._system.connected()
            return system, f"{base.rstrip('/')}/{url[len(begin) :]}"
        options = self._system.options if _is_same_server(url, self.root) else {}
        found: tuple[Any, str] = require("fsspec.core", "url").url_to_fs(url, **options)
        return found


def _climbs(url: str) -> bool:
    return ".." in unquote(url).replace("\\", "/").split("/")


def is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def without_slash(url: str) -> str:
    """Without the slashes at its end, save those of ``memory://``."""
    return url if url.endswith("://") else url.rstrip("/")


def prefix(url: str) -> str:
    """What the URLs of all that lies below a folder begin with."""
    return url if url.endswith("/") else url + "/"


def _is_same_server(url: str, root: str) -> bool:
    """Whether what one needs to know, such as passwords, is meant for the other; a bucket is no server."""
    ours, theirs = urlsplit(root), urlsplit(url)
    return ours.scheme == theirs.scheme and (not is_http(root) or ours.netloc == theirs.netloc)
