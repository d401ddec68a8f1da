"""``feedline train``: from a path to a run folder."""

# ruff: noqa: ARG001 - the options of a task are taken from the context, by the names of its settings

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from feedline.cli.classify import said, train_classifier
from feedline.cli.settings import CommonSettings, Settings, TranslateSettings, place_of_data
from feedline.cli.translate import said_of_translation, train_translator
from feedline.errors import RunError
from feedline.nn import GENERATORS
from feedline.nn import MODELS as CLASSIFIERS
from feedline.train import Run
from feedline.train.preprocess import Augment
from feedline.train.translation.preprocess import Colours

_WITH_RESUME = {"context", "resume", "workers", "quiet"}
_OF_EVERY_TASK = {"context", "task", "out", "resume", "quiet"}
_TASKS: dict[str, type[CommonSettings]] = {"classify": Settings, "translate": TranslateSettings}

Task = Literal["classify", "translate"]
Model = Literal["cnn", "mlp", "linear", "unet_256", "unet_128", "unet_64", "unet_32"]
Channels = Literal["auto", "RGB", "L"]
OnError = Literal["raise", "skip"]
Direction = Literal["AtoB", "BtoA"]
Norm = Literal["batch", "instance", "none"]
AdversarialLoss = Literal["bce", "least_squares"]

_TRANSLATE = "To translate"


