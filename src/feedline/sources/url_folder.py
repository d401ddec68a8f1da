"""A folder of images behind a URL: class folders, splits of such, or images without classes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from feedline.errors import DataError
from feedline.sources.class_folders import check_top, choose_split, class_arrays, unpack_names
from feedline.sources.path_table import PathTable
from feedline.sources.saved import Arrays, saved_while
from feedline.sources.scan import is_image
from feedline.sources.url_files import UrlFiles, is_http, prefix, without_slash
from feedline.sources.url_system import UrlSystem
from feedline.sources.warn import warn
from feedline.types import Record, Spec


class UrlFolderSource:
    """Images in class folders behind a URL that can be listed: ``s3://``, ``gs://``, ``memory://`` and the like.

    Classes, their order, that of the files, splits, and which names count are as in a ``FolderSource``. The URL is
    listed at each opening, for nothing tells cheaply whether a listing is still true: the top folder, then each
    class with all that is below it. Worker processes map the list from the user's cache, and list nothing. An object
    is read whole, in one request, as it is then.

    Over ``http(s)://`` nothing can be listed: open a tar or a table of paths there.

    Args:
        url: the folder.
        split: the split to open, by any of its names in any case, or another folder in ``url``.
        storage_options: what fsspec shall know, such as ``{"anon": True}`` or an ``endpoint_url``. It goes with the
            source to worker processes, and into no file.

    Raises:
        DataError: nothing there, no image, a class folder without an image, folders named like splits and no
            ``split``, no such split, a URL that cannot be listed, or one of http(s).
        ImportError: fsspec, or its package for this kind of URL, is not installed.
    """

    has_files = True
    groups = None
    spec = Spec(None, None, None)

    def __init__(self, url: str, split: str | None = None, *, storage_options: Mapping[str, Any] | None = None) -> None:
        if is_http(url):
            raise DataError(
                f"{url} cannot be listed, for http has no folders: open the URL of a tar, or of a table "
                "(CSV, JSON lines, Parquet) with the images' paths relative to it"
            )
        given = without_slash(url)
        self._name = f"{given!r}" if split is None else f"{given!r}, split={split!r}"
        if split is not None:
            found = choose_split(given, split, sorted(_Listing(given, storage_options).top()[1]))
            given = prefix(given) + found
        self._files = UrlFiles(given, storage_options)
        options = json.dumps(dict(storage_options or {}), sort_keys=True, default=lambda other: type(other).__name__)
        listing = _Listing(given, storage_options)
        self._take(saved_while(f"url folder 1 {given} {options}", lambda _: False, lambda: _index(given, listing)))
        if strays := int(self._arrays["strays"][0]):
            warn(f"{strays} image files lie directly in {given}, in no class: left out")

    def _take(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self._names = PathTable.of(arrays)
        self._labels = arrays["labels"]
        self.classes = unpack_names(arrays["classes"], "/")
        self.targets: NDArray[np.int64] = arrays["targets"]

    @property
    def root(self) -> str:
        """The URL of the folder that holds the classes."""
        return self._files.root

    def __len__(self) -> int:
        return len(self._names)

    def path(self, index: int) -> str:
        """The URL of the image."""
        return prefix(self.root) + self._names[index]

    def label(self, index: int) -> int:
        """The label of one sample, without the array of all."""
        return int(self._labels[self._names.group(index)])

    @property
    def nbytes(self) -> int:
        """What the index takes, in bytes, once for all processes."""
        return sum(array.nbytes for array in self._arrays.values())

    def __getitem__(self, index: int) -> Record:
        url = self.path(index)
        return Record(self._files.read(url, index), self.label(index), url)

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        return [self[index] for index in indices]

    def __getstate__(self) -> dict[str, Any]:
        return {"_name": self._name, "_files": self._files, "_arrays": self._arrays}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self._name, self._files = kept["_name"], kept["_files"]
        self._take(kept["_arrays"])

    def __repr__(self) -> str:
        return f"UrlFolderSource({self._name})"


class _Listing:
    """What lies below a URL; asks anew, and lets fsspec keep no list of a million names."""

    def __init__(self, url: str, options: Mapping[str, Any] | None) -> None:
        self._system = UrlSystem(url, options)

    def top(self) -> tuple[list[str], list[str]]:
        """The names of the images directly in the folder, sorted, and of the folders in it; raises DataError."""
        found = self._asked("ls", "")
        kinds = {name: entry["type"] for entry in found if (name := self._relative(entry["name"])) and "/" not in name}
        images = sorted(name for name, kind in kinds.items() if kind != "directory" and is_image(name))
        return images, [name for name, kind in kinds.items() if kind == "directory" and name[0] != "."]

    def below(self, folder: str) -> list[tuple[str, list[str]]]:
        """(path from the top, names) of every folder with images at and below ``folder``, by their paths' order."""
        found: dict[str, list[str]] = {}
        for full in self._asked("find", folder):
            path, _, name = self._relative(full).rpartition("/")
            if is_image(name) and "/." not in path:
                found.setdefault(path, []).append(name)
        return [(path, sorted(found[path])) for path in sorted(found)]

    def _asked(self, how: str, folder: str) -> list[Any]:
        try:
            system, root = self._system.connected()
            system.invalidate_cache()
            path = f"{root.rstrip('/')}/{folder}" if folder else root
            found: list[Any] = system.ls(path, detail=True) if how == "ls" else system.find(path)
            system.invalidate_cache()
        except FileNotFoundError as error:
            raise DataError(f"no such folder: {self._system.url}") from error
        except ImportError:
            raise
        except Exception as error:  # each kind of URL has errors of its own
            raise DataError(f"cannot list {self._system.url}: {type(error).__name__}: {error}") from error
        return found

    def _relative(self, full: str) -> str:
        begin = self._system.connected()[1].rstrip("/") + "/"
        return full.removeprefix(begin).rstrip("/") if full.startswith(begin) else ""


def _index(url: str, listing: _Listing) -> dict[str, NDArray[Any]]:
    images, folders = listing.top()
    classes = sorted(folders)
    check_top(url, images, classes)
    arrays = class_arrays(url, images, _by_class(listing, classes))
    return {**arrays, "strays": np.array([len(images) if classes else 0])}


def _by_class(listing: _Listing, classes: list[str]) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    for name in tqdm(classes, desc="listing", unit=" classes", disable=None, delay=1):
        yield name, listing.below(name)
