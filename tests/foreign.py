"""Datasets that are not ours, as programs write them; at module level, so that every kind of worker can import them."""

import os
import random
import signal
import time
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset, default_collate, get_worker_info

LONG = 60  # seconds that nothing comes near


class Squares(Dataset):
    """A pair of a tensor that tells the index, and the index."""

    def __init__(self, count=10, size=3):
        self.count = count
        self.size = size

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if not 0 <= index < self.count:
            raise IndexError(index)
        return torch.full((self.size,), float(index)), index


class Many(Squares):
    def __getitems__(self, indices):
        return [(torch.full((self.size,), float(index)), -index) for index in indices]


class Stream(IterableDataset):
    """``count`` numbers, each worker its share of them; ``promised`` is the length it tells."""

    def __init__(self, count=10, promised=None):
        self.count = count
        self.promised = promised

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, self.count, step))


class Sized(Stream):
    def __len__(self):
        return self.count if self.promised is None else self.promised


class Chance(Squares):
    """What the three generators say in whoever asks."""

    def __getitem__(self, index):
        return index, torch.rand(2), random.random(), np.random.rand(2)


class Who(Squares):
    """What a worker is told of itself."""

    def __getitem__(self, index):
        info = get_worker_info()
        assert info.dataset is self
        return index, info.id, info.num_workers, info.seed, torch.initial_seed(), torch.get_num_threads()


class Pids(Squares):
    def __getitem__(self, index):
        return os.getpid()


class Pair(NamedTuple):
    first: Any
    second: Any


class Kinds(Dataset):
    """Samples that default_collate takes apart; a kind of them for each index of ``KINDS``."""

    KINDS = ("mapping", "pair", "text", "bytes", "nested", "array", "scalar", "empty", "number")

    def __init__(self, kind):
        self.kind = kind

    def __len__(self):
        return 5

    def __getitem__(self, index):
        tensor = torch.arange(6.0).reshape(2, 3) + index
        return {
            "mapping": {"a": tensor, "b": index},
            "pair": Pair(tensor, Pair(index, "x")),
            "text": f"text {index}",
            "bytes": b"%d" % index,
            "nested": [tensor, {"a": (index, [tensor * 2, "z"])}],
            "array": np.arange(6, dtype=np.int16).reshape(3, 2) + index,
            "scalar": (np.float32(index), torch.tensor(index)),
            "empty": (torch.empty(0, 3), [], {}),
            "number": (index, index / 2, index % 2 == 0),
        }[self.kind]


DTYPES = (
    *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64),
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128, torch.bool),
    *(torch.float8_e4m3fn, torch.float8_e5m2),
)


class Odd(Dataset):
    """Tensors that are not plain, one by one."""

    def __len__(self):
        return 19 + len(DTYPES)

    def __getitem__(self, index):
        return self.all()[index]

    @staticmethod
    def all():
        base = torch.arange(24.0)
        return [
            torch.eye(3).to_sparse(),
            torch.eye(3).to_sparse_csr(),
            torch.ones(4, requires_grad=True),
            torch.nn.Parameter(torch.ones(4)),
            torch.tensor(5),
            torch.empty(0),
            torch.empty(3, 0, 2),
            base.reshape(4, 6).t(),
            base.reshape(4, 6)[:, ::2],
            base.reshape(4, 6)[1:3, 2:],
            base.reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
            torch.ones(1).expand(5, 7),
            torch.complex(base, base).conj(),
            torch.complex(base, base).conj().imag,
            torch.quantize_per_tensor(base, 0.5, 3, torch.quint8),
            base.to("meta"),
            *(torch.ones(3, 2).to(dtype) for dtype in DTYPES),
            np.arange(12).reshape(3, 4)[:, ::2],
            "text",
            None,
        ]


class Failing(Squares):
    """Raises what ``errors`` has for an index."""

    def __init__(self, count, errors):
        super().__init__(count)
        self.errors = errors

    def __getitem__(self, index):
        if index in self.errors:
            raise self.errors[index]
        return super().__getitem__(index)


class OddError(Exception):
    """Cannot be made of a text alone."""

    def __init__(self, code, *, reason):
        super().__init__(f"{code}: {reason}")


class Dying(Squares):
    """The worker that gets ``index`` ends without a word; ``how`` is a signal, or None for os._exit."""

    def __init__(self, count, index, how=signal.SIGKILL):
        super().__init__(count)
        self.index = index
        self.how = how

    def __getitem__(self, index):
        if index == self.index:
            if self.how is None:
                os._exit(3)
            os.kill(os.getpid(), self.how)
        return super().__getitem__(index)


class Stuck(Squares):
    """Says on a pipe that it is there, and stays."""

    def __init__(self, count, index, said=None):
        super().__init__(count)
        self.index = index
        self.said = said

    def __getitem__(self, index):
        if index == self.index:
            if self.said is not None:
                os.write(self.said, b"x")
            time.sleep(LONG)
        return super().__getitem__(index)


class Caching(Squares):
    """Keeps the batches that it made, and gives them again."""

    def __init__(self, count, size):
        super().__init__(count, size)
        self.made = {}

    def __getitems__(self, indices):
        key = tuple(indices)
        if key not in self.made:
            self.made[key] = default_collate([self[index] for index in indices])
        return self.made[key]


class Box:
    """A type of the user's."""

    def __init__(self, samples):
        self.tensor = torch.stack([sample[0] for sample in samples])
        self.same = self.tensor


class Frozen:
    """Its state is made anew each time it is asked for."""

    def __init__(self, count):
        self.count = count

    def __reduce__(self):
        return list, (), None, (torch.full((4, 4), float(number))[:, ::2] for number in range(self.count))


def as_it_is(samples):
    return samples


def tell_numpy(worker):
    np.random.seed(100 + worker)
    random.seed(200 + worker)
