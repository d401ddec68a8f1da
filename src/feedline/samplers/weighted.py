"""Samples drawn with given probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from feedline.rng import DRAW_OPERATION, many_words
from feedline.samplers.base import Indices, KeyedSampler
from feedline.samplers.fingerprint import fingerprint
from feedline.samplers.kept import Kept

Floats = NDArray[np.float64]


class WeightedSampler(KeyedSampler):
    """torch's ``WeightedRandomSampler`` with keyed draws and no limit of 2**24 weights.

    With replacement each position is a draw of its own, found by bisection of the cumulative weights, so that any
    position is found at once. Without, ``num_samples`` different indices are drawn one after the other, each in
    proportion to the weights that are left; the order of an epoch is then made as a whole, by the exponential keys of
    Efraimidis and Spirakis ("Weighted random sampling with a reservoir", Information Processing Letters 97, 2006), and
    kept. Their logarithms may differ in the last bit between machines, which changes the order only where two keys
    agree in all bits but that.

    Args:
        weights: one a sample, finite, at least 0, not all 0, in any scale; used as float64. Probabilities below 2**-53
            of the sum are not told from 0 with replacement.
        num_samples: the number of indices in an epoch; without replacement at most the number of weights above 0.
        replacement: whether an index may be drawn again in the same epoch.
        seed: any integer, used modulo 2**64.

    Raises:
        ValueError: a parameter that breaks one of these rules.
    """

    def __init__(
        self,
        weights: Sequence[float] | NDArray[Any] | torch.Tensor,
        num_samples: int,
        replacement: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(seed)
        plain = weights.detach().cpu().double().numpy() if isinstance(weights, torch.Tensor) else weights
        self._weights: Floats = np.array(plain, dtype=np.float64)
        self._weights.flags.writeable = False
        self.num_samples = num_samples
        self.replacement = replacement
        _check_weights(self.weights)
        _check_draws(self.weights, num_samples, replacement)
        self._fingerprint: Kept[str] = Kept()
        self._cumulative: Kept[Floats] = Kept()
        self._order: Kept[Indices] = Kept()

    @property
    def weights(self) -> Floats:
        """A copy of what was given, which cannot be changed: other weights are another sampler's."""
        return self._weights

    def __len__(self) -> int:
        return self.num_samples

    def at(self, positions: Indices) -> Indices:
        seed, epoch = self.seed, self.epoch
        if self.replacement:
            cumulative = self._cumulative.get(None, lambda: np.cumsum(self._scaled()))
            return _invert(cumulative, uniforms(seed, epoch, positions))
        return self._order.get((seed, epoch), lambda: self._whole(seed, epoch))[positions]

    def configuration(self) -> dict[str, Any]:
        weights = self._fingerprint.get(None, lambda: fingerprint(self.weights))
        return {"length": self.num_samples, "replacement": self.replacement, "weights": weights}

    def _scaled(self) -> Floats:
        scaled: Floats = self.weights / self.weights.max()  # so that no sum overflows
        return scaled

    def _whole(self, seed: int, epoch: int) -> Indices:
        (chosen,) = np.nonzero(self.weights)
        with np.errstate(divide="ignore", over="ignore"):  # a weight that is next to nothing has an infinite key
            keys = -np.log1p(-uniforms(seed, epoch, chosen)) / self._scaled()[chosen]
        return chosen[np.argsort(keys, kind="stable")[: self.num_samples]]


def uniforms(seed: int, epoch: int, indices: Indices) -> Floats:
    """A number in [0, 1) of 53 random bits for each index."""
    words = many_words(seed, epoch, indices, DRAW_OPERATION)
    bits: NDArray[np.uint64] = words[0] << np.uint64(21) | words[1] >> np.uint64(11)
    return bits.astype(np.float64) * 2.0**-53


def _invert(cumulative: Floats, uniform: Floats) -> Indices:
    """For each number the index in whose part of the sum it falls; an index of weight 0 has no part."""
    # uniform is at most 1 - 2**-53, so that the product, rounded, stays below the sum
    found: Indices = np.searchsorted(cumulative, uniform * cumulative[-1], side="right").astype(np.int64, copy=False)
    return found


def _check_weights(weights: Floats) -> None:
    if weights.ndim != 1:
        raise ValueError(f"weights should be a 1d sequence but given weights have shape {weights.shape}")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise ValueError(f"weights must be finite and at least 0, but weights[{wrong[0]}] is {weights[wrong[0]]}")
    if not weights.any():
        raise ValueError(f"at least one weight must be above 0, but all {len(weights)} of them are 0")


def _check_draws(weights: Floats, num_samples: int, replacement: bool) -> None:
    if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
        raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
    if not isinstance(replacement, bool):
        raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
    possible = int(np.count_nonzero(weights))
    if not replacement and num_samples > possible:
        raise ValueError(
            f"without replacement num_samples must be at most the number of weights above 0, {possible}, "
            f"not {num_samples}"
        )
