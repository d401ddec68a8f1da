"""What a sampler may draw: what takes the place of a sample that cannot be made comes from there too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import SubsetRandomSampler, WeightedRandomSampler

from feedline.loader.order import inner_sampler
from feedline.samplers import ShardedSampler, WeightedSampler


def population(loader: Any) -> NDArray[np.int64] | None:
    """The indices that the loader's sampler chooses from, where it says so; None where it may be the whole dataset.

    Torch's and feedline's own samplers are known, and plain lists.
    """
    sampler = inner_sampler(loader)
    while isinstance(sampler, ShardedSampler):
        sampler = sampler.sampler
    if isinstance(sampler, WeightedSampler | WeightedRandomSampler):
        weights = np.asarray(sampler.weights)
        return None if weights.all() else np.flatnonzero(weights)
    if isinstance(sampler, list | tuple | range | np.ndarray):
        return _numbers(sampler)
    return _numbers(getattr(sampler, "indices", None)) if isinstance(sampler, SubsetRandomSampler) else None


def _numbers(indices: Any) -> NDArray[np.int64] | None:
    """Those of them that there are, each once; None where they are not all numbers."""
    try:
        found = np.unique(np.asarray(indices))
    except (TypeError, ValueError):
        return None
    return found.astype(np.int64) if found.ndim == 1 and found.dtype.kind in "iu" and len(found) else None
