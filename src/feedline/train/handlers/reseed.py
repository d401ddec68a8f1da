"""torch's generator as a function of seed and epoch, so that dropout repeats too."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events

from feedline.rng import epoch_seed


class Reseed:
    """Seeds torch at the start of every epoch from (seed, epoch), whatever was drawn before."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, self._reseed)

    def _reseed(self, engine: Engine) -> None:
        torch.manual_seed(epoch_seed(self._seed, engine.state.epoch))
