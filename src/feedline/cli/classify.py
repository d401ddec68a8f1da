"""``feedline train --task classify``: from a path to a run folder."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import typer

from feedline import nn
from feedline.cli.inspect import look_at
from feedline.cli.parts import open_all, parts
from feedline.cli.settings import Settings
from feedline.cli.usable import fingerprint, usable
from feedline.codecs.check import Problem
from feedline.errors import CheckpointError, DataError
from feedline.loader import DataLoader
from feedline.rng import epoch_seed
from feedline.subsets import AnyDataset, Subset
from feedline.train import Checkpoint, Judgement, Outcome, Run, Training, fit, load_checkpoint, pick_device
from feedline.train.preprocess import Augment, evaluation_transform, training_transform
from feedline.train.rows import Row
from feedline.train.runs import require_free
from feedline.transforms import to_recipe
from feedline.types import Mode


def train_classifier(settings: Settings, out: Path | None, resume: Path | None, quiet: bool) -> Outcome[Row, Judgement]:
    """Data, loaders, network, run folder, training."""
    device = pick_device(settings.device)
    if out is not None:
        require_free(out)
    dataset, problems = _dataset(settings, quiet)
    look = look_at(dataset)
    mode = look.mode if settings.mode == "auto" else settings.mode
    settings = replace(settings, mode=mode, size=settings.size or look.size)
    train_loader, val_loader, about = _loaders(dataset, settings, device)
    torch.manual_seed(epoch_seed(settings.seed, 0))
    network = nn.build(settings.model, about.input_shape, len(about.classes))
    run = Run(resume) if resume is not None else Run.create(out, settings.name)
    before = load_checkpoint(run.last) if resume is not None else None
    if before is not None:
        if (before.classes, before.data) != (about.classes, about.data):
            raise CheckpointError(
                f"cannot go on with {run.path}: its data have changed since, so that other images would be validated "
                "on; put them back, or begin a new run"
            )
        train_loader.set_epoch(before.epoch)
    run.write_args({"task": "classify", **settings.as_dict()})
    if problems:
        run.write_left_out([problem.as_dict() for problem in problems])
    training = Training(settings.epochs, settings.lr, seed=settings.seed, quiet=quiet)
    if not quiet:
        typer.echo(_plan(settings, train_loader, val_loader, network, device, run))
    return fit(network, train_loader, val_loader, run, about, training, device, before)


def _dataset(settings: Settings, quiet: bool) -> tuple[AnyDataset, list[Problem]]:
    """The dataset without its broken files, and those."""
    dataset = open_all(settings.data)
    _require_classes(dataset)
    good, problems = usable(dataset, settings, quiet)
    if problems:
        _require_classes(good)
    return good, problems


def _require_classes(dataset: AnyDataset) -> None:
    if (dataset.targets < 0).any():
        raise DataError(
            f"{int((dataset.targets < 0).sum())} of {len(dataset)} images have no class, and a classifier needs one "
            "for each, such as the folder that it lies in (ROOT/CLASS/IMAGE)"
        )
    counts = np.bincount(dataset.targets, minlength=len(dataset.classes))
    if len(dataset.classes) < 2:
        raise DataError(
            f"there is one class only, {dataset.classes[0]!r}: a classifier needs at least two, "
            "in one folder each (ROOT/CLASS/IMAGE)"
        )
    if 0 in counts:
        raise DataError(f"class {dataset.classes[int(counts.argmin())]!r} has no image that can be decoded")


def _loaders(
    dataset: AnyDataset, settings: Settings, device: torch.device
) -> tuple[DataLoader[Any], DataLoader[Any], Checkpoint]:
    """Training and validation loaders, and what a checkpoint says about them."""
    assert settings.size is not None
    judged = evaluation_transform(settings.size)
    learnt = training_transform(settings.size, cast(Augment, settings.augment))
    train_part, val_part = parts(dataset.with_mode(cast(Mode, settings.mode)), settings.val, settings.seed)
    pin = device.type == "cuda"
    train_loader: DataLoader[Any] = DataLoader(
        train_part.with_transform(learnt),
        settings.batch_size,
        shuffle=True,
        num_workers=settings.workers,
        pin_memory=pin,
        seed=settings.seed,
    )
    val_loader: DataLoader[Any] = DataLoader(
        val_part.with_transform(judged), settings.batch_size, num_workers=settings.workers, pin_memory=pin
    )
    about = Checkpoint(
        model=settings.model,
        input_shape=[1 if settings.mode == "L" else 3, settings.size, settings.size],
        classes=dataset.classes,
        mode=settings.mode,
        preprocessing=to_recipe(judged),
        weights={},
        data=fingerprint(dataset, val_part, settings.data),
    )
    return train_loader, val_loader, about


def _plan(
    settings: Settings,
    train_loader: DataLoader[Any],
    val_loader: DataLoader[Any],
    network: torch.nn.Module,
    device: torch.device,
    run: Run,
) -> str:
    learnt, judged = (cast(Subset, loader.dataset) for loader in (train_loader, val_loader))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return (
        f"{settings.name}: {len(learnt):,} images to train on, {len(judged):,} to validate on, "
        f"{len(judged.classes)} classes\n"
        f"{settings.model} with {parameters:,} parameters on {device}, {settings.size}x{settings.size} "
        f"{settings.mode}, {settings.workers} workers, into {run.path}"
    )


def said(outcome: Outcome[Row, Judgement]) -> list[str]:
    """What came of it, in words."""
    if not outcome.rows:
        return []
    best = outcome.best
    if not math.isfinite(outcome.rows[-1].train_loss):
        typer.echo("warning: the training loss is no number any more: try a lower --lr", err=True)
    return [f"best: epoch {best.epoch}, validation accuracy {100 * best.val_accuracy:.2f} %"]
