"""``feedline train``: from a path to a run folder."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
import torch
import typer

from feedline import nn
from feedline.checking import check as check_files
from feedline.cli.inspect import look_at
from feedline.cli.parts import open_all, parts
from feedline.cli.settings import Settings
from feedline.codecs.check import Problem
from feedline.errors import SUSPICIOUS, CheckpointError, DataError
from feedline.loader import DataLoader
from feedline.rng import epoch_seed
from feedline.subsets import AnyDataset, Subset, subset
from feedline.train import Checkpoint, Outcome, Run, Training, fit, load_checkpoint, pick_device
from feedline.train.preprocess import Augment, evaluation_transform, training_transform
from feedline.train.runs import require_free
from feedline.transforms import to_recipe
from feedline.types import Mode

_WITH_RESUME = {"context", "resume", "workers", "quiet"}
_SHOWN = 20  # broken files that are named on the screen; the run folder names all


Model = Literal["cnn", "mlp", "linear"]
Channels = Literal["auto", "RGB", "L"]
OnError = Literal["raise", "skip"]


def train(
    context: typer.Context,
    data: Annotated[
        str, typer.Argument(help="Folder of class folders, store, .npz or .npy file, or `glyphs`.")
    ] = "glyphs",
    model: Annotated[Model, typer.Option(help="Which network.")] = "cnn",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training images.")] = 10,
    batch_size: Annotated[int, typer.Option(min=1, help="Images a step.")] = 64,
    lr: Annotated[float, typer.Option(min=1e-8, help="Highest learning rate of the one-cycle schedule.")] = 3e-3,
    size: Annotated[
        int | None,
        typer.Option(
            min=8,
            max=4096,
            help="Side of the square images; by default their own where all are of one square size up to 64, else 64.",
        ),
    ] = None,
    mode: Annotated[Channels, typer.Option(help="Colour or grey; auto takes what the images are.")] = "auto",
    augment: Annotated[
        Augment, typer.Option(help="light: small turns, shifts and scalings; flip: mirrored too.")
    ] = "light",
    val: Annotated[float, typer.Option(min=0.01, max=0.9, help="Share of the images for validation.")] = 0.2,
    workers: Annotated[int, typer.Option(min=0, help="Threads that feed; batches do not depend on it.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Split, order, augmentation and initial weights.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="New run folder; by default runs/NAME.")] = None,
    on_error: Annotated[
        OnError, typer.Option(help="What to do where files cannot be decoded: go on without them, or end.")
    ] = "raise",
    check: Annotated[bool, typer.Option(help="Decode every file once before training.")] = True,
    resume: Annotated[Path | None, typer.Option(help="Go on with an interrupted run, with its own settings.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")] = False,
) -> None:
    """Train a network on images and write a run folder with weights, tables, pictures and a report.

    Without DATA it trains on the embedded letters A to J, validating on font families that it never saw.
    """
    settings = Settings(
        data=data if data == "glyphs" else os.path.abspath(data),
        model=model,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        size=size,
        mode=mode,
        augment=augment,
        val=val,
        workers=workers,
        seed=seed,
        device=device,
        on_error=on_error,
        check=check,
    )
    if resume is not None:
        _refuse_other_options(context)
        own = Settings.from_args(Run(resume).read_args())
        settings = replace(own, workers=workers if _was_given(context, "workers") else own.workers)
    if not check and on_error == "skip":
        raise typer.BadParameter("--on-error skip leaves out what the check finds: it does not go with --no-check")
    outcome = run_training(settings, out, resume, quiet)
    _tell(outcome)
    if outcome.interrupted:
        raise KeyboardInterrupt


def run_training(settings: Settings, out: Path | None, resume: Path | None, quiet: bool) -> Outcome:
    """All of the command but its words: data, loaders, network, run folder, training."""
    device = pick_device(settings.device)
    if out is not None:
        require_free(out)
    dataset, problems = _usable(settings, quiet)
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
    run.write_args(settings.as_dict())
    if problems:
        run.write_left_out([problem.as_dict() for problem in problems])
    training = Training(settings.epochs, settings.lr, seed=settings.seed, quiet=quiet)
    if not quiet:
        typer.echo(_plan(settings, train_loader, val_loader, network, device, run))
    return fit(network, train_loader, val_loader, run, about, training, device, before)


def _usable(settings: Settings, quiet: bool) -> tuple[AnyDataset, list[Problem]]:
    """The dataset without its broken files, and those; raises where they are not to be left out."""
    dataset = open_all(settings.data)
    _require_classes(dataset)
    problems = _broken(check_files(dataset, progress=not quiet)) if settings.check else []
    if not problems:
        return dataset, []
    for problem in problems[:_SHOWN]:
        typer.echo(f"broken: {problem.path}: {problem.kind}: {problem.cause}", err=True)
    if len(problems) > _SHOWN:
        typer.echo(f"... and {len(problems) - _SHOWN} more", err=True)
    if settings.on_error == "raise":
        raise DataError(
            f"{len(problems)} of {len(dataset)} files cannot be decoded: mend or remove them, "
            "or leave them out with --on-error skip"
        )
    typer.echo(f"left out: {len(problems)} of {len(dataset)} files", err=True)
    good = subset(dataset, np.setdiff1d(np.arange(len(dataset)), [problem.index for problem in problems]))
    _require_classes(good)
    return good, problems


def _broken(problems: list[Problem]) -> list[Problem]:
    """Those that cannot be used; what is only suspicious is told of."""
    for problem in problems:
        if problem.kind in SUSPICIOUS:
            typer.echo(f"{problem.kind}: {problem.path}: {problem.cause}", err=True)
    return [problem for problem in problems if problem.kind not in SUSPICIOUS]


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
        data=_fingerprint(dataset, val_part, settings.data),
    )
    return train_loader, val_loader, about


def _fingerprint(dataset: AnyDataset, val_part: Subset, root: str) -> str:
    """What images there are, of which classes, and which of them are validated on; not where they lie."""
    digest = hashlib.blake2b(dataset.targets.tobytes() + val_part.indices.tobytes(), digest_size=16)
    for path in dataset.paths if dataset.source.has_files else ():
        digest.update(os.fsencode(path.removeprefix(root)) + b"\0")
    return digest.hexdigest()


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


def _tell(outcome: Outcome) -> None:
    if outcome.rows:
        best = outcome.best
        typer.echo(f"best: epoch {best.epoch}, validation accuracy {100 * best.val_accuracy:.2f} %")
        if not math.isfinite(outcome.rows[-1].train_loss):
            typer.echo("warning: the training loss is no number any more: try a lower --lr", err=True)
    if outcome.interrupted:
        typer.echo(f"to go on: feedline train --resume {outcome.run.path}")
    typer.echo(f"report: {outcome.run.path / 'report.html'}")


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refuse_other_options(context: typer.Context) -> None:
    """A run goes on as it began: what else is said would be lost in silence."""
    others = [name for name in context.params if name not in _WITH_RESUME and _was_given(context, name)]
    if others:
        raise typer.BadParameter(
            f"--resume goes on with the run's own settings; it does not go with {', '.join(sorted(others))}"
        )
