"""The loader's state as plain data: what ``state_dict`` gives and ``load_state_dict`` takes.

Version 1, a dictionary that JSON can hold (the states of the user's own samplers and datasets apart):

    version     1
    epoch       the number of the pass that it describes, from 0
    seed        what samples' randomness depends on, once it was drawn or given, else None
    batch       so many batches of that pass were yielded without a gap
    ahead       further ones (in_order=False): runs of numbers, [first, behind the last]
    errors      so many samples of it could not be made
    begun       how the pass began: fresh, twice, base_seed, offset; None before a pass
    told        the epoch that a sampler which is not ours was told, where it knows one, else None
    workers     before a pass, the base seed of workers that persist (it is not drawn again), else None
    generators  what the order began from, or will: states of torch's generators (packed, as text) by name
    sampler     {"at", "state"} of a sampler that has a state of its own, else None
    streams     for an iterable-style dataset, a worker each: {"batches", "ended", "at", "state"}; else []; at the end
                of a pass what its workers are left with, where they make the next one too
    turn        the worker whose share is next
    dataset     the state of a map-style dataset that has one, else None
    data        what must match: samples, batch_size, drop_last, sampler, order
"""

from __future__ import annotations

import base64
import binascii
import copy
import zlib
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch.utils.data import DataLoader, IterableDataset

from feedline.loader.damage import check_whole
from feedline.loader.order import Begun, batch_size, inner_sampler, own_generators, snapshot, stateful, tellable, told
from feedline.loader.progress import Progress, Snapshot, saved_streams, streams_of
from feedline.loader.streams import begin_streams
from feedline.samplers import KeyedSampler, ShardedSampler

VERSION = 1
_BEGUN = ("fresh", "twice", "base_seed", "offset")


@dataclass(frozen=True)
class Saved:
    """A state, read: from where the next pass begins."""

    seed: int | None
    progress: Progress
    begun: Begun | None
    generators: dict[str, torch.Tensor]
    dataset: Any
    workers: int | None
    told: int | None


def save(
    loader: DataLoader[Any], seed: int | None, progress: Progress, begun: Begun | None, workers: int | None
) -> dict[str, Any]:
    """The state behind the batches that were yielded; ``workers`` is the base seed of those that persist."""
    if progress.ended:
        goes_on = workers is not None or not loader.num_workers
        streams = begin_streams(loader, progress if goes_on else None)
        progress, begun = Progress(cast(Any, loader).epoch, streams=streams), None
    if begun is None:
        progress = replace(
            progress,
            sampler=progress.sampler or snapshot(loader),
            streams=progress.streams or begin_streams(loader, None),
        )
        states = {name: generator.get_state() for name, generator in own_generators(loader).items()}
    else:
        states = begun.generators
    return {
        "version": VERSION,
        "epoch": progress.epoch,
        "seed": seed,
        "batch": progress.taken,
        "ahead": _runs(progress.ahead),
        "errors": progress.errors,
        "begun": None if begun is None else {name: getattr(begun, name) for name in _BEGUN},
        "told": told(loader) if begun is None else begun.told,
        "workers": workers if begun is None else None,
        "generators": {name: _packed(generator) for name, generator in states.items()},
        "sampler": None if progress.sampler is None else {"at": progress.sampler.at, "state": progress.sampler.state},
        "streams": saved_streams(progress.streams),
        "turn": progress.turn,
        "dataset": _dataset_state(loader),
        "data": fingerprint(loader),
    }


def read(loader: DataLoader[Any], state: Any) -> Saved:
    """The state, checked against the loader that is to go on from it.

    Raises:
        ValueError: it is none, is of another version, or belongs to other data; says which rule, and what was found.
    """
    _check(loader, state)
    progress = Progress(
        state["epoch"],
        state["batch"],
        {number for first, behind in state["ahead"] for number in range(first, behind)},
        None if state["sampler"] is None else Snapshot(state["sampler"]["at"], state["sampler"]["state"]),
        streams_of(state["streams"]),
        state["turn"],
        errors=state["errors"],
    )
    generators = _unpacked(state["generators"])
    begun = None if state["begun"] is None else Begun(**state["begun"], told=state["told"], generators=generators)
    return Saved(state["seed"], progress, begun, generators, state["dataset"], state["workers"], state["told"])


