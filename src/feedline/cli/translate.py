"""``feedline train --task translate``: from pairs of images to a run folder."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import torch
import typer

from feedline import nn
from feedline.cli.pair_parts import PairParts, own_size, pair_parts
from feedline.cli.settings import TranslateSettings
from feedline.cli.side_words import side_words
from feedline.errors import CheckpointError, DataError
from feedline.loader import DataLoader
from feedline.rng import epoch_seed
from feedline.train import Run, load_checkpoint, pick_device
from feedline.train.checkpoint import TranslationCheckpoint
from feedline.train.preprocess import Augment
from feedline.train.runs import require_free
from feedline.train.translation import (
    Objective,
    TranslationOutcome,
    TranslationTraining,
    fit_translator,
    judged_pairs,
    learnt_pairs,
)
from feedline.train.translation.preprocess import Colours
from feedline.transforms import to_recipe

_JUDGED_AT_ONCE = 16
_SMALLEST, _LARGEST = 32, 256  # what there are U-Nets for
_TOLD = ("path", "index", "kind", "cause")  # of what was left out
# What a run that goes on began with.
_KEPT = (
    "generator",
    "direction",
    "derive",
    "mask",
    "input",
    "target",
    "preprocessing",
    "data",
)


def train_translator(
    settings: TranslateSettings, out: Path | None, resume: Path | None, quiet: bool, name: str | None = None
) -> TranslationOutcome:
    """Pairs, loaders, two networks, run folder (called ``name``, or as the data are), training."""
    device = pick_device(settings.device)
    if out is not None:
        require_free(out)
    objective = _objective(settings)
    parts = pair_parts(settings, quiet)
    settings = _completed(settings, parts)
    torch.manual_seed(epoch_seed(settings.seed, 0))
    about = _about(settings, parts)
    generator = nn.generator(**about.generator)
    discriminator = _discriminator(settings, parts) if objective.gan else None
    before = None if resume is None else _before(resume, about)
    run = Run(resume) if resume is not None else Run.create(out, name or settings.name)
    train_loader, val_loader = _loaders(settings, parts, device)
    if before is not None:
        train_loader.set_epoch(before.epoch)
    run.write_args({"task": "translate", **settings.as_dict()})
    if parts.problems:
        run.write_left_out([{name: getattr(problem, name) for name in _TOLD} for problem in parts.problems])
    if not quiet:
        typer.echo(_plan(settings, parts, generator, discriminator, device, run))
    training = TranslationTraining(
        settings.epochs, settings.lr, settings.constant, objective, seed=settings.seed, quiet=quiet
    )
    return fit_translator(generator, discriminator, train_loader, val_loader, run, about, training, device, before)


def said_of_translation(outcome: TranslationOutcome) -> list[str]:
    """What came of it, in words."""
    if not outcome.rows:
        return []
    best = outcome.best
    words = [f"best: epoch {best.epoch}, {best.words}"]
    copied = None if outcome.judgement is None else outcome.judgement.copy_l1
    return words if copied is None else [*words, f"to hand on the input as it is would be off by {copied:.4f} (L1)"]


def _objective(settings: TranslateSettings) -> Objective:
    if settings.constant is not None and settings.constant > settings.epochs:
        raise typer.BadParameter(f"--constant {settings.constant} is more than all {settings.epochs} epochs")
    if not settings.gan and (settings.discriminator is not None or settings.loss != "bce"):
        option = "--loss" if settings.discriminator is None else "--discriminator"
        raise typer.BadParameter(f"{option} says how a discriminator is to be, and with --gan 0 there is none")
    if settings.mask is not None and settings.colours == "target" and settings.direction == "AtoB":
        raise typer.BadParameter("--colours target changes the colours of masks, which have none")
    try:
        return Objective(settings.l1, settings.gan, cast(Any, settings.loss))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _completed(settings: TranslateSettings, parts: PairParts) -> TranslateSettings:
    """With size, network and discriminator where nobody said them."""
    size = settings.size or own_size(parts.train)
    side = min(max(2 ** round(math.log2(size)), _SMALLEST), _LARGEST)
    layers = settings.discriminator
    if layers is None:
        layers = max(number for number in (1, 2, 3) if number == 1 or size >= 2 * nn.least_size(number))
    elif settings.gan and size < nn.least_size(layers):
        raise DataError(
            f"a discriminator of {layers} layers needs images of at least {nn.least_size(layers)} pixels a side, and "
            f"--size is {size}: give a smaller --discriminator"
        )
    return replace(
        settings,
        size=size,
        model=settings.model or f"unet_{side}",
        discriminator=layers,
        norm=settings.norm or ("instance" if settings.batch_size == 1 else "batch"),
    )


def _about(settings: TranslateSettings, parts: PairParts) -> TranslationCheckpoint:
    assert settings.size is not None
    return TranslationCheckpoint(
        generator={
            "name": settings.model,
            "in_channels": parts.input.channels,
            "out_channels": parts.target.channels,
            "width": settings.width,
            "norm": settings.norm,
            "dropout": settings.dropout,
        },
        direction=settings.direction,
        derive=settings.derive,
        input=asdict(parts.input),
        target=asdict(parts.target),
        preprocessing=to_recipe(judged_pairs(settings.size, settings.resize)),
        weights={},
        data=parts.fingerprint(),
        mask=parts.mask,
    )


def _discriminator(settings: TranslateSettings, parts: PairParts) -> torch.nn.Module:
    assert settings.discriminator is not None
    channels = parts.input.channels + parts.target.channels
    return nn.patchgan(channels, layers=settings.discriminator, width=settings.width, norm=cast(Any, settings.norm))


def _before(resume: Path, about: TranslationCheckpoint) -> TranslationCheckpoint:
    """The last checkpoint of the run."""
    before = load_checkpoint(Run(resume).last, TranslationCheckpoint)
    changed = [name for name in _KEPT if getattr(before, name) != getattr(about, name)]
    if changed:
        raise CheckpointError(
            f"cannot go on with {resume}: its data have changed since ({', '.join(changed)}), so that other pairs "
            "would be learnt from or validated on; put them back, or begin a new run"
        )
    return before


def _loaders(
    settings: TranslateSettings, parts: PairParts, device: torch.device
) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Training pairs moved at random, in batches; validation pairs as they are judged."""
    assert settings.size is not None
    learnt = learnt_pairs(
        settings.size, settings.resize, cast(Augment, settings.augment), cast(Colours, settings.colours)
    )
    judged = judged_pairs(settings.size, settings.resize)
    workers, pin = settings.workers, device.type == "cuda"
    train_loader: DataLoader[Any] = DataLoader(
        parts.train.with_transform(learnt),
        settings.batch_size,
        shuffle=True,
        num_workers=workers,
        pin_memory=pin,
        seed=settings.seed,
    )
    at_once = _JUDGED_AT_ONCE if settings.resize else 1  # as they are, no two need be of one size
    val_loader: DataLoader[Any] = DataLoader(
        parts.val.with_transform(judged), at_once, num_workers=workers, pin_memory=pin
    )
    return train_loader, val_loader


def _plan(
    settings: TranslateSettings,
    parts: PairParts,
    generator: torch.nn.Module,
    discriminator: torch.nn.Module | None,
    device: torch.device,
    run: Run,
) -> str:
    other = "no discriminator" if discriminator is None else f"a discriminator with {_count(discriminator)}"
    how = f"{settings.size}x{settings.size}" if settings.resize else f"windows of {settings.size}x{settings.size}"
    sides = [side_words(side.channels, side.dtype) for side in (parts.input, parts.target)]
    if settings.derive is not None and settings.direction == "AtoB":
        sides[0] += f" ({settings.derive} of the latter)"
    elif settings.derive is not None:
        sides[1] += f" ({settings.derive} of the former)"
    return (
        f"{settings.name}: {len(parts.train):,} pairs to train on, {len(parts.val):,} to validate on "
        f"({parts.kind}), {settings.direction}: {sides[0]} to {sides[1]}\n"
        f"{settings.model} with {_count(generator)} parameters and {other} on {device}, {how}, "
        f"{settings.workers} workers, into {run.path}"
    )


def _count(network: torch.nn.Module) -> str:
    return f"{sum(parameter.numel() for parameter in network.parameters()):,}"
