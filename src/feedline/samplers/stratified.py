"""A shuffle in which every batch has every class in its share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.rng import SHUFFLE_OPERATION, many_words
from feedline.samplers.base import Indices, KeyedSampler
from feedline.samplers.fingerprint import fingerprint
from feedline.samplers.kept import Kept
from feedline.samplers.permutation import sort_keys
from feedline.samplers.spread import Places, shaken, spread

_CLASSES_BLOCK, _TURN_BLOCK = 8, 9  # numbers of words; the shuffle within the classes uses block 0


class StratifiedSampler(KeyedSampler):
    """Every sample once an epoch, each class spread evenly over all of it.

    Any ``m`` consecutive positions hold more than ``m * s - 2`` and fewer than ``m * s + 2`` samples of a class whose
    share of all is ``s``. Within a class the order is a keyed shuffle, and every sample is equally likely at each
    position; which classes follow each other differs from epoch to epoch, though rare ones keep their distances.

    The order of an epoch is made as a whole when its first index is asked for, O(n log n), and kept (8 bytes a sample);
    the pattern of classes, which takes about a second for a million samples, is made once.

    Args:
        labels: one integer or string a sample, such as a dataset's ``targets``.
        seed: any integer, used modulo 2**64.

    Raises:
        ValueError: labels that are not one-dimensional, or neither integers nor strings.
    """

    def __init__(self, labels: Sequence[int] | Sequence[str] | NDArray[Any], seed: int = 0) -> None:
        super().__init__(seed)
        _, codes = np.unique(_checked(labels), return_inverse=True)
        self._labels = codes.astype(np.min_scalar_type(int(codes.max(initial=0))))
        self._fingerprint: Kept[str] = Kept()
        self._places: Kept[Places] = Kept()
        self._order: Kept[Indices] = Kept()

    def __len__(self) -> int:
        return len(self._labels)

    def at(self, positions: Indices) -> Indices:
        seed, epoch = self.seed, self.epoch
        return self._order.get((seed, epoch), lambda: self._whole(seed, epoch))[positions]

    def configuration(self) -> dict[str, Any]:
        labels = self._fingerprint.get(None, lambda: fingerprint(self._labels.astype(np.int64)))
        return {"length": len(self), "labels": labels}

    def _whole(self, seed: int, epoch: int) -> Indices:
        counts = np.bincount(self._labels).astype(np.int64)
        ranks = _ranks(counts, seed, epoch)
        places = self._places.get(None, lambda: spread(np.sort(counts)))
        pattern = _turned(shaken(places, seed, epoch), seed, epoch)
        members = np.lexsort((sort_keys(len(self), seed, epoch), ranks[self._labels]))
        order = np.empty(len(self), dtype=np.int64)
        order[np.argsort(pattern, kind="stable")] = members
        return order


def _ranks(counts: Indices, seed: int, epoch: int) -> Indices:
    """The place of each class among all by size; chance decides between classes of one size."""
    words = many_words(seed, epoch, np.arange(len(counts), dtype=np.int64), SHUFFLE_OPERATION, _CLASSES_BLOCK)
    ranks = np.empty(len(counts), dtype=np.int64)
    ranks[np.lexsort((words[0], counts))] = np.arange(len(counts))
    return ranks


def _turned(pattern: Indices, seed: int, epoch: int) -> Indices:
    """The pattern begun anywhere: so its first position is no more special than the others."""
    words = many_words(seed, epoch, np.zeros(1, dtype=np.int64), SHUFFLE_OPERATION, _TURN_BLOCK).ravel().tolist()
    return np.roll(pattern, (words[0] << 32 | words[1]) % max(1, len(pattern)))


def _checked(labels: Any) -> NDArray[Any]:
    array = np.asarray(labels)
    if array.dtype == object and all(isinstance(label, str) for label in array.flat):
        array = array.astype(np.str_)
    if array.ndim != 1:
        raise ValueError(f"labels must be one a sample, in one dimension, not of shape {array.shape}")
    if len(array) and array.dtype.kind not in "iubUS":
        raise ValueError(f"labels must be integers or strings, not {array.dtype}: map them to class numbers first")
    return array
