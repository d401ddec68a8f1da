"""Each process's own connection to where a URL leads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from feedline._optional import require


class UrlSystem:
    """The file system of a URL and the path in it, by fsspec; connected when first asked for.

    What was connected before a fork is the parent's: a child makes its own, and so does whoever unpickles it.

    Args:
        url: a file or a folder.
        options: what fsspec shall know.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self.url = url
        self.options = dict(options or {})
        self._made: dict[int, tuple[Any, str]] = {}

    def connected(self) -> tuple[Any, str]:
        """The file system and the path in it; raises ImportError without the package, ValueError for unknown URLs."""
        found = self._made.get(os.getpid())
        if found is None:
            made = require("fsspec.core", "url").url_to_fs(self.url, **self.options)
            found = self._made.setdefault(os.getpid(), made)
        return found

    def close(self) -> None:
        self._made = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}}
