"""The face of the loader: torch's parameters, our iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import IterableDataset, Sampler, default_collate, default_convert

from feedline.loader.device import pinned, wants_pinning
from feedline.loader.fetch import Fetch, IterableFetch, KeyedFetch, MapFetch, SampleFetch
from feedline.loader.iterator import LoaderIterator
from feedline.loader.workers import SerialWorkers, ThreadWorkers
from feedline.rng import Key, epoch_seed
from feedline.types import KeyedDataset

_T_co = TypeVar("_T_co", covariant=True)


class DataLoader(TorchDataLoader[_T_co]):
    """``torch.utils.data.DataLoader`` with an iteration of its own; all of torch's parameters and their meaning.

    A dataset of ours is read by ``num_workers`` threads; batches are the same, bit for bit, for every number of
    them, and in torch's order for the same ``generator``. Each sample's randomness depends on (seed, epoch, index),
    where the epoch is the number of passes begun, from 0.

    Any other dataset is read as torch reads it with ``num_workers=0``; with workers it raises NotImplementedError,
    as does a ``collate_fn`` or ``worker_init_fn``, until worker processes are built.

    Args:
        dataset, batch_size, ...: as torch's.
        seed: what order and randomness depend on, together with the epoch: epoch ``n`` is the same whether the
            passes before it were made or not. None takes torch's base seed of the first pass, drawn from
            ``generator`` as torch draws it.

    Raises:
        ValueError: as torch's, and for ``seed`` together with ``generator``.
        NotImplementedError: workers for what does not run in threads.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: torch.Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        seed: int | None = None,
    ) -> None:
        if seed is not None and generator is not None:
            raise ValueError("seed and generator are mutually exclusive: each of them decides the order")
        super().__init__(
            dataset,
            batch_size,
            shuffle,
            sampler,
            batch_sampler,
            num_workers,
            collate_fn,
            pin_memory,
            drop_last,
            timeout,
            worker_init_fn,
            multiprocessing_context,
            generator if seed is None else torch.Generator(),
            prefetch_factor=prefetch_factor,
            persistent_workers=persistent_workers,
            pin_memory_device=pin_memory_device,
            in_order=in_order,
        )
        self.seed = seed
        self.epoch = 0
        self._base_seed = seed
        if self.num_workers and not self._in_threads:
            raise NotImplementedError(_needs_processes(self))

    def check_worker_number_rationality(self) -> None:
        """Torch's warning of too many processes, which threads do not call for."""

    def set_epoch(self, epoch: int) -> None:
        """The number of the next pass, from 0; the sampler is told too, where it can be."""
        self.epoch = epoch
        tell = getattr(self.sampler, "set_epoch", None)
        if tell is not None:
            tell(epoch)

    def __iter__(self) -> Any:
        epoch, self.epoch = self.epoch, self.epoch + 1
        indices = self._ordered(epoch)
        drawn = int(torch.empty((), dtype=torch.int64).random_(generator=self.generator).item())
        if self._base_seed is None:
            self._base_seed = drawn
        fetch = self._fetch(Key(self._base_seed, epoch))
        workers = ThreadWorkers(fetch.run, self.num_workers) if self.num_workers else SerialWorkers(fetch.run)
        ahead = self.num_workers * (self.prefetch_factor or 0)
        length = None if isinstance(self.dataset, IterableDataset) else _length(self)
        iterator = LoaderIterator(indices, fetch, workers, ahead, self.timeout, length)
        return pinned(iterator) if wants_pinning(self) else iterator

    def _ordered(self, epoch: int) -> Iterator[Any]:
        """The indices of one pass, batch by batch; drawn when they are asked for, as torch draws them."""
        indices = iter(self._index_sampler)
        return indices if self.seed is None else self._seeded(indices, epoch_seed(self.seed, epoch))

    def _seeded(self, indices: Iterator[Any], seed: int) -> Iterator[Any]:
        """Torch's random sampler draws its whole order when the first index is asked for: seeded just before."""
        self.generator.manual_seed(seed)
        yield from indices

    def _fetch(self, key: Key) -> Fetch:
        if isinstance(self.dataset, IterableDataset):
            return IterableFetch(self.dataset, self.collate_fn, self._auto_collation, self.drop_last)
        if not isinstance(self.dataset, KeyedDataset):
            return MapFetch(self.dataset, self.collate_fn, self._auto_collation)
        if not self._auto_collation or not self._own_collate:
            return SampleFetch(self.dataset, key, self.collate_fn, self._auto_collation)
        spec = self.dataset.spec
        fixed = spec if spec is not None and spec.fixed else None
        return KeyedFetch(self.dataset, fixed, key, max(1, self.num_workers))

    @property
    def _own_collate(self) -> bool:
        return self.collate_fn is (default_collate if self._auto_collation else default_convert)

    @property
    def _in_threads(self) -> bool:
        keyed = isinstance(self.dataset, KeyedDataset) and self.dataset.thread_safe
        return keyed and self._own_collate and self.worker_init_fn is None


def _length(loader: TorchDataLoader[Any]) -> int | None:
    try:
        return len(loader)
    except TypeError:  # a sampler without a length
        return None


def _needs_processes(loader: TorchDataLoader[Any]) -> str:
    what = type(loader.dataset).__name__
    return (
        f"num_workers={loader.num_workers} needs worker processes here, which feedline does not have yet: threads "
        f"serve a feedline dataset whose transforms are feedline's, with the default collate_fn and no "
        f"worker_init_fn (the dataset is a {what}); use num_workers=0 for now"
    )