def put(loader: DataLoader[Any], saved: Saved) -> None:
    """Gives dataset, sampler and generators their own states, as far as a pass that goes on does not do so itself."""
    if saved.dataset is not None:
        loader.dataset.load_state_dict(copy.deepcopy(saved.dataset))  # type: ignore[attr-defined]
    if saved.told is not None:
        for sampler in tellable(loader):
            sampler.set_epoch(saved.told)
    if saved.begun is not None:
        return
    if saved.progress.sampler is not None:
        stateful(loader).load_state_dict(copy.deepcopy(saved.progress.sampler.state))
    for name, generator in own_generators(loader).items():
        if name in saved.generators:
            generator.set_state(saved.generators[name])


def fingerprint(loader: DataLoader[Any]) -> dict[str, Any]:
    """What must be the same where a state is taken and where it is loaded."""
    iterable = isinstance(loader.dataset, IterableDataset)
    return {
        "samples": None if iterable else _length(loader.dataset),
        "batch_size": _global_batch_size(loader),
        "drop_last": getattr(loader.batch_sampler, "drop_last", loader.drop_last),
        "sampler": type(inner_sampler(loader)).__name__,
        "order": _order(inner_sampler(loader)),
    }


def _global_batch_size(loader: DataLoader[Any]) -> int | None:
    """Of all ranks together, where the batches are shares of larger ones: their number may be another afterwards."""
    sampler = inner_sampler(loader)
    return sampler.global_batch_size if isinstance(sampler, ShardedSampler) else batch_size(loader)


def _order(sampler: Any) -> dict[str, Any] | None:
    """What the order of a sampler of ours depends on besides the epoch."""
    if not isinstance(sampler, KeyedSampler):
        return None
    return {name: value for name, value in sampler.state_dict().items() if name != "epoch"}


def _runs(numbers: set[int]) -> list[list[int]]:
    """Numbers that follow each other, as [first, behind the last]."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number:
            runs[-1][1] += 1
        else:
            runs.append([number, number + 1])
    return runs


def _length(dataset: Any) -> int | None:
    try:
        return len(dataset)
    except TypeError:
        return None


def _dataset_state(loader: DataLoader[Any]) -> Any:
    dataset: Any = loader.dataset
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "load_state_dict"):
        return None
    return copy.deepcopy(dataset.state_dict())


def _packed(state: torch.Tensor) -> str:
    """Words of eight bytes of which four are zeros lie in it: bytes of one place together take a quarter less."""
    return base64.b64encode(zlib.compress(state.reshape(_places(len(state)), -1).T.numpy().tobytes(), 9)).decode()


def _unpacked_one(packed: str) -> torch.Tensor:
    state = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(packed))), dtype=torch.uint8)
    return state.reshape(-1, _places(len(state))).T.flatten()


def _places(nbytes: int) -> int:
    """How many words there are."""
    return nbytes // 8 if nbytes % 8 == 0 else nbytes


def _unpacked(packed: dict[str, str]) -> dict[str, torch.Tensor]:
    try:
        found = {name: _unpacked_one(text) for name, text in packed.items()}
        for generator in found.values():
            torch.Generator().set_state(generator)
    except (binascii.Error, zlib.error, ValueError, RuntimeError, TypeError) as error:
        raise ValueError(
            "the states of generators in this loader's state are damaged: give load_state_dict what state_dict() "
            f"returned, unchanged ({error})"
        ) from error
    return found


def _check(loader: DataLoader[Any], state: Any) -> None:
    check_whole(state, VERSION)
    for name, here in fingerprint(loader).items():
        found = state["data"].get(name)
        if found != here:
            raise ValueError(
                f"this state was taken with {name}={found!r}, the loader that shall go on from it has "
                f"{name}={here!r}: give it the same data, sampler and batch size"
            )
    _check_streams(loader, state)
    for name, owner in (("dataset", loader.dataset), ("sampler", stateful(loader))):
        if state[name] is not None and not hasattr(owner, "load_state_dict"):
            raise ValueError(
                f"this state holds one of its {name}, and the {name} of the loader that shall go on from it has no "
                f"load_state_dict: give it the {name} that it was taken with"
            )


def _check_streams(loader: DataLoader[Any], state: dict[str, Any]) -> None:
    streams, here = len(state["streams"]), max(1, loader.num_workers)
    if streams and isinstance(loader.dataset, IterableDataset) and streams != here:
        raise ValueError(
            f"this state of an iterable-style dataset was taken with {streams} shares, one a worker (or one without "
            f"workers), and there would be {here} here: use the num_workers that it was taken with"
        )
    if bool(streams) != isinstance(loader.dataset, IterableDataset) and state["begun"] is not None:
        raise ValueError(
            "this state was taken with a map-style dataset and is loaded for an iterable one, or the reverse"
        )
