"""feedline from a store that it packed: encoded files as they are, or rewritten with restart markers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from feedline.prepare import pack
from peers import feedline_float
from peers.job import Job

NEEDS = ["feedline", "pyarrow"]
PLAIN, MARKED = "threads, files as they are", "threads, restart markers"
VARIANTS = {PLAIN: False, MARKED: True}
CONVERTS = "a store of the same bytes"


def converted(job: Job) -> str:
    """The store; ``pack`` goes on with one that is not whole."""
    markers = VARIANTS[job.variant]
    folder = job.converted / ("feedline_markers.feed" if markers else "feedline.feed")
    if not (folder / "manifest.json").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        pack(job.source, folder, restart_markers=markers, progress=False)
    return str(folder)


def stream(job: Job) -> Iterator[Any]:
    return feedline_float.stream(Job(Path(converted(job)), job.converted, job.batch, job.variant, job.seed))
