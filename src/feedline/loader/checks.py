"""Rules for the loader's own parameters; torch checks its own."""

from __future__ import annotations

from typing import Any

from torch.utils.data import IterableDataset

from feedline.loader.order import batch_size, inner_sampler
from feedline.samplers import ShardedSampler

_CHOICES = {
    "worker_type": ("auto", "thread", "process"),
    "reseed": ("worker", "sample"),
    "on_error": ("raise", "skip", "substitute"),
}


def check(loader: Any) -> None:
    """Raises ValueError for a parameter that is unknown, or that cannot do what is asked for."""
    for name, allowed in _CHOICES.items():
        if getattr(loader, name) not in allowed:
            words = ", ".join(map(repr, allowed[:-1])) + f" or {allowed[-1]!r}"
            raise ValueError(f"{name} must be {words}, not {getattr(loader, name)!r}")
    for name, least in (("restarts", 0), ("snapshot_every_n_steps", 1), ("max_errors", 0)):
        value = getattr(loader, name)
        if value is not None and value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if loader.batch_transform is not None and not callable(loader.batch_transform):
        raise ValueError(f"batch_transform must be callable, or None, not {loader.batch_transform!r}")
    sampler = inner_sampler(loader)
    if isinstance(sampler, ShardedSampler) and batch_size(loader) != sampler.batch_size:
        raise ValueError(
            f"batch_size must be {sampler.batch_size}, this rank's share of global_batch_size="
            f"{sampler.global_batch_size}, not {batch_size(loader)}: give the loader batch_size=sampler.batch_size"
        )
    for holds, rule in _conflicts(loader):
        if holds:
            raise ValueError(rule)


def _conflicts(loader: Any) -> list[tuple[bool, str]]:
    """What does not go together, and how to say it."""
    iterable, threads = isinstance(loader.dataset, IterableDataset), loader._kind == "thread"
    asked = loader.worker_type == "thread" and loader.num_workers > 0
    no = "worker_type='thread' does not go with"
    return [
        (asked and iterable, f"{no} an iterable-style dataset: use 'process'"),
        (asked and loader.worker_init_fn is not None, f"{no} a worker_init_fn: use 'process'"),
        (asked and loader.multiprocessing_context is not None, f"{no} a multiprocessing_context: use 'process'"),
        (
            threads and loader.reseed == "sample",
            "reseed='sample' does not go with threads, which share the global generators that it seeds: leave it out "
            "for feedline's own transforms, which draw from none of them, or use worker_type='process'",
        ),
        (
            iterable and loader.reseed == "sample",
            "reseed='sample' needs a map-style dataset: the samples of an iterable-style one have no index",
        ),
        (
            iterable and loader.on_error == "substitute",
            "on_error='substitute' needs a map-style dataset, which has other samples: use 'skip'",
        ),
        (
            loader.on_error == "substitute" and not iterable and not hasattr(loader.dataset, "__len__"),
            "on_error='substitute' needs a dataset that has a length, from which substitutes are chosen: use 'skip'",
        ),
        (
            loader.max_errors is not None and loader.on_error == "raise",
            "max_errors needs on_error='skip' or 'substitute': with 'raise' the first error ends the pass",
        ),
    ]
