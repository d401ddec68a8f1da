"""The face of the loader: torch's parameters, our iteration."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar, cast

import torch
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import IterDataPipe, MapDataPipe, Sampler

from feedline.loader.build import Kind, fetch_plan, kind, makers, new_workers, takes_arrays, unbatched
from feedline.loader.checks import check
from feedline.loader.fetch import Fetch, WholeFetch
from feedline.loader.finish import finish
from feedline.loader.iterator import LoaderIterator
from feedline.loader.ledger import Ledger
from feedline.loader.mend import OnError
from feedline.loader.order import Begun, Order, begin, begin_again, snapshot, stateful, tellable
from feedline.loader.progress import Again, Progress, Resume
from feedline.loader.ring import Ring
from feedline.loader.state import Saved, put, read, save
from feedline.loader.stats import Stats
from feedline.loader.streams import begin_streams
from feedline.rng import Key, epoch_seed
from feedline.samplers import ShuffledSampler
from feedline.types import SeekableSampler

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
        reseed: "sample" seeds random, numpy.random and torch before each sample of a foreign dataset from (seed, epoch,
            index), and before ``collate_fn`` from the batch's first sample; "worker" is torch's way, a seed a worker.
        restarts: a worker process that dies is replaced and its batch made again; a batch that more workers than this
            died of is cut down to the sample that does it, which is an error. A stream of samples is taken up where its
            last state was: one without a ``state_dict``, or of which the iterator alone has one before its first
            snapshot, raises as torch's does.
        on_error: what is done about a sample that cannot be made: "raise" it, "skip" it (its batch is shorter by it,
            and one that is empty is not yielded), or "substitute" another, chosen by its key, so that sizes stay, from
            those that the sampler may draw where it is torch's or feedline's or a list, else from the whole dataset.
            ``ledger`` has all of them. An iterable-style dataset has no other samples: there it can be skipped alone,
            and only by an iterator that goes on behind an error, which a generator does not.
        max_errors: so many samples of one epoch may be skipped or replaced; one more is an error.
        snapshot_every_n_steps: batches between two states of a dataset or sampler that has a state of its own; what
            lies between is read over when a state is loaded.
        batch_transform: makes another batch of each before it is pinned and yielded, such as MixUp; a BatchTransform is
            given the key (seed, epoch, number of the batch). It must not write into what it is given.

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
        reseed: Literal["worker", "sample"] = "worker",
        restarts: int = 2,
        on_error: OnError = "raise",
        max_errors: int | None = None,
        snapshot_every_n_steps: int = 1,
        batch_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        if isinstance(dataset, IterDataPipe | MapDataPipe):
            raise NotImplementedError("DataPipes are not read: use an IterableDataset or a map-style dataset")
        if seed is not None and generator is not None:
            raise ValueError("seed and generator are mutually exclusive: each of them decides the order")
        self.worker_type: Literal["auto", "thread", "process"] = worker_type
        if seed is not None and shuffle and sampler is None and batch_sampler is None:
            sampler, shuffle = ShuffledSampler(dataset, seed), None
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
            generator,
            prefetch_factor=prefetch_factor,
            persistent_workers=persistent_workers,
            pin_memory_device=pin_memory_device,
            in_order=in_order,
        )
        self.seed = None if seed is None else operator.index(seed)
        self.reseed: Literal["worker", "sample"] = reseed
        self.restarts = restarts
        self.on_error: OnError = on_error
        self.max_errors = max_errors
        self.snapshot_every_n_steps = snapshot_every_n_steps
        self.batch_transform = batch_transform
        self.ledger = Ledger(max_errors)
        self.stats = Stats()
        self.ring = Ring(2 + self.num_workers * (self.prefetch_factor or 1))
        self.epoch = 0
        self._base_seed = self.seed
        self._workers_seed = 0
        self._progress: Progress | None = None
        self._begun: Begun | None = None
        self._saved: Saved | None = None
        check(self)

    def check_worker_number_rationality(self) -> None:
        """Torch's warning of too many processes, which threads do not call for."""
        if self._kind == "process":
            super().check_worker_number_rationality()

    def set_epoch(self, epoch: int) -> None:
        """The number of the next pass, from 0; the sampler is told too, where it can be.

        Where another epoch is under way, or a state was loaded that is in the middle of one, it is not gone on with.

        Raises:
            ValueError: not a number from 0.
        """
        epoch = operator.index(epoch)
        if epoch < 0:
            raise ValueError(f"an epoch must be at least 0, not {epoch}")
        if self._saved is not None and self._saved.progress.epoch != epoch:
            self._saved = self._progress = self._begun = None
        if self._progress is not None and not self._progress.ended and self._progress.epoch != epoch:
            self._progress = self._begun = None
        self.epoch = epoch
        for sampler in tellable(self):
            sampler.set_epoch(epoch)

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

    def state_dict(self) -> dict[str, Any]:
        """Where the pass that was begun last is: behind the batches that it has yielded.

        Plain data that JSON holds, under 8 kB where the state of a torch generator is in it and under 2 kB otherwise
        (and 60 bytes for each worker of an iterable-style dataset); states of the user's own samplers and datasets come
        on top of that, as they give them.
        """
        if self._saved is not None:
            return save(self, self._saved.seed, self._saved.progress, self._saved.begun, self._saved.workers)
        live = self._iterator is not None and self._iterator.alive
        workers = self._workers_seed if live else None
        return save(self, self._base_seed, self._progress or Progress(self.epoch), self._begun, workers)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The next pass goes on from there, in this loader or in another of the same data.

        The number and the kind of workers may be others; for an iterable-style dataset the number must be the same.

        Raises:
            ValueError: no state of a loader, one of another version, or of other data.
        """
        saved = read(self, state_dict)
        if self.seed is not None and saved.seed not in (None, self.seed):
            raise ValueError(f"this state was taken with seed={saved.seed}, this loader has seed={self.seed}")
        if self._iterator is not None and (saved.dataset is not None or saved.progress.streams):
            self._iterator.close()  # its workers have copies of the dataset that went on
            self._iterator = None
        put(self, saved)
        self._saved = saved
        self._workers_seed = saved.workers or 0
        self._base_seed = self.seed if saved.seed is None else saved.seed
        self.epoch = saved.progress.epoch

    def _new_pass(self, iterator: Any) -> LoaderIterator:
        """A pass with the workers of ``iterator``, or with new ones; it goes on from a state that was loaded."""
        saved, self._saved = self._saved, None
        epoch, self.epoch = self.epoch, self.epoch + 1
        for sampler in tellable(self):
            if isinstance(sampler, SeekableSampler):
                sampler.set_epoch(epoch)
        if saved is not None and saved.begun is not None:
            order = self._go_on(saved.begun, saved.progress)
        else:
            order = self._begin(epoch, iterator is None if saved is None else saved.workers is None, saved)
        key, progress = Key(cast(int, self._base_seed), epoch), cast(Progress, self._progress)
        resume = progress.resume() if saved is not None else None
        fetch = WholeFetch() if self._kind == "process" else fetch_plan(self)(self.dataset, key, _first(resume))
        if iterator is None:
            iterator = self._new_iterator(fetch, key, resume)
        else:
            iterator.restart(fetch.run, key, resume)
        page = self.ledger.begin(progress)
        stats = self.stats.begin(epoch, makers(self))
        promised, batched = self._IterableDataset_len_called, not unbatched(self)
        sampler, last = self._index_sampler, finish(self, key)
        iterator.begin(order, fetch, progress, stats, sampler, promised, page.add, batched, last)
        return cast(LoaderIterator, iterator)

    def _begin(self, epoch: int, fresh: bool, saved: Saved | None) -> Order:
        """The order of a pass from its beginning; ``fresh`` says that its workers, if any, are new."""
        before = self._progress
        known = epoch_seed(self.seed, epoch) if self.seed is not None else None if fresh else self._workers_seed
        start = snapshot(self)
        indices, self._begun = begin(self, fresh, known, takes_arrays(self))
        self._workers_seed = self._begun.base_seed
        if self._base_seed is None:
            self._base_seed = self._workers_seed
        streams = saved.progress.streams if saved is not None else None
        self._progress = Progress(
            epoch, sampler=start, streams=streams or begin_streams(self, None if fresh else before)
        )
        return Order(indices, sampler=stateful(self), snapshot=start, every=self.snapshot_every_n_steps)

    def _go_on(self, begun: Begun, progress: Progress) -> Order:
        """The order of a pass behind the batches that were yielded."""
        self._begun, self._progress, self._workers_seed = begun, progress, begun.base_seed
        indices = begin_again(self, begun, progress.taken, progress.sampler, takes_arrays(self))
        done, every = frozenset(progress.ahead), self.snapshot_every_n_steps
        return Order(indices, progress.taken, done, stateful(self), progress.sampler, every)

    def _new_iterator(self, fetch: Fetch, key: Key, resume: Resume | None) -> LoaderIterator:
        return LoaderIterator(
            new_workers(self, fetch, key, resume, self._workers_seed),
            ahead=self.num_workers * max(1, self.prefetch_factor or 1),
            timeout=self.timeout,
            in_order=self.in_order or not self.num_workers,
            persistent=self.persistent_workers,
        )

    @property
    def _kind(self) -> Kind:
        """Who makes the samples."""
        return kind(self)


def _first(resume: Resume | None) -> Again | None:
    """Of the one share that there is without workers."""
    return None if resume is None else resume.workers[0]
