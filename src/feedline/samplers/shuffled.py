"""A new shuffle each epoch, in constant memory."""

from __future__ import annotations

from collections.abc import Sized

from feedline.samplers.base import Indices, KeyedSampler, length_of
from feedline.samplers.kept import Kept
from feedline.samplers.permutation import Permutation


class ShuffledSampler(KeyedSampler):
    """Every sample once an epoch, in a keyed random order (:class:`Permutation`).

    Any position is found in constant time and memory, so a pass over a billion samples begins, or goes on in its
    middle, at once.

    Args:
        data_source: anything that has a length, or the number of samples; only the number is kept.
        seed: any integer, used modulo 2**64.
    """

    def __init__(self, data_source: Sized | int, seed: int = 0) -> None:
        super().__init__(seed)
        self._length = length_of(data_source)
        self._permutation: Kept[Permutation] = Kept()

    def __len__(self) -> int:
        return self._length

    def at(self, positions: Indices) -> Indices:
        seed, epoch = self.seed, self.epoch
        return self._permutation.get((seed, epoch), lambda: Permutation(self._length, seed, epoch))(positions)
