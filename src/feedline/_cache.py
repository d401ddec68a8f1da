"""Where feedline remembers what it may forget: the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Where feedline remembers: ``$FEEDLINE_CACHE``, else ``feedline`` in the user's cache folder."""
    given = os.environ.get("FEEDLINE_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "feedline"
