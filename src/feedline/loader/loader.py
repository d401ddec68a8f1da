"""The face of the loader: torch's parameters, our iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Literal, TypeVar, cast

import torch
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import IterableDataset, IterDataPipe, MapDataPipe, Sampler, default_collate, default_convert

from feedline.loader.device import pinned, wants_pinning
from feedline.loader.fetch import Fetch, FetchPlan, WholeFetch
from feedline.loader.info import enter_thread
from feedline.loader.iterator import LoaderIterator
from feedline.loader.workers import Begin, Job, ProcessWorkers, SerialWorkers, ThreadWorkers, Workers
from feedline.loader.wrapped import thread_safe
from feedline.rng import Key, epoch_seed

_T_co = TypeVar("_T_co", covariant=True)


class DataLoader(TorchDataLoader[_T_co]):
    """``torch.utils.data.DataLoader`` with an iteration of its own; all of torch's parameters and their meaning.

    A dataset of ours is read by ``num_workers`` threads, unless a transform of it is foreign; batches are the same, bit
    for bit, for every number of them, and in torch's order for the same ``generator``. Each sample's randomness depends
    on (seed, epoch, index), where the epoch is the number of passes begun, from 0.

    Any other dataset, ``collate_fn`` or ``worker_init_fn`` is run in worker processes, as torch runs it: a batch a
    worker in rotation, torch's seeds, ``get_worker_info``. Batches come back in memory that is used again; a batch that
    is kept, in any form, is never written again.

    Args:
        dataset, batch_size, ...: as torch's.
        worker_type: "thread", "process", or "auto": threads for datasets that say ``thread_safe = True`` (torch's
            Subset and ConcatDataset are looked through), processes otherwise.
        seed: what order and randomness depend on, together with the epoch: epoch ``n`` is the same whether the
            passes before it were made or not. None takes torch's base seed of the first pass, drawn from
            ``generator`` as torch draws it.

    Raises:
        ValueError: as torch's, for ``seed`` together with ``generator``, and for threads where they cannot serve.
        NotImplementedError: a DataPipe.
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
        worker_type: Literal["auto", "thread", "process"] = "auto",
        seed: int | None = None,
    ) -> None:
        if isinstance(dataset, IterDataPipe | MapDataPipe):
            raise NotImplementedError("DataPipes are not read: use an IterableDataset or a map-style dataset")
        if seed is not None and generator is not None:
            raise ValueError("seed and generator are mutually exclusive: each of them decides the order")
        self.worker_type: Literal["auto", "thread", "process"] = worker_type
        own = torch.Generator()  # of the order, where a seed decides it
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
            generator if seed is None else own,
            prefetch_factor=prefetch_factor,
            persistent_workers=persistent_workers,
            pin_memory_device=pin_memory_device,
            in_order=in_order,
        )
        self.generator = generator
        self.seed = seed
        self.epoch = 0
        self._order = own
        self._base_seed = seed
        self._drawn = 0
        _check_worker_type(self)

    def check_worker_number_rationality(self) -> None:
        """Torch's warning of too many processes, which threads do not call for."""
        if self._kind == "process":
            super().check_worker_number_rationality()

    def set_epoch(self, epoch: int) -> None:
        """The number of the next pass, from 0; the sampler is told too, where it can be."""
        self.epoch = epoch
        tell = getattr(self.sampler, "set_epoch", None)
        if tell is not None:
            tell(epoch)

    _iterator: Any

    def __iter__(self) -> Any:
        if not (self.persistent_workers and self.num_workers):
            return self._get_iterator()
        if self._iterator is None or not self._iterator.alive:
            self._iterator = self._get_iterator()
        else:
            self._new_pass(self._iterator)
        return self._iterator

    def _get_iterator(self) -> Any:
        """Another iterator, of a new pass; the name is torch's, for those who override or call it."""
        if self.num_workers:
            self.check_worker_number_rationality()
        elif self.timeout:
            raise AssertionError(
                f"timeout={self.timeout} needs workers, and num_workers is 0: a batch that the caller's own process "
                "makes cannot be given up; set timeout=0"
            )
        return self._new_pass(None)

    def __setattr__(self, attr: str, val: Any) -> None:
        if attr == "worker_type" and "_base_seed" in self.__dict__:
            raise ValueError(f"{attr} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(attr, val)

    def _new_pass(self, iterator: Any) -> LoaderIterator:
        """A pass with the workers of ``iterator``, or with new ones; sampler and generator are used as torch uses them.

        torch asks the sampler for an iterator, draws its base seed, and where there are workers asks once more; with
        workers that persist it draws the base seed for their first pass alone.
        """
        epoch, self.epoch = self.epoch, self.epoch + 1
        indices = iter(self._index_sampler)
        if iterator is None:
            self._drawn = self._draw() if self.seed is None else epoch_seed(self.seed, epoch)
            if self.num_workers:
                indices = iter(self._index_sampler)
        if self._base_seed is None:
            self._base_seed = self._drawn
        if self.seed is not None:
            indices = self._seeded(indices, epoch_seed(self.seed, epoch))
        key = Key(self._base_seed, epoch)
        fetch = WholeFetch() if self._kind == "process" else self._fetch_plan(self.dataset, key)
        if iterator is None:
            iterator = self._new_iterator(fetch, key)
        else:
            iterator.restart(fetch.run, key)
        iterator.begin(indices, fetch, self._index_sampler, self._IterableDataset_len_called)
        return cast(LoaderIterator, iterator)

    def _draw(self) -> int:
        """A base seed, as torch draws it."""
        return int(torch.empty((), dtype=torch.int64).random_(generator=self.generator).item())

    def _new_iterator(self, fetch: Fetch, key: Key) -> LoaderIterator:
        return LoaderIterator(
            self._new_workers(fetch, key),
            ahead=self.num_workers * max(1, self.prefetch_factor or 1),
            timeout=self.timeout,
            in_order=self.in_order or not self.num_workers,
            persistent=self.persistent_workers,
            finish=pinned if wants_pinning(self) else _as_it_is,
        )

    def _new_workers(self, fetch: Fetch, key: Key) -> Workers:
        if self._kind == "serial":
            return SerialWorkers(fetch.run)
        if self._kind == "thread":
            enter = partial(enter_thread, num_workers=self.num_workers, seed=self._drawn, dataset=self.dataset)
            return ThreadWorkers(fetch.run, self.num_workers, enter)
        return ProcessWorkers(
            self.multiprocessing_context or torch.multiprocessing.get_context(),
            self.num_workers,
            Job(0, self.num_workers, self._drawn, self.dataset, self._fetch_plan, self.worker_init_fn, Begin(key)),
            most_free=(self.prefetch_factor or 1) + 1,
            in_order=self.in_order,
        )

    def _seeded(self, indices: Iterator[Any], seed: int) -> Iterator[Any]:
        """Torch's random sampler draws its whole order when the first index is asked for: seeded just before."""
        self._order.manual_seed(seed)
        yield from indices

    @property
    def _fetch_plan(self) -> FetchPlan:
        return FetchPlan(
            iterable=isinstance(self.dataset, IterableDataset),
            collate_fn=self.collate_fn,
            own_collate=self._own_collate,
            batched=self._auto_collation,
            drop_last=self.drop_last,
            parts=self.num_workers if self._kind == "thread" else 1,
        )

    @property
    def _own_collate(self) -> bool:
        return self.collate_fn is (default_collate if self._auto_collation else default_convert)

    @property
    def _kind(self) -> Literal["serial", "thread", "process"]:
        """Who makes the samples."""
        if not self.num_workers:
            return "serial"
        if self.worker_type != "auto":
            return self.worker_type
        safe = thread_safe(self.dataset) and self._own_collate and self.worker_init_fn is None
        return "thread" if safe and self.multiprocessing_context is None else "process"


def _as_it_is(batch: Any) -> Any:
    return batch


def _check_worker_type(loader: DataLoader[Any]) -> None:
    """Raises ValueError for a worker type that is unknown, or that cannot do what is asked for."""
    if loader.worker_type not in ("auto", "thread", "process"):
        raise ValueError(f"worker_type must be 'auto', 'thread' or 'process', not {loader.worker_type!r}")
    if loader.worker_type != "thread" or not loader.num_workers:
        return
    for holds, what in (
        (isinstance(loader.dataset, IterableDataset), "an iterable-style dataset"),
        (loader.worker_init_fn is not None, "a worker_init_fn"),
        (loader.multiprocessing_context is not None, "a multiprocessing_context"),
    ):
        if holds:
            raise ValueError(f"worker_type='thread' does not go with {what}: use 'process'")
