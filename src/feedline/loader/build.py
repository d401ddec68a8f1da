"""From a loader's parameters to who makes its batches, and how."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import torch
from torch.utils.data import IterableDataset, default_collate, default_convert

from feedline.loader.choose import FetchPlan
from feedline.loader.collate import empty
from feedline.loader.fetch import Fetch
from feedline.loader.info import enter_thread
from feedline.loader.population import population
from feedline.loader.progress import Resume
from feedline.loader.stats import ALONE
from feedline.loader.workers import Begin, Job, ProcessWorkers, SerialWorkers, ThreadWorkers, Workers
from feedline.loader.wrapped import keyed, thread_safe
from feedline.rng import Key

Kind = Literal["serial", "thread", "process"]


def kind(loader: Any) -> Kind:
    """Who makes the samples."""
    if not loader.num_workers:
        return "serial"
    if loader.worker_type == "thread" or loader.worker_type == "process":
        chosen: Kind = loader.worker_type
        return chosen
    safe = thread_safe(loader.dataset) and own_collate(loader) and loader.worker_init_fn is None
    return "thread" if safe and loader.multiprocessing_context is None else "process"


def makers(loader: Any) -> str:
    """The same in words."""
    if not loader.num_workers:
        return ALONE
    word = "thread" if kind(loader) == "thread" else "process"
    plural = "" if loader.num_workers == 1 else "s" if word == "thread" else "es"
    return f"{loader.num_workers} {word}{plural}"


def own_collate(loader: Any) -> bool:
    """Whether samples become batches in torch's own way."""
    return loader.collate_fn is (default_convert if unbatched(loader) else default_collate)


def unbatched(loader: Any) -> bool:
    """Whether samples come one by one."""
    return loader.batch_size is None and loader.batch_sampler is None


def takes_arrays(loader: Any) -> bool:
    """Whether who makes the batches takes their indices as arrays: datasets of ours in this process."""
    plain = own_collate(loader) and not unbatched(loader) and loader.reseed == "worker"
    return plain and kind(loader) != "process" and keyed(loader.dataset) is not None


def fetch_plan(loader: Any) -> FetchPlan:
    return FetchPlan(
        iterable=isinstance(loader.dataset, IterableDataset),
        collate_fn=loader.collate_fn,
        own_collate=own_collate(loader),
        batch_size=None if unbatched(loader) else loader.batch_size or 1,
        drop_last=loader.drop_last,
        parts=loader.num_workers if kind(loader) == "thread" else 1,
        reseed=loader.reseed,
        own_process=kind(loader) == "process",
        on_error=loader.on_error,
        every=loader.snapshot_every_n_steps,
        memory=empty if kind(loader) == "process" else loader.ring,
        among=population(loader) if loader.on_error == "substitute" else None,
    )


def new_workers(loader: Any, fetch: Fetch, key: Key, resume: Resume | None, seed: int) -> Workers:
    """Workers for a pass that begins; ``seed`` is the base seed that torch would give them."""
    if kind(loader) == "serial":
        return SerialWorkers(fetch.run, fetch.state, fetch.final)
    if kind(loader) == "thread":
        enter = partial(enter_thread, num_workers=loader.num_workers, seed=seed, dataset=loader.dataset)
        return ThreadWorkers(fetch.run, loader.num_workers, enter)
    job = Job(0, loader.num_workers, seed, loader.dataset, fetch_plan(loader), loader.worker_init_fn, Begin(key))
    return ProcessWorkers(
        loader.multiprocessing_context or torch.multiprocessing.get_context(),
        loader.num_workers,
        job,
        most_free=(loader.prefetch_factor or 1) + 1,
        in_order=loader.in_order,
        resume=resume,
        restarts=loader.restarts,
        bears=loader.on_error != "raise",
        batched=not unbatched(loader),
    )
