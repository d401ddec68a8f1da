"""What changes while two networks learn against each other: weights, optimisers and rate, kept together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import Adam

from feedline.errors import CheckpointError


@dataclass(frozen=True)
class Adversary:
    """A discriminator and what changes it."""

    model: nn.Module
    optimizer: Adam


class TranslationLearning:
    """Adam for the generator, Adam for the discriminator, one rate for both: constant, then falling along a line.

    The rate is ``lr`` in the first ``constant`` epochs and falls by the same amount before each epoch that follows,
    such that behind the last it would be 0.

    Args:
        generator, discriminator: whose parameters are learnt; without a discriminator the generator learns alone.
        epochs: of the whole run.
        lr: the highest rate.
        betas: Adam's.
        constant: how many epochs have the highest rate; half of them, rounded up, if not given.

    Raises:
        ValueError: fewer than one epoch, or not from 0 to ``epochs`` of them constant.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module | None,
        epochs: int,
        lr: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        constant: int | None = None,
    ) -> None:
        constant = (epochs + 1) // 2 if constant is None else constant
        if epochs < 1:
            raise ValueError(f"a run has at least one epoch, not {epochs}")
        if not 0 <= constant <= epochs:
            raise ValueError(f"from 0 to {epochs} epochs can have a constant rate, not {constant}")
        self.generator, self.discriminator = generator, discriminator
        self.optimizer = Adam(generator.parameters(), lr=lr, betas=betas)
        self.adversary = None
        if discriminator is not None:
            self.adversary = Adversary(discriminator, Adam(discriminator.parameters(), lr=lr, betas=betas))
        self._plan = {"epochs": epochs, "constant": constant, "lr": lr, "betas": list(betas)}
        self._epochs, self._constant, self._lr = epochs, constant, lr
        self._done = 0
        self._apply_rate()

    @property
    def rate(self) -> float:
        """The learning rate of the epoch that is under way."""
        falling = self._epochs - self._constant + 1
        return self._lr * min(1.0, max(0, self._epochs - self._done) / falling)

    def advance(self) -> None:
        """To the rate of the next epoch; behind the last it is 0."""
        self._done += 1
        self._apply_rate()

    def progress(self) -> dict[str, Any]:
        """All but the generator's weights, for a checkpoint: of the discriminator the weights too."""
        adversary = self.adversary
        return {
            "optimizer": self.optimizer.state_dict(),
            "discriminator": None if adversary is None else adversary.model.state_dict(),
            "discriminator_optimizer": None if adversary is None else adversary.optimizer.state_dict(),
            "plan": self._plan,
            "epoch": self._done,
        }

    def restore(self, progress: dict[str, Any], generator_weights: dict[str, Any]) -> None:
        """Goes back to where ``progress`` was taken, together with ``generator_weights``.

        Raises:
            CheckpointError: they were taken of another network or of another plan.
        """
        if progress.get("plan") != self._plan:
            raise CheckpointError(f"cannot go on: the plan was {progress.get('plan')} and is now {self._plan}")
        if (progress["discriminator"] is None) != (self.adversary is None):
            had = "none" if progress["discriminator"] is None else "one"
            raise CheckpointError(f"cannot go on: of discriminators the checkpoint has {had}; train with as many")
        _load(self.generator, generator_weights, "generator")
        self.optimizer.load_state_dict(progress["optimizer"])
        if self.adversary is not None:
            _load(self.adversary.model, progress["discriminator"], "discriminator")
            self.adversary.optimizer.load_state_dict(progress["discriminator_optimizer"])
        self._done = progress["epoch"]
        self._apply_rate()

    def _apply_rate(self) -> None:
        groups = [*self.optimizer.param_groups]
        if self.adversary is not None:
            groups += self.adversary.optimizer.param_groups
        for group in groups:
            group["lr"] = self.rate


def _load(model: nn.Module, weights: dict[str, Any], name: str) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"cannot go on: the checkpoint is of another {name}: {error}") from error
