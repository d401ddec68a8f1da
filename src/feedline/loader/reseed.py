"""Global generators seeded for one sample: foreign code that draws from them becomes a pure function of its key."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from feedline.rng import COLLATE_OPERATION, RESEED_OPERATION, Key


def reseed(key: Key) -> None:
    """Seeds ``random``, ``numpy.random`` and torch's generator of the processor from a sample's key."""
    _seed(key.words(RESEED_OPERATION, 4))


def reseed_for_collate(key: Key) -> None:
    """The same for what joins the samples of a batch; ``key`` is that of the batch's first sample."""
    _seed(key.words(COLLATE_OPERATION, 4))


def _seed(words: list[int]) -> None:
    first, second, third, fourth = words
    random.seed(first << 32 | second)
    np.random.seed(words)
    torch.default_generator.manual_seed(third << 32 | fourth)


@contextmanager
def put_back() -> Iterator[None]:
    """Within the block the global generators may be seeded; behind it they are where the caller left them."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
