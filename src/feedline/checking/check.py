"""Every sample read and decoded once, before the work that depends on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from tqdm import tqdm

from feedline.checking.memory import CheckMemory
from feedline.codecs import probe
from feedline.codecs.check import Problem, check_data, check_file
from feedline.errors import DecodeError
from feedline.sources import Finding, FolderSource
from feedline.subsets import AnyDataset
from feedline.turning import outside, turned
from feedline.types import Mode, Record

_ON_A_SIDE = 5  # this orientation and those behind it
_AHEAD = 256  # samples handed to the threads beyond the one that is due

Look = Callable[[int], Problem | None]


def check(dataset: AnyDataset, *, progress: bool = True, remember: bool = True) -> list[Problem]:
    """Reads and decodes every sample of the dataset fully, on all cores; the broken ones, in the order of their index.

    First comes what the source found wrong when it was opened (annotations), with index -1 where that is no sample's.
    A file that was checked before and has neither another size nor another time of change is not decoded again.

    Args:
        dataset: whose samples.
        progress: shows a bar with rate and ETA where standard error is a terminal.
        remember: uses and renews what is remembered of files in the user's cache folder.
    """
    source = dataset.source
    files = isinstance(source, FolderSource)
    memory = CheckMemory(str(getattr(source, "root", "")) if files and remember else None, dataset.mode)
    problems = [_noted(finding) for finding in getattr(source, "problems", ())]
    with (
        tqdm(total=len(dataset), desc="checking", unit=" samples", disable=None if progress else True) as bar,
        memory,
    ):
        for problem in _outcomes(len(dataset), _file(dataset, memory) if files else _record(dataset)):
            bar.update()
            if problem is not None:
                problems.append(problem)
    return problems


def _file(dataset: AnyDataset, memory: CheckMemory) -> Look:
    """Each sample is a file of its own."""
    paths = dataset.paths
    look = partial(check_file, mode=dataset.mode)
    return lambda index: memory.recall(paths[index], index, look)


def _record(dataset: AnyDataset) -> Look:
    """Samples lie in something: what the source can read of them is decoded, and so is what belongs to them."""
    source = dataset.source

    def look(index: int) -> Problem | None:
        place = dataset.root_index(index)
        try:
            record = source[place]
        except DecodeError as error:
            return Problem(error.path or source.path(place), index, error.kind, error.cause)
        for part, name in ((record.data, ""), (record.mask, "mask"), (record.partner, "partner")):
            path = str(record.extra.get(f"{name}_path", f"{record.path} (its {name})")) if name else record.path
            mode: Mode = "unchanged" if name == "mask" else dataset.mode
            problem = check_data(part, path, index, mode) if isinstance(part, bytes) else None
            if problem is not None and not (name == "mask" and problem.kind == "blank"):
                return problem
        return _wrong_box(record, index)

    return look


def _wrong_box(record: Record, index: int) -> Problem | None:
    """Of a picture that can be read, the first object that does not lie in it."""
    if record.objects is None or not isinstance(record.data, bytes):
        return None
    header = probe(record.data)
    objects, _ = turned(record.objects, record.extra, header.orientation, header.width, header.height)
    size = (header.width, header.height) if header.orientation < _ON_A_SIDE else (header.height, header.width)
    causes = outside(objects, *size)
    return Problem(record.path, index, "annotation", causes[0]) if causes else None


def _noted(finding: Finding) -> Problem:
    """What the source found when it was opened; of the whole where it has no index."""
    index = -1 if finding.index is None else finding.index
    if finding.kind == "truncated":
        return Problem(finding.path, index, "truncated", finding.cause)
    return Problem(finding.path, index, "annotation", f"{finding.kind}: {finding.cause}")


def _outcomes(count: int, look: Look) -> Iterator[Problem | None]:
    """One outcome a sample, in the order of their index, with a bounded number of them under way."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        indices = iter(range(count))
        futures = [pool.submit(look, index) for index in islice(indices, _AHEAD)]
        for place in range(count):
            yield futures[place % _AHEAD].result()
            for index in islice(indices, 1):
                futures[place % _AHEAD] = pool.submit(look, index)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
