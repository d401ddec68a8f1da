"""The loop of a translator: two networks that learn in turns, one row an epoch, one sheet an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sized
from dataclasses import dataclass, field, replace
from typing import Any, cast

import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.utils.data import DataLoader

from feedline.errors import RunError
from feedline.train.checkpoint import TranslationCheckpoint, load_checkpoint, save_checkpoint
from feedline.train.epochs import Epochs, Feeding
from feedline.train.handlers import Checkpoints, Judging, Progress, Reseed, Results
from feedline.train.handlers.judging import MakeRow
from feedline.train.outcome import Outcome
from feedline.train.running import run_epochs, undisturbed
from feedline.train.runs import Run
from feedline.train.translation.evaluate import TranslationJudgement, judge_translation
from feedline.train.translation.learning import TranslationLearning
from feedline.train.translation.objective import Objective
from feedline.train.translation.pictures import PairPictures
from feedline.train.translation.plots import plot_translation
from feedline.train.translation.report import write_translation_report
from feedline.train.translation.rows import TranslationRow
from feedline.train.translation.steps import translator
from feedline.transforms import from_recipe

_PLACES = 6


@dataclass(frozen=True)
class TranslationTraining:
    """How to train a translator.

    Attributes:
        epochs: passes over the training pairs.
        lr: Adam's learning rate, for generator and discriminator.
        constant: epochs at that rate, behind which it falls to zero in equal steps; by default half of them.
        objective: the losses and their weights.
        seed: what dropout and the like depend on, together with the epoch.
        quiet: shows no progress.
    """

    epochs: int = 200
    lr: float = 2e-4
    constant: int | None = None
    objective: Objective = field(default_factory=Objective)
    seed: int = 0
    quiet: bool = False


TranslationOutcome = Outcome[TranslationRow, TranslationJudgement]


def fit_translator(
    generator: nn.Module,
    discriminator: nn.Module | None,
    train_loader: DataLoader[Any],
    val_loader: DataLoader[Any],
    run: Run,
    about: TranslationCheckpoint,
    training: TranslationTraining = TranslationTraining(),
    device: torch.device = torch.device("cpu"),
    resume: TranslationCheckpoint | None = None,
) -> TranslationOutcome:
    """Trains ``generator`` against ``discriminator`` (Isola et al., arXiv 1611.07004), and fills the run folder.

    Ctrl-C ends it within the batch that is under way: what was reached is saved and reported.

    Args:
        generator: NxCxHxW float32 -> NxKxHxW; changed in place, the best weights at the end.
        discriminator: Nx(C+K)xHxW -> logits; None where the objective has no adversarial part.
        train_loader, val_loader: batches of (inputs, targets) in -1..1.
        run: where everything is written.
        about: what goes into each checkpoint besides the weights.
        training: how to train.
        device: where to.
        resume: the last checkpoint of this run, to go on behind it; ``train_loader`` must stand at its epoch.

    Raises:
        CheckpointError: ``resume`` is of another network or plan.
        DecodeError: an image cannot be decoded.
        RunError: the losses are no numbers any more.
    """
    generator.to(device)
    if discriminator is not None:
        discriminator.to(device)
    learning = TranslationLearning(generator, discriminator, training.epochs, training.lr, constant=training.constant)
    done = 0 if resume is None else resume.epoch
    if resume is not None:
        learning.restore(resume.progress, resume.weights)
    results = Results.so_far(run, TranslationRow, done, plot_translation)

    def checkpoint(epoch: int, metrics: dict[str, float]) -> TranslationCheckpoint:
        weights = generator.state_dict()
        return replace(about, weights=weights, epoch=epoch, metrics=metrics, progress=learning.progress())

    transform = from_recipe(about.preprocessing)
    pictures = PairPictures(run, val_loader.dataset, transform, generator, device)
    pairs = len(cast(Sized, train_loader.dataset))
    progress = Progress(
        pairs * training.epochs, pairs * done, training.epochs, training.quiet, lambda output: int(output["count"])
    )
    epochs = Epochs(train_loader)
    trainer = _trainer(learning, epochs, training, device, done)
    judging = Judging(judged(lambda: judge_translation(generator, val_loader, device), learning), epochs)
    checkpoints = Checkpoints(run, checkpoint, results.rows, light=True)
    for handler in (judging, results, checkpoints, pictures, progress):
        handler.attach(trainer)
    generator.train()
    ended = run_epochs(trainer, epochs, training.epochs, progress)
    judgement = _judge_best(generator, val_loader, run, device, pictures) if ended else None
    with undisturbed():
        if ended:
            run.interrupted.unlink(missing_ok=True)
        else:
            save_checkpoint(run.interrupted, replace(checkpoint(trainer.state.epoch, {}), progress={}))
        results.draw()
        write_translation_report(run, results.rows, results.feeding, judgement)
    return TranslationOutcome(run, results.rows, judgement, interrupted=judgement is None)


def judged(judge: Callable[[], TranslationJudgement], learning: TranslationLearning) -> MakeRow:
    """Rows of a translator: the losses of the epoch, and how it judges; then on to the next epoch's rate."""

    def make(engine: Engine, feeding: Feeding) -> TranslationRow:
        rate, metrics = learning.rate, engine.state.metrics
        if not math.isfinite(float(metrics["l1"])):
            raise RunError(
                f"the generator's L1 is no number any more in epoch {engine.state.epoch}: try a lower learning rate "
                f"than {rate:g}; what the epochs before reached is kept"
            )
        judgement = judge()
        learning.advance()
        return TranslationRow(
            epoch=engine.state.epoch,
            rate=round(rate, 8),
            generator_gan=_rounded(metrics.get("generator_gan")),
            generator_l1=_rounded(metrics["l1"]),
            discriminator_real=_rounded(metrics.get("discriminator_real")),
            discriminator_fake=_rounded(metrics.get("discriminator_fake")),
            val_l1=_rounded(judgement.l1),
            val_psnr=_rounded(judgement.psnr),
            val_ssim=_rounded(judgement.ssim),
            images_per_second=round(feeding.images_per_second, 1),
            data_wait_share=round(feeding.wait_share, 4),
        )

    return make


def _rounded(number: Any) -> float:
    """As it is written, so that a run that is resumed compares the same numbers."""
    return math.nan if number is None else round(float(number), _PLACES)


def _trainer(
    learning: TranslationLearning, epochs: Epochs, training: TranslationTraining, device: torch.device, done: int
) -> Engine:
    """The engine that learns, standing behind epoch ``done``."""
    trainer = translator(learning, training.objective, device)
    epochs.attach(trainer)
    Reseed(training.seed).attach(trainer)
    trainer.add_event_handler(Events.STARTED, lambda: setattr(trainer.state, "epoch", done))
    return trainer


def _judge_best(
    generator: nn.Module, val_loader: DataLoader[Any], run: Run, device: torch.device, pictures: PairPictures
) -> TranslationJudgement | None:
    """Loads the best weights as they were saved, and judges and draws with those; None where Ctrl-C ended that."""
    try:
        best = load_checkpoint(run.best, TranslationCheckpoint)
        generator.load_state_dict(best.weights)
        judgement = judge_translation(generator, val_loader, device)
        pictures.draw("val_pairs.png", f"validation pairs, by the best weights (epoch {best.epoch})")
    except KeyboardInterrupt:
        return None
    return judgement
