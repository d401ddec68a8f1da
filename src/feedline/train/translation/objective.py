"""What a generator is trained for: to be taken for real, to be near the target, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

AdversarialLoss = Literal["bce", "least_squares"]


@dataclass(frozen=True)
class Objective:
    """The generator's loss: ``gan`` times the adversarial loss plus ``l1`` times the mean absolute difference.

    Attributes:
        l1: weight of the difference from the target; 0 trains by the discriminator alone.
        gan: weight of the adversarial loss; 0 trains by the difference alone, without a discriminator.
        loss: ``"bce"``, cross-entropy (Isola et al., arXiv 1611.07004), or ``"least_squares"`` (Mao et al.,
            arXiv 1611.04076).

    Raises:
        ValueError: a weight is negative or no number, both are 0, or there is no such loss.
    """

    l1: float = 100.0
    gan: float = 1.0
    loss: AdversarialLoss = "bce"

    def __post_init__(self) -> None:
        for name, weight in (("l1", self.l1), ("gan", self.gan)):
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"the weight {name} is a number from 0 up, not {weight}")
        if self.l1 == self.gan == 0:
            raise ValueError("the weights l1 and gan are both 0: nothing is left to train for; set one above 0")
        if self.loss not in get_args(AdversarialLoss):
            raise ValueError(f"loss is one of {', '.join(get_args(AdversarialLoss))}, not {self.loss!r}")


def adversarial_loss(logits: torch.Tensor, real: bool, loss: AdversarialLoss = "bce") -> torch.Tensor:
    """How far ``logits``, of any shape, are from saying that all is real (or not): a scalar, the mean over all.

    ``"bce"`` is the cross-entropy of sigmoid(logits) to 1 or 0, ``"least_squares"`` the squared difference of the
    logits themselves from 1 or 0.
    """
    said = torch.full_like(logits, float(real))
    return binary_cross_entropy_with_logits(logits, said) if loss == "bce" else mse_loss(logits, said)
