"""What changes while a network learns: weights, optimiser and schedule, kept together."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from feedline.errors import CheckpointError
from feedline.train.checkpoint import Checkpoint


class Learning:
    """AdamW under a one-cycle schedule (Smith and Topin, arXiv 1708.07120) over ``steps`` batches.

    Args:
        model: whose parameters are learnt.
        steps: batches of the whole run; later ones, if there are any, keep the last rate.
        lr: the highest rate.
        weight_decay: AdamW's.
    """

    def __init__(self, model: nn.Module, steps: int, lr: float, weight_decay: float) -> None:
        self.model = model
        self.optimizer = AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
        self._steps = max(2, steps)
        self._schedule = OneCycleLR(self.optimizer, max_lr=lr, total_steps=self._steps)

    def advance(self) -> None:
        """To the rate of the next batch."""
        if self._schedule.last_epoch < self._steps - 1:
            self._schedule.step()

    def progress(self) -> dict[str, Any]:
        """All but the weights, for a checkpoint."""
        return {"optimizer": self.optimizer.state_dict(), "schedule": self._schedule.state_dict()}

    def restore(self, checkpoint: Checkpoint) -> None:
        """Goes back to where ``checkpoint`` was taken.

        Raises:
            CheckpointError: it was taken of another network or of another plan.
        """
        if checkpoint.progress.get("schedule", {}).get("total_steps") != self._steps:
            raise CheckpointError("cannot go on: the number of epochs, the batch size or the data have changed since")
        try:
            self.model.load_state_dict(checkpoint.weights)
        except RuntimeError as error:
            raise CheckpointError(f"cannot go on: the checkpoint is of another network: {error}") from error
        self.optimizer.load_state_dict(checkpoint.progress["optimizer"])
        self._schedule.load_state_dict(checkpoint.progress["schedule"])
