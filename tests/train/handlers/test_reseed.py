"""torch's generator by seed and epoch."""

import torch
from ignite.engine import Engine

from feedline.train.handlers.reseed import Reseed


def drawn(seed, before, epochs=3):
    torch.manual_seed(before)
    numbers = []
    engine = Engine(lambda *_: numbers.append(float(torch.rand(()))))
    Reseed(seed).attach(engine)
    engine.run([0], max_epochs=epochs)
    return numbers


def test_depends_on_seed_and_epoch_alone():
    assert drawn(1, before=0) == drawn(1, before=9)
    assert drawn(1, before=0) != drawn(2, before=0)
    assert len(set(drawn(1, before=0))) == 3
