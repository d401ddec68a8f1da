"""The shares of an iterable-style dataset before a pass: what state their datasets are in."""

from __future__ import annotations

from typing import Any

from torch.utils.data import IterableDataset

from feedline.loader.foreign import states_of
from feedline.loader.progress import Progress, Snapshot, Stream, begins


def begin_streams(loader: Any, before: Progress | None) -> list[Stream]:
    """One for each worker, or one without workers; none for a map-style dataset.

    Args:
        loader: whose dataset it is; new workers have a copy of it as it is now.
        before: the pass that these very workers made before, if they did: it left their copies as it says.
    """
    if not isinstance(loader.dataset, IterableDataset):
        return []
    if before is not None and before.streams:
        return [_from(None if again is None else again.state) for again in map(begins, _finals(before))]
    state = states_of({"dataset": loader.dataset})
    return [_from(state) for _ in range(max(1, loader.num_workers))]


def _finals(progress: Progress) -> list[Any]:
    return [stream.final for stream in progress.streams]


def _from(state: Any) -> Stream:
    return Stream() if state is None else Stream(snapshot=Snapshot(0, state))
