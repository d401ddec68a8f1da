"""An order whose every position can be asked for alone."""

from __future__ import annotations

import copy
import operator
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sized
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

Indices = NDArray[np.int64]

STATE_VERSION = 1
_EPOCHS = 1 << 32  # what the key's counter holds
_FIRST_BLOCK, _BLOCK = 256, 4096  # positions read at once; few at first, so that the first index is there soon


class KeyedSampler(Sampler[int], ABC):
    """An order of indices that is a pure function of (seed, epoch, position).

    A subclass says how long the order is (``__len__``), what lies at given positions (:meth:`at`), and what else the
    order depends on (:meth:`configuration`). Iterating does not change the epoch: two passes in one epoch are equal.

    Args:
        seed: any integer, used modulo 2**64.

    Attributes:
        seed: the seed, 0 to 2**64 - 1.
        epoch: the number of the pass, 0 to 2**32 - 1; 0 to begin with.
    """

    _seed = 0
    _epoch = 0
    _position = 0

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed

    @property
    def seed(self) -> int:
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = operator.index(seed) % 2**64

    @property
    def epoch(self) -> int:
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if not 0 <= operator.index(epoch) < _EPOCHS:
            raise ValueError(f"an epoch must be from 0 to {_EPOCHS - 1}, not {epoch}")
        self._epoch = operator.index(epoch)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def at(self, positions: Indices) -> Indices:
        """The indices at these positions of the current epoch's order.

        Args:
            positions: int64, one dimension, each from 0 to ``len(self) - 1``, in any order; this is not checked.

        Returns:
            int64, as long as ``positions``.
        """

    def configuration(self) -> dict[str, Any]:
        """What the order depends on besides seed and epoch, small and fit for JSON; the same in a resumed run."""
        return {"length": len(self)}

    @final
    def take(self, start: int, stop: int) -> Indices:
        """The indices at positions ``start`` to ``stop - 1`` of the current epoch's order, int64.

        Raises:
            IndexError: not ``0 <= start <= stop <= len(self)``.
        """
        if not 0 <= start <= stop <= len(self):
            raise IndexError(f"take needs 0 <= start <= stop <= {len(self)}, the length, not {start} and {stop}")
        return self.at(np.arange(start, stop, dtype=np.int64))

    def __iter__(self) -> Iterator[int]:
        for block in self._blocks(_FIRST_BLOCK, _BLOCK):
            yield from block.tolist()

    @final
    def batches(self, size: int, drop_last: bool = False) -> Iterator[Indices]:
        """What iterating gives, as int64 arrays of ``size``; the last may be shorter, or is left out.

        The arrays are parts of larger ones: who keeps one keeps up to 32 kB, or its own size where that is more.
        """
        for block in self._blocks(size, size * max(1, _BLOCK // size)):
            stop = len(block) - len(block) % size if drop_last else len(block)
            for start in range(0, stop, size):
                yield block[start : start + size]

    def _blocks(self, first: int, others: int) -> Iterator[Indices]:
        """The pass, from where ``seek`` said, in pieces of so many."""
        # A generator, so that the position is used by the first index asked for and not by an iterator that its
        # owner drops (torch's loader with workers makes two); a copy, so that a pass begun keeps its epoch.
        position, self._position = self._position, 0
        order, length, size = copy.copy(self), len(self), first
        while position < length:
            stop = min(position + size, length)
            yield order.take(position, stop)
            position, size = stop, others

    @property
    def position(self) -> int:
        """Where the next pass begins."""
        return self._position

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of this epoch.

        Raises:
            ValueError: not from 0 to 2**32 - 1.
        """
        self.epoch = epoch

    def seek(self, position: int) -> None:
        """Lets the next pass, and only that one, begin at this position.

        Raises:
            IndexError: not ``0 <= position <= len(self)``.
        """
        if not 0 <= position <= len(self):
            raise IndexError(f"seek needs a position from 0 to {len(self)}, the length, not {position}")
        self._position = operator.index(position)

    @final
    def state_dict(self) -> dict[str, Any]:
        """Which order this is, fit for JSON and small.

        How far a pass has come in it is not known here: an owner who counts gives that to :meth:`seek`.
        """
        return {"seed": self.seed, "epoch": self.epoch, **self._identity()}

    @final
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes seed and epoch from a :meth:`state_dict`.

        Raises:
            ValueError: a state of another version, kind or configuration than this sampler, or one that is damaged;
                the sampler is unchanged.
        """
        _check_same(self._identity(), state)
        seed, epoch = (_integer(state, name) for name in ("seed", "epoch"))
        self.set_epoch(epoch)
        self.seed = seed

    def _identity(self) -> dict[str, Any]:
        return {"version": STATE_VERSION, "sampler": type(self).__name__, **self.configuration()}


def length_of(data_source: Sized | int) -> int:
    """The number of samples in what a sampler is made for: a number, or anything that has a length."""
    length = len(data_source) if isinstance(data_source, Sized) else operator.index(data_source)
    if length < 0:
        raise ValueError(f"the number of samples must be at least 0, not {length}")
    return length


def _check_same(own: Mapping[str, Any], found: Any, prefix: str = "") -> None:
    """Raises ValueError at the first entry of ``own`` that ``found`` has not, or has otherwise."""
    if not isinstance(found, Mapping):
        raise ValueError(f"a sampler's state must be a dictionary, not {found!r}: give what state_dict() returned")
    for name, value in own.items():
        if isinstance(value, dict):
            _check_same(value, found.get(name), f"{prefix}{name}.")
        elif found.get(name) != value:
            raise ValueError(
                f"this sampler's {prefix}{name} is {value!r}, the state's is {found.get(name)!r}: "
                "make the sampler as it was when the state was saved, or begin a new run"
            )


def _integer(state: Mapping[str, Any], name: str) -> int:
    value = state.get(name)
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} in a sampler's state must be an integer of at least 0, not {value!r}: it is damaged")
    return value
