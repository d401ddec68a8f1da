"""Every file decoded once, before the work that depends on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from tqdm import tqdm

from feedline.codecs.check import Problem, check_file
from feedline.dataset import ImageDataset
from feedline.prepare.memory import CheckMemory

_AHEAD = 256  # files handed to the threads beyond the one that is due


def check(dataset: ImageDataset, *, progress: bool = True, remember: bool = True) -> list[Problem]:
    """Decodes every file of the dataset fully, on all cores; the broken ones, in the order of their index.

    A dataset of arrays has no files and no problems. A file that was checked before and has neither another size nor
    another time of change is not decoded again.

    Args:
        dataset: whose files.
        progress: shows a bar with rate and ETA where standard error is a terminal.
        remember: uses and renews what is remembered in the user's cache folder.
    """
    if not dataset.source.has_files:
        return []
    memory = CheckMemory(str(getattr(dataset.source, "root", "")) if remember else None)
    problems = []
    with (
        tqdm(total=len(dataset), desc="checking", unit=" files", disable=None if progress else True) as bar,
        memory,
    ):
        for problem in _outcomes(dataset, memory):
            bar.update()
            if problem is not None:
                problems.append(problem)
    return problems


def _outcomes(dataset: ImageDataset, memory: CheckMemory) -> Iterator[Problem | None]:
    """One outcome a file, in the order of their index, with a bounded number of files under way."""
    paths = dataset.paths

    def look(index: int) -> Problem | None:
        return memory.recall(paths[index], index, check_file)

    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        indices = iter(range(len(dataset)))
        futures = [pool.submit(look, index) for index in islice(indices, _AHEAD)]
        for place in range(len(dataset)):
            yield futures[place % _AHEAD].result()
            for index in islice(indices, 1):
                futures[place % _AHEAD] = pool.submit(look, index)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