def train(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(help="Folder of class folders, store, .npz or .npy file, or `glyphs`; to translate, pairs."),
    ] = "glyphs",
    task: Annotated[Task, typer.Option(help="To which class an image belongs, or which image belongs to it.")] = (
        "classify"
    ),
    model: Annotated[Model | None, typer.Option(help="Which network: cnn, or the U-Net nearest to the size.")] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training images: 10, or 200 to translate.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a step: 64, or 1 to translate.")] = None,
    lr: Annotated[
        float | None,
        typer.Option(min=1e-8, help="Highest rate of the one-cycle schedule, 0.003; to translate Adam's, 0.0002."),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            min=8,
            max=4096,
            help="Side of the square images; by default their own where all are of one square size up to 64, else 64; "
            "to translate up to 256, else 256.",
        ),
    ] = None,
    mode: Annotated[Channels | None, typer.Option(help="Colour or grey; auto takes what the images are.")] = None,
    augment: Annotated[
        Augment | None,
        typer.Option(
            help="light: small turns, shifts and scalings; flip: mirrored too. To translate, light: a window of the "
            "image at 286/256 of its size; flip, the default there: mirrored too."
        ),
    ] = None,
    val: Annotated[
        float, typer.Option(min=0.01, max=0.9, help="Share of the images for validation, where there is no split.")
    ] = 0.2,
    workers: Annotated[int, typer.Option(min=0, help="Threads that feed; batches do not depend on it.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Split, order, augmentation and initial weights.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="New run folder; by default runs/NAME.")] = None,
    on_error: Annotated[
        OnError, typer.Option(help="What to do where files cannot be decoded or paired: go on without them, or end.")
    ] = "raise",
    check: Annotated[bool, typer.Option(help="Decode every file once before training.")] = True,
    resume: Annotated[Path | None, typer.Option(help="Go on with an interrupted run, with its own settings.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")] = False,
    pair: Annotated[
        str | None, typer.Option(help="Where the B of DATA's images are, by equal names.", rich_help_panel=_TRANSLATE)
    ] = None,
    mask: Annotated[
        str | None, typer.Option(help="Where their masks are, by equal names.", rich_help_panel=_TRANSLATE)
    ] = None,
    derive: Annotated[
        str | None,
        typer.Option(help="Make each A from its B: edges, gray or downscale4.", rich_help_panel=_TRANSLATE),
    ] = None,
    direction: Annotated[
        Direction | None, typer.Option(help="Which of a pair is made of which: AtoB.", rich_help_panel=_TRANSLATE)
    ] = None,
    resize: Annotated[
        bool | None,
        typer.Option(
            "--resize/--no-resize",
            help="Bring pairs to SIZE x SIZE; or learn from windows of that size, and translate images as they are.",
            rich_help_panel=_TRANSLATE,
        ),
    ] = None,
    colours: Annotated[
        Colours | None, typer.Option(help="Whose colours are changed at random: none.", rich_help_panel=_TRANSLATE)
    ] = None,
    width: Annotated[
        float | None,
        typer.Option(min=0.01, max=8, help="Of the networks: 0.25 is for a CPU.", rich_help_panel=_TRANSLATE),
    ] = None,
    norm: Annotated[
        Norm | None,
        typer.Option(help="Instance at batch size 1, else batch.", rich_help_panel=_TRANSLATE),
    ] = None,
    dropout: Annotated[
        float | None, typer.Option(min=0, max=0.99, help="The noise of the generator: 0.5.", rich_help_panel=_TRANSLATE)
    ] = None,
    discriminator: Annotated[
        int | None,
        typer.Option(
            min=0, max=6, help="Its layers: 3 see patches of 70 pixels, 0 single ones.", rich_help_panel=_TRANSLATE
        ),
    ] = None,
    loss: Annotated[
        AdversarialLoss | None, typer.Option(help="The adversarial loss: bce.", rich_help_panel=_TRANSLATE)
    ] = None,
    l1: Annotated[
        float | None, typer.Option(min=0, help="Weight of L1: 100; 0 for GAN alone.", rich_help_panel=_TRANSLATE)
    ] = None,
    gan: Annotated[
        float | None, typer.Option(min=0, help="Weight of the GAN: 1; 0 for L1 alone.", rich_help_panel=_TRANSLATE)
    ] = None,
    constant: Annotated[
        int | None,
        typer.Option(min=0, help="Epochs before the rate begins to fall: half of them.", rich_help_panel=_TRANSLATE),
    ] = None,
) -> None:
    """Train a network on images and write a run folder with weights, tables, pictures and a report.

    Without DATA it trains on the embedded letters A to J, validating on font families that it never saw.
    With --task translate it learns to make of each image the other of its pair (pix2pix).
    """
    if resume is not None:
        _refuse_other_options(context)
        settings = _settings_of(resume)
        settings = replace(settings, workers=workers if _was_given(context, "workers") else settings.workers)
    else:
        _refuse_options_of_other_tasks(context, task)
        places = {"data": data, "pair": pair, "mask": mask}
        settings = _TASKS[task].from_options(
            {**context.params, **{name: _place(path) for name, path in places.items()}}
        )
    if not settings.check and settings.on_error == "skip":
        raise typer.BadParameter("--on-error skip leaves out what the check finds: it does not go with --no-check")
    _tell(*run_training(settings, out, resume, quiet))


def run_training(
    settings: CommonSettings, out: Path | None, resume: Path | None, quiet: bool
) -> tuple[Run, list[str], bool]:
    """All of the command but its words: the run, what is to be said of it, and whether it was interrupted."""
    if isinstance(settings, TranslateSettings):
        translated = train_translator(settings, out, resume, quiet)
        return translated.run, said_of_translation(translated), translated.interrupted
    assert isinstance(settings, Settings)
    classified = train_classifier(settings, out, resume, quiet)
    return classified.run, said(classified), classified.interrupted


def _tell(run: Run, words: list[str], interrupted: bool) -> None:
    for line in words:
        typer.echo(line)
    if interrupted:
        typer.echo(f"to go on: feedline train --resume {run.path}")
    typer.echo(f"report: {run.path / 'report.html'}")
    if interrupted:
        raise KeyboardInterrupt


def _place(path: str | None) -> str | None:
    return None if path is None else place_of_data(path)


def _settings_of(run: Path) -> CommonSettings:
    args = Run(run).read_args()
    task = args.get("task", "classify")
    if task not in _TASKS:
        raise RunError(f"{run} is of the task {task!r}; this feedline knows {', '.join(_TASKS)}")
    return _TASKS[task].from_args(args)


def _was_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _refuse_options_of_other_tasks(context: typer.Context, task: str) -> None:
    """What this task would pass over is refused, and so is a network of another task."""
    own = {*_OF_EVERY_TASK, *_TASKS[task].__dataclass_fields__}
    others = [_option(name) for name in context.params if name not in own and _was_given(context, name)]
    if others:
        raise typer.BadParameter(f"{', '.join(others)} does not go with --task {task}")
    model, known = context.params["model"], CLASSIFIERS if task == "classify" else GENERATORS
    if model is not None and model not in known:
        raise typer.BadParameter(f"--model {model} is not for --task {task}, which has {', '.join(sorted(known))}")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _refuse_other_options(context: typer.Context) -> None:
    """A run goes on as it began: what else is said would be lost in silence."""
    others = [name for name in context.params if name not in _WITH_RESUME and _was_given(context, name)]
    if others:
        raise typer.BadParameter(
            f"--resume goes on with the run's own settings; it does not go with {', '.join(sorted(others))}"
        )
