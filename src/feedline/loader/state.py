"""The loader's state as plain data: what ``state_dict`` gives and ``load_state_dict`` takes.

Version 1, a dictionary that JSON can hold (the states of the user's own samplers and datasets apart):

    version     1
    epoch       the number of the pass that it describes, from 0
    seed        what samples' randomness depends on, once it was drawn or given, else None
    batch       so many batches of that pass were yielded without a gap
    ahead       the numbers of further ones (in_order=False)
    begun       how the pass began: fresh, twice, base_seed; None before a pass
    generators  what the order began from, or will: states of torch's generators (zlib and base64) by name
    sampler     {"at", "state"} of a sampler that has a state of its own, else None
    streams     for an iterable-style dataset, a worker each: {"batches", "ended", "at", "state"}; else []
    turn        the worker whose share is next
    dataset     the state of a map-style dataset that has one, else None
    data        what must match: samples, batch_size, drop_last, sampler
"""

from __future__ import annotations

import base64
import binascii
import copy
import zlib
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset

from feedline.loader.order import Begun, inner_sampler, own_generators, stateful
from feedline.loader.progress import Progress, Snapshot, saved_streams, streams_of

VERSION = 1
_KEYS = ("epoch", "seed", "batch", "ahead", "begun", "generators", "sampler", "streams", "turn", "dataset", "data")


@dataclass(frozen=True)
class Saved:
    """A state, read: from where the next pass begins."""

    seed: int | None
    progress: Progress
    begun: Begun | None
    generators: dict[str, torch.Tensor]
    dataset: Any


def save(loader: DataLoader[Any], seed: int | None, progress: Progress, begun: Begun | None) -> dict[str, Any]:
    """The state behind the batches that were yielded."""
    if progress.ended:
        progress, begun = Progress(progress.epoch + 1), None
    if begun is None:
        progress = replace(progress, sampler=_state_of_sampler(loader))
        states = {name: generator.get_state() for name, generator in own_generators(loader).items()}
    else:
        states = begun.generators
    return {
        "version": VERSION,
        "epoch": progress.epoch,
        "seed": seed,
        "batch": progress.taken,
        "ahead": sorted(progress.ahead),
        "begun": None if begun is None else {"fresh": begun.fresh, "twice": begun.twice, "base_seed": begun.base_seed},
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
        set(state["ahead"]),
        None if state["sampler"] is None else Snapshot(state["sampler"]["at"], state["sampler"]["state"]),
        streams_of(state["streams"]),
        state["turn"],
    )
    generators = _unpacked(state["generators"])
    begun = None if state["begun"] is None else Begun(**state["begun"], generators=generators)
    return Saved(state["seed"], progress, begun, generators, state["dataset"])


def put(loader: DataLoader[Any], saved: Saved) -> None:
    """Gives dataset, sampler and generators their own states, as far as a pass that goes on does not do so itself."""
    if saved.dataset is not None:
        loader.dataset.load_state_dict(copy.deepcopy(saved.dataset))  # type: ignore[attr-defined]
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
        "batch_size": loader.batch_size,
        "drop_last": loader.drop_last,
        "sampler": type(inner_sampler(loader)).__name__,
    }


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


def _state_of_sampler(loader: DataLoader[Any]) -> Snapshot | None:
    sampler = stateful(loader)
    return None if sampler is None else Snapshot(0, copy.deepcopy(sampler.state_dict()))


def _packed(state: torch.Tensor) -> str:
    return base64.b64encode(zlib.compress(state.numpy().tobytes(), 9)).decode()


def _unpacked(packed: dict[str, str]) -> dict[str, torch.Tensor]:
    try:
        states = {name: zlib.decompress(base64.b64decode(text)) for name, text in packed.items()}
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"the states of generators in this loader's state cannot be read: {error}") from error
    return {name: torch.frombuffer(bytearray(state), dtype=torch.uint8) for name, state in states.items()}


def _check(loader: DataLoader[Any], state: Any) -> None:
    if not isinstance(state, dict) or "version" not in state:
        raise ValueError(f"this is no state of a feedline loader: {type(state).__name__} without a version")
    if state["version"] != VERSION:
        raise ValueError(f"a loader's state of version {VERSION} is read here, this one is of {state['version']!r}")
    missing = [key for key in _KEYS if key not in state]
    if missing:
        raise ValueError(f"this loader's state is not whole: {', '.join(missing)} missing")
    here = fingerprint(loader)
    for name, found in state["data"].items():
        if found != here.get(name):
            raise ValueError(
                f"this state was taken with {name}={found!r}, the loader that shall go on from it has "
                f"{name}={here.get(name)!r}: give it the same data, sampler and batch size"
            )
    _check_streams(loader, state)


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
