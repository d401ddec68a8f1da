"""An epoch ends where its pass ends."""

import time

import pytest
import torch
from ignite.engine import Engine

from feedline.train.epochs import Epochs, Feeding


class Uneven:
    """Passes of different lengths over the batches 0, 1, 2 ..., whatever ``len`` says; counts the passes begun."""

    def __init__(self, lengths, claimed=None):
        self.lengths = list(lengths)
        self.claimed = claimed
        self.begun = 0

    def __iter__(self):
        count = self.lengths[self.begun % len(self.lengths)]
        self.begun += 1
        for number in range(count):
            yield torch.full((2,), number), torch.zeros(2)


class Claiming(Uneven):
    def __len__(self):
        return self.claimed


def record(data, epochs, attach=None):
    """The batches that each epoch of an engine saw."""
    seen = {}
    engine = Engine(lambda engine, batch: seen.setdefault(engine.state.epoch, []).append(int(batch[0][0])))
    if attach:
        attach(engine)
    engine.run(data, max_epochs=epochs)
    return [seen.get(epoch, []) for epoch in range(1, epochs + 1)]


@pytest.mark.parametrize("lengths", [(10, 7, 12), (3, 3, 3), (1, 5, 2, 4), (4, 0, 3)])
@pytest.mark.parametrize("kind", [Uneven, Claiming])
def test_every_pass_is_read_exactly_once(lengths, kind):
    loader = kind(lengths, claimed=10)
    epochs = Epochs(loader)
    assert record(epochs, len(lengths), epochs.attach) == [list(range(count)) for count in lengths]
    assert loader.begun == len(lengths)


@pytest.mark.parametrize("kind", [Uneven, Claiming])
def test_ignite_alone_feeds_batches_twice(kind):
    """The reason for Epochs; where this fails, Ignite has mended it."""
    seen = record(kind((10, 7, 12), claimed=10), 3)
    assert seen[1] == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]


def test_begins_the_next_pass_after_the_end():
    epochs = Epochs(Uneven((2, 1)))
    assert [len(list(epochs)) for _ in range(4)] == [2, 1, 2, 1]


def test_counts_and_times_each_pass():
    class Slow(Uneven):
        def __iter__(self):
            for batch in super().__iter__():
                time.sleep(0.02)
                yield batch

    epochs = Epochs(Slow((3, 2)))
    for count in (3, 2):
        for _ in epochs:
            time.sleep(0.02)
        feeding = epochs.feeding
        assert (feeding.batches, feeding.images) == (count, 2 * count)
        assert feeding.first_batch >= 0.02
        assert feeding.waited >= 0.02 * count
        assert feeding.seconds >= feeding.waited + 0.02 * count
        assert feeding.images_per_second == pytest.approx(2 * count / feeding.seconds)
        assert 0 < feeding.wait_share == feeding.waited / feeding.seconds < 1


def test_no_time_no_rate():
    assert (Feeding().images_per_second, Feeding().wait_share) == (0, 0)
