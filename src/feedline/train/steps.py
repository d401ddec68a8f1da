"""What the engines do with one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from ignite.engine import Engine
from ignite.metrics import Average
from torch import nn
from torch.nn.functional import cross_entropy

Step = Callable[[Engine, Any], Any]


def training_step(model: nn.Module, optimizer: torch.optim.Optimizer, device: torch.device) -> Step:
    """Forward, cross-entropy, backward, update; gives the loss of each sample, shape N, on the device.

    Labels are N classes, or each class's share, N x classes, as MixUp gives them.
    """

    def step(_: Engine, batch: Any) -> torch.Tensor:
        images, labels = _move(batch, device)
        optimizer.zero_grad(set_to_none=True)
        losses = cross_entropy(model(images), labels, reduction="none")
        losses.mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return losses.detach()

    return step


def judging_step(model: nn.Module, device: torch.device) -> Step:
    """Forward alone; gives logits (N x classes), labels (N) and losses (N).

    Labels may be shares, N x classes: the losses are of those, and a sample's class is the one with the largest.
    """

    def step(_: Engine, batch: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        images, labels = _move(batch, device)
        with torch.inference_mode():
            logits = model(images)
            losses = cross_entropy(logits, labels, reduction="none")
            return logits, labels if labels.dim() == 1 else labels.argmax(dim=1), losses

    return step


def mean_loss(losses: Callable[[Any], torch.Tensor]) -> Average:
    """The mean over all samples of the losses (N) that ``losses`` takes from a step's output."""
    return Average(output_transform=lambda output: losses(output)[:, None])


def _move(batch: Any, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = batch
    return images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
