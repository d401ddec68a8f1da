"""Samplers of torch's, of ours and of users' own, as parameters of a loader of ``COUNT`` samples."""

import torch
from torch.utils.data import BatchSampler, RandomSampler, Sampler, SubsetRandomSampler, WeightedRandomSampler

from feedline.samplers import ShuffledSampler

COUNT = 22


def seeded(seed=3):
    return torch.Generator().manual_seed(seed)


class Placed(Sampler):
    """It says where it is, and its order is another each time that it begins."""

    def __init__(self, count):
        self.count, self.place, self.passes = count, 0, 0

    def __len__(self):
        return self.count

    def __iter__(self):
        if self.place in (0, self.count):
            self.place, self.passes = 0, self.passes + 1
        while self.place < self.count:
            self.place += 1
            yield (self.place * 3 + self.passes) % self.count

    def state_dict(self):
        return {"place": self.place, "passes": self.passes}

    def load_state_dict(self, state):
        self.place, self.passes = state["place"], state["passes"]


class PlacedBatches(Placed):
    def __iter__(self):
        for index in super().__iter__():
            yield [index, (index + 1) % self.count]


class Flagged(Sampler):
    """It goes on from a state once, and begins anew else."""

    def __init__(self, count):
        self.count, self.place, self.first = count, 0, 0

    def __len__(self):
        return self.count

    def __iter__(self):
        self.place, self.first = self.first, 0
        while self.place < self.count:
            self.place += 1
            yield self.place * 3 % self.count

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.first = state["place"]


class Eager(Sampler):
    """Draws when it is asked for an iterator, and not when that is asked for an index."""

    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(torch.randperm(self.count, generator=self.generator).tolist())


def eager(generator):
    return {"batch_size": 4, "sampler": Eager(COUNT, generator), "generator": generator}


WEIGHTS = [1.0 + number % 4 for number in range(COUNT)]
ORDERS = {
    "sequential": lambda: {"batch_size": 4},
    "shuffle": lambda: {"batch_size": 4, "shuffle": True, "generator": seeded()},
    "without batches": lambda: {"batch_size": None, "sampler": RandomSampler(range(COUNT), generator=seeded())},
    "sampler's generator": lambda: {"batch_size": 4, "sampler": RandomSampler(range(COUNT), generator=seeded())},
    "two generators": lambda: {
        "batch_size": 4,
        "sampler": RandomSampler(range(COUNT), generator=seeded()),
        "generator": seeded(4),
    },
    "replacement": lambda: {
        "batch_size": 4,
        "sampler": RandomSampler(range(COUNT), replacement=True, num_samples=70, generator=seeded()),
    },
    "weighted": lambda: {"batch_size": 4, "sampler": WeightedRandomSampler(WEIGHTS, 30, generator=seeded())},
    "subset": lambda: {"batch_size": 4, "sampler": SubsetRandomSampler(range(0, COUNT, 2), generator=seeded())},
    "batch sampler": lambda: {
        "batch_sampler": BatchSampler(RandomSampler(range(COUNT), generator=seeded()), 4, drop_last=True)
    },
    "eager": lambda: {"batch_size": 4, "sampler": Eager(COUNT, seeded()), "drop_last": True},
    "eager, loader's": lambda: (lambda one: {"batch_size": 4, "sampler": Eager(COUNT, one), "generator": one})(
        seeded()
    ),
    "placed": lambda: {"batch_size": 4, "sampler": Placed(COUNT)},
    "flagged": lambda: {"batch_size": 4, "sampler": Flagged(COUNT)},
    "placed batches": lambda: {"batch_sampler": PlacedBatches(6)},
}
OURS = {
    "seed": lambda: {"batch_size": 4, "shuffle": True, "seed": 3},
    "ours in a batch sampler": lambda: {"batch_sampler": BatchSampler(ShuffledSampler(COUNT, 1), 4, drop_last=False)},
    "flagged, now and then": lambda: {"batch_size": 4, "sampler": Flagged(COUNT), "snapshot_every_n_steps": 4},
    "placed, now and then": lambda: {"batch_size": 4, "sampler": Placed(COUNT), "snapshot_every_n_steps": 4},
}
