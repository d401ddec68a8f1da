"""Data whose samples are pure functions of (index, key), or are made so; some of them cannot be made."""

import ctypes
import faulthandler
import os
import random

import numpy as np
import torch
from foreign import Squares
from memory import Memory, picture
from torch.utils.data import IterableDataset, default_collate, get_worker_info

from feedline import ImageDataset
from feedline import transforms as T


class BrokenMemory(Memory):
    """Some of its images cannot be read."""

    def __init__(self, count, broken):
        super().__init__([picture(6, 5, seed=seed) for seed in range(count)], range(count))
        self.broken = frozenset(broken)

    def __getitem__(self, index):
        if index in self.broken:
            raise OSError(f"picture {index} is broken")
        return super().__getitem__(index)


def pictures(count, broken=(), tensor=True):
    """Pictures that look otherwise in every epoch."""
    steps = [T.RandomAffine(degrees=40, translate=(0.2, 0.2)), *([T.ToTensor()] if tensor else [])]
    return ImageDataset(BrokenMemory(count, broken), T.Compose(steps))


class Drawing(Squares):
    """What the three global generators say, and the index; some samples cannot be made."""

    def __init__(self, count, broken=()):
        super().__init__(count)
        self.broken = frozenset(broken)

    def __getitem__(self, index):
        if index in self.broken:
            raise ValueError(f"sample {index} is broken")
        return index, random.random(), np.random.rand(2), torch.rand(3)


class Reading(Squares):
    """Writes down each index that is read, in whichever process."""

    def __init__(self, count, log):
        super().__init__(count)
        self.log = str(log)

    def __getitem__(self, index):
        with open(self.log, "a") as log:
            log.write(f"{index}\n")
        return torch.tensor(index)


class Crashing(Squares):
    """A sample that ends its process as a fault in C does."""

    def __init__(self, count, index):
        super().__init__(count)
        self.index = index

    def __getitem__(self, index):
        if index == self.index:
            faulthandler.disable()  # its report would stand in the log of a test that passes
            ctypes.string_at(0)
        return super().__getitem__(index)


def noisy(samples):
    """Joins samples, and draws."""
    return default_collate(samples), random.random(), np.random.rand(), torch.rand(1)


class Counter(IterableDataset):
    """Each worker's share of ``count`` numbers, with the worker's own state on the dataset."""

    def __init__(self, count, folder=None):
        self.count = count
        self.place = 0
        self.folder = folder

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        while first + self.place * step < self.count:
            self.place += 1
            number = first + (self.place - 1) * step
            self.note(number)
            yield number
        self.place = 0

    def note(self, number):
        if self.folder is not None:
            descriptor = os.open(os.path.join(self.folder, "read"), os.O_APPEND | os.O_CREAT | os.O_WRONLY)
            os.write(descriptor, b"%d\n" % number)
            os.close(descriptor)

    def state_dict(self):
        return {"place": self.place}

    def load_state_dict(self, state):
        self.place = state["place"]


class Steps:
    """An iterator that says where it is."""

    def __init__(self, numbers):
        self.numbers = list(numbers)
        self.place = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.place == len(self.numbers):
            raise StopIteration
        self.place += 1
        return self.numbers[self.place - 1]

    def state_dict(self):
        return {"at": self.place}

    def load_state_dict(self, state):
        self.place = state["at"]


class Stepping(IterableDataset):
    """Its iterator has the state."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        info = get_worker_info()
        return Steps(range(self.count) if info is None else range(info.id, self.count, info.num_workers))


def bits(batch):
    """A batch as what can be compared: shapes, types and bytes."""
    if isinstance(batch, torch.Tensor):
        return str(batch.dtype), tuple(batch.shape), batch.contiguous().numpy().tobytes()
    if isinstance(batch, np.ndarray):
        return str(batch.dtype), batch.shape, batch.tobytes()
    if isinstance(batch, list | tuple):
        return tuple(map(bits, batch))
    return batch
