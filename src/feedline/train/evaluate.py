"""How good a network is on what a loader feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from ignite.engine import Engine
from ignite.metrics import Accuracy, ConfusionMatrix
from torch import nn

from feedline.train.epochs import Epochs
from feedline.train.steps import judging_step, mean_loss


@dataclass(frozen=True)
class Judgement:
    """Mean loss, share of right answers, and the confusion matrix: counts, a row a true class, a column a predicted."""

    loss: float
    accuracy: float
    confusion: torch.Tensor

    def per_class(self) -> list[float | None]:
        """The share of right answers for each true class; None for a class without images."""
        right, all_of = self.confusion.diagonal().tolist(), self.confusion.sum(dim=1).tolist()
        return [hits / count if count else None for hits, count in zip(right, all_of, strict=True)]


def judge(model: nn.Module, loader: Iterable[Any], classes: int, device: torch.device) -> Judgement:
    """One pass over ``loader`` of (images, labels) without learning; the model's mode is put back."""
    engine = Engine(judging_step(model, device))
    mean_loss(lambda output: output[2]).attach(engine, "loss")
    Accuracy(output_transform=lambda output: output[:2]).attach(engine, "accuracy")
    ConfusionMatrix(classes, output_transform=lambda output: output[:2]).attach(engine, "confusion")
    metrics = run_once(engine, model, loader)
    return Judgement(float(metrics["loss"]), float(metrics["accuracy"]), metrics["confusion"])


def run_once(engine: Engine, model: nn.Module, loader: Iterable[Any]) -> dict[str, Any]:
    """The engine's metrics after one pass over ``loader``, with ``model`` in evaluation mode."""
    epochs = Epochs(loader)
    epochs.attach(engine)
    with evaluating(model):
        return engine.run(epochs, max_epochs=1).metrics


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within the block the model is in evaluation mode; behind it each of its parts is in the mode that it was in."""
    before = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in before:
            part.training = training
