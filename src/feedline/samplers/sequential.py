"""Indices as they come."""

from __future__ import annotations

from collections.abc import Sized

from feedline.samplers.base import Indices, KeyedSampler, length_of


class SequentialSampler(KeyedSampler):
    """The indices 0, 1, 2 and so on in every epoch: a validation set, to be sharded or resumed.

    Args:
        data_source: anything that has a length, or the number of samples.
    """

    def __init__(self, data_source: Sized | int) -> None:
        super().__init__()
        self._length = length_of(data_source)

    def __len__(self) -> int:
        return self._length

    def at(self, positions: Indices) -> Indices:
        return positions
