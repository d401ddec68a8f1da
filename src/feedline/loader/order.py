"""The order of a pass: the batches' indices as the sampler gives them, from any batch on.

The sampler and the generators are used as torch uses them: it asks the sampler for an iterator, draws its base seed,
and asks once more where there are workers; with workers that persist it draws the base seed for their first pass alone.
"""

from __future__ import annotations

import copy
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, SequentialSampler

from feedline.loader.progress import Snapshot
from feedline.loader.telling import tell
from feedline.samplers import KeyedSampler
from feedline.types import SeekableSampler, owner

_DRAW_NOTHING = (SequentialSampler, list, tuple, range)


@dataclass(frozen=True)
class Begun:
    """What the order of a pass began from.

    Attributes:
        generators: the states of the generators that it may draw from, by name.
        fresh: whether the base seed was drawn.
        twice: whether the sampler was asked for an iterator twice.
        base_seed: the workers'.
        offset: the position that a sampler of ours began at.
        told: the epoch that another sampler had been told.
    """

    fresh: bool
    twice: bool
    base_seed: int
    offset: int = 0
    told: int | None = None
    generators: dict[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The indices of one batch, and the sampler's state at some batch not behind it, where it has one."""

    number: int
    indices: Any
    sampler: Snapshot | None


class Order(Iterator[Drawn]):
    """The batches of a pass, numbered from ``number``; those that were yielded before are left out.

    Args:
        indices: what the sampler gives.
        number: of its first batch.
        done: numbers to leave out.
        sampler: what has a state to keep, if anything.
        snapshot: its state where the order begins.
        every: so many batches lie between two states of it.
    """

    def __init__(
        self,
        indices: Iterator[Any],
        number: int = 0,
        done: Container[int] = (),
        sampler: Any = None,
        snapshot: Snapshot | None = None,
        every: int = 1,
    ) -> None:
        self._indices = indices
        self._number = number
        self._done = done
        self._sampler = sampler
        self._snapshot = snapshot
        self._every = every

    def __next__(self) -> Drawn:
        while True:
            indices = next(self._indices)
            number = self._number
            self._number += 1
            if self._sampler is not None and self._number % self._every == 0:
                self._snapshot = _state_at(self._number, self._sampler) or self._snapshot
            if number not in self._done:
                return Drawn(number, indices, self._snapshot)


def inner_sampler(loader: DataLoader[Any]) -> Any:
    """The sampler of single indices, where a batch sampler of torch's holds it."""
    return loader.batch_sampler.sampler if type(loader.batch_sampler) is BatchSampler else loader.sampler


def batch_size(loader: DataLoader[Any]) -> int | None:
    """Of torch's batch sampler, the loader's own or the caller's; None where there are no batches of one size."""
    return loader.batch_sampler.batch_size if type(loader.batch_sampler) is BatchSampler else None


def seekable(loader: DataLoader[Any]) -> SeekableSampler | None:
    """The sampler of ours that gives the order, if it does."""
    sampler = inner_sampler(loader)
    plain = loader.batch_sampler is None or type(loader.batch_sampler) is BatchSampler
    return sampler if plain and isinstance(sampler, SeekableSampler) else None


def stateful(loader: DataLoader[Any]) -> Any:
    """What gives the order and can say where it is, if that is not a sampler of ours."""
    if seekable(loader) is not None or isinstance(loader.dataset, IterableDataset):
        return None
    for sampler in (loader.batch_sampler, inner_sampler(loader)):
        if hasattr(sampler, "state_dict") and hasattr(sampler, "load_state_dict"):
            return sampler
    return None


def snapshot(loader: DataLoader[Any]) -> Snapshot | None:
    """The state that what gives the order has before a pass, if it can say that."""
    sampler = stateful(loader)
    return None if sampler is None else _state_at(0, sampler)


def _state_at(number: int, sampler: Any) -> Snapshot | None:
    """The sampler's state now; None where it cannot say it, which a program that asks for no state need not know."""
    try:
        return Snapshot(number, copy.deepcopy(sampler.state_dict()))
    except Exception as error:
        tell(f"no state of {type(sampler).__name__} is kept: its state_dict() raised {type(error).__name__}: {error}")
        return None


def generators(loader: DataLoader[Any]) -> dict[str, torch.Generator]:
    """Those that the order may be drawn from: the loader's and the sampler's own, else torch's global one."""
    fixed = all(type(sampler) in _DRAW_NOTHING for sampler in _givers(loader))
    if fixed or isinstance(loader.dataset, IterableDataset):
        return {}
    if seekable(loader) is not None or stateful(loader) is not None:
        return {}
    return own_generators(loader) or {"global": torch.default_generator}


def own_generators(loader: DataLoader[Any]) -> dict[str, torch.Generator]:
    """The loader's generator and the sampler's own, as far as there are any."""
    found = {}
    if loader.generator is not None:
        found["loader"] = loader.generator
    for sampler in _givers(loader):
        own = getattr(sampler, "generator", None)
        if isinstance(own, torch.Generator) and own is not loader.generator:
            found["sampler"] = own
    return found


def _givers(loader: DataLoader[Any]) -> list[Any]:
    """What gives the indices: the sampler, or a batch sampler that is not torch's and what that holds."""
    batches = loader.batch_sampler
    if batches is None or type(batches) is BatchSampler:
        return [inner_sampler(loader)]
    return [batches, *([batches.sampler] if hasattr(batches, "sampler") else [])]


def tellable(loader: DataLoader[Any]) -> list[Any]:
    """What gives the indices and can be told the epoch."""
    return [sampler for sampler in _givers(loader) if hasattr(sampler, "set_epoch")]


def told(loader: DataLoader[Any]) -> int | None:
    """The epoch that samplers which are not ours, and keep no state, were told last, where they know it."""
    if stateful(loader) is not None:
        return None
    epochs = (getattr(each, "epoch", None) for each in tellable(loader) if not isinstance(each, SeekableSampler))
    return next((epoch for epoch in epochs if type(epoch) is int), None)


def begin(
    loader: DataLoader[Any], fresh: bool, base_seed: int | None, arrays: bool = False
) -> tuple[Iterator[Any], Begun]:
    """The sampler's batches from the first on.

    Args:
        loader: whose sampler it is.
        fresh: whether there are new workers, or none.
        base_seed: theirs; None draws it.
        arrays: whether a sampler of ours may give them as int64 arrays.
    """
    states = {name: generator.get_state() for name, generator in generators(loader).items()}
    ours = seekable(loader)
    offset = 0 if ours is None else ours.position
    indices = _batches(loader, arrays)
    drawn = base_seed is None
    if base_seed is None:
        base_seed = draw(loader)
    twice = fresh and loader.num_workers > 0
    if twice:
        indices = _batches(loader, arrays)
    if ours is not None:
        indices = _primed(indices)  # it takes the epoch that is set when it is asked for the first index
    elif stateful(loader) is not None:
        indices = _anew(loader, indices)
    return indices, Begun(drawn, twice, base_seed, offset, told(loader), states)


def begin_again(
    loader: DataLoader[Any], begun: Begun, taken: int, snapshot: Snapshot | None, arrays: bool = False
) -> Iterator[Any]:
    """The sampler's batches from number ``taken`` on, of an order that began so; ``arrays`` as :func:`begin`."""
    ours, own = seekable(loader), stateful(loader)
    if ours is not None:
        ours.seek(min(begun.offset + taken * (batch_size(loader) or 1), len(ours)))  # the last batch may be a short one
        return _primed(_batches(loader, arrays))
    if own is not None and snapshot is not None:
        own.load_state_dict(copy.deepcopy(snapshot.state))
        if not snapshot.at:
            return _skipped(_from_its_beginning(loader, begun.twice), taken)
        if snapshot.at == taken == _count(loader._index_sampler):
            return iter(())  # it may take that for the beginning of another pass
        return _skipped(iter(loader._index_sampler), taken - snapshot.at)
    with _as_it_was(loader, begun):
        indices = iter(loader._index_sampler)
        if begun.fresh and not begun.generators.keys().isdisjoint({"loader", "global"}):
            draw(loader)  # as it was drawn then, from the same generator as the order
        if begun.twice:
            indices = iter(loader._index_sampler)
        indices = _skipped(indices, taken)
        return _primed(indices)  # torch's samplers draw when the first index is asked for


def _batches(loader: DataLoader[Any], arrays: bool) -> Iterator[Any]:
    """What the loader's sampler gives; as arrays, without a Python object an index, where these are the same."""
    sampler, batches = inner_sampler(loader), loader._index_sampler
    plain = type(batches) is BatchSampler and owner(type(sampler), "__iter__") is KeyedSampler
    if arrays and plain and isinstance(sampler, KeyedSampler):
        return sampler.batches(batches.batch_size, batches.drop_last)
    return iter(batches)


def _count(indices: Any) -> int | None:
    try:
        return len(indices)
    except TypeError:
        return None


def _from_its_beginning(loader: DataLoader[Any], twice: bool) -> Iterator[Any]:
    """Of a sampler that took the state that it had before a pass."""
    indices: Iterator[Any] = iter(loader._index_sampler)
    if twice:
        indices = iter(loader._index_sampler)
    return _anew(loader, indices)


def _anew(loader: DataLoader[Any], indices: Iterator[Any]) -> Iterator[Any]:
    """The same, or, where a sampler took a state at the end of a pass for one to go on from, what it gives next."""
    first = list(islice(indices, 1))
    return chain(first, indices) if first else iter(loader._index_sampler)


def draw(loader: DataLoader[Any]) -> int:
    """A base seed, as torch draws it."""
    return int(torch.empty((), dtype=torch.int64).random_(generator=loader.generator).item())


def _skipped(indices: Iterator[Any], count: int) -> Iterator[Any]:
    return islice(indices, count, None) if count else indices


def _primed(indices: Iterator[Any]) -> Iterator[Any]:
    """The same, the first of them asked for already."""
    return chain(list(islice(indices, 1)), indices)


@contextmanager
def _as_it_was(loader: DataLoader[Any], begun: Begun) -> Iterator[None]:
    """Puts the generators where they were when the order began; the global one is the caller's, and is put back."""
    mine = torch.default_generator.get_state() if "global" in begun.generators else None
    found = generators(loader)
    for name, state in begun.generators.items():
        if name in found:
            found[name].set_state(state)
    try:
        yield
    finally:
        if mine is not None:
            torch.default_generator.set_state(mine)
