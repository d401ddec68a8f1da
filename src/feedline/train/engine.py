"""The loop: Ignite's engine, our handlers, one row an epoch."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.utils.data import DataLoader

from feedline.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from feedline.train.epochs import Epochs
from feedline.train.evaluate import Judgement, judge
from feedline.train.handlers import Checkpoints, Judging, Pictures, Progress, Reseed, Results, classified
from feedline.train.learning import Learning
from feedline.train.outcome import Outcome
from feedline.train.plots import plot_results
from feedline.train.report import write_report
from feedline.train.rows import Row
from feedline.train.running import run_epochs, undisturbed
from feedline.train.runs import Run
from feedline.train.steps import mean_loss, training_step
from feedline.transforms import from_recipe


@dataclass(frozen=True)
class Training:
    """How to train.

    Attributes:
        epochs: passes over the training data.
        lr: the peak of the one-cycle schedule's learning rate.
        weight_decay: AdamW's.
        seed: what dropout and the like depend on, together with the epoch.
        quiet: shows no progress.
    """

    epochs: int = 10
    lr: float = 3e-3
    weight_decay: float = 0.05
    seed: int = 0
    quiet: bool = False


def fit(
    model: nn.Module,
    train_loader: DataLoader[Any],
    val_loader: DataLoader[Any],
    run: Run,
    about: Checkpoint,
    training: Training = Training(),
    device: torch.device = torch.device("cpu"),
    resume: Checkpoint | None = None,
) -> Outcome[Row, Judgement]:
    """Trains ``model`` by cross-entropy with AdamW and a one-cycle schedule, and fills the run folder.

    Ctrl-C ends it within the batch that is under way: what was reached is saved and reported.

    Args:
        model: NxCxHxW float32 -> N x classes logits; changed in place, the best weights at the end.
        train_loader, val_loader: batches of (images, labels).
        run: where everything is written.
        about: what goes into each checkpoint besides the weights.
        training: how to train.
        device: where to.
        resume: the last checkpoint of this run, to go on behind it; ``train_loader`` must stand at its epoch.

    Raises:
        CheckpointError: ``resume`` is of another network or plan.
        DecodeError: an image cannot be decoded.
    """
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batches = max(1, len(train_loader))
    learning = Learning(model, training.epochs * batches, training.lr, training.weight_decay)
    done = 0
    if resume is not None:
        learning.restore(resume)
        done = resume.epoch
    results = Results.so_far(run, Row, done, plot_results)

    def checkpoint(epoch: int, metrics: dict[str, float]) -> Checkpoint:
        return replace(about, weights=model.state_dict(), epoch=epoch, metrics=metrics, progress=learning.progress())

    pictures = Pictures(run, about.classes, from_recipe(about.preprocessing))
    images = len(cast(Sized, train_loader.dataset))
    progress = Progress(images * training.epochs, images * done, training.epochs, training.quiet)
    epochs = Epochs(train_loader)
    trainer = _trainer(learning, epochs, training, device, done)
    judging = Judging(classified(lambda: judge(model, val_loader, len(about.classes), device)), epochs)
    for handler in (judging, results, Checkpoints(run, checkpoint, results.rows), pictures, progress):
        handler.attach(trainer)
    model.train()
    ended = run_epochs(trainer, epochs, training.epochs, progress)
    judgement = _judge_best(model, val_loader, run, device, pictures, about) if ended else None
    with undisturbed():
        if ended:
            run.interrupted.unlink(missing_ok=True)
        else:
            save_checkpoint(run.interrupted, checkpoint(trainer.state.epoch, {}))
        results.draw()
        write_report(run, results.rows, results.feeding, judgement, about.classes)
    return Outcome(run, results.rows, judgement, interrupted=judgement is None)


def _trainer(learning: Learning, epochs: Epochs, training: Training, device: torch.device, done: int) -> Engine:
    """The engine that learns, standing behind epoch ``done``."""
    trainer = Engine(training_step(learning.model, learning.optimizer, device))
    mean_loss(lambda losses: losses).attach(trainer, "loss")
    epochs.attach(trainer)
    Reseed(training.seed).attach(trainer)
    trainer.add_event_handler(Events.STARTED, lambda: setattr(trainer.state, "epoch", done))
    trainer.add_event_handler(Events.ITERATION_COMPLETED, learning.advance)
    return trainer


def _judge_best(
    model: nn.Module,
    val_loader: DataLoader[Any],
    run: Run,
    device: torch.device,
    pictures: Pictures,
    about: Checkpoint,
) -> Judgement | None:
    """Loads the best weights as they were saved, and judges and draws with those; None where Ctrl-C ended that."""
    try:
        model.load_state_dict(load_checkpoint(run.best).weights)
        judgement = judge(model, val_loader, len(about.classes), device)
        pictures.predictions(model, val_loader.dataset, device)
        pictures.confusion(judgement.confusion)
    except KeyboardInterrupt:
        return None
    return judgement
