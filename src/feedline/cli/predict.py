"""``feedline predict``: what a trained network takes images for, or makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feedline._atomic import require_parent
from feedline.cli.predict_classes import predict_classes
from feedline.cli.predict_images import predict_images
from feedline.cli.trained import load_trained, task_of_run
from feedline.cli.translator import load_translator

_TRANSLATE = "Of a translator"


def predict(
    run: Annotated[Path, typer.Argument(help="Run folder, or a checkpoint file.")],
    images: Annotated[list[Path], typer.Argument(help="Image files; for a translator folders of them too.")],
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images at a time, of a classifier: 64.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write path, class and probability to this CSV file; of a translator, images to this folder."
        ),
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="PNG file for the first images and what came of them.")] = None,
    derive: Annotated[
        bool, typer.Option("--derive", help="Make the inputs of IMAGES, as in training.", rich_help_panel=_TRANSLATE)
    ] = False,
    noise: Annotated[
        int | None,
        typer.Option(min=0, help="Leave dropout on, drawn from this seed.", rich_help_panel=_TRANSLATE),
    ] = None,
) -> None:
    """Say for each image which class it is of and how sure the network is; the checkpoint is all it needs.

    A network that was trained to translate makes an image of each: under the same name and of the same size, in the
    folder OUT. An image that cannot be decoded is named on standard error; the others are done, and the exit status
    is 1.
    """
    if sheet is not None:
        require_parent(sheet)
    if task_of_run(run) == "translate":
        if batch_size is not None:
            raise typer.BadParameter("--batch-size is for a classifier: images of differing sizes go one by one")
        predict_images(load_translator(run, device, noise), images, out, sheet, derive)
        return
    if derive or noise is not None:
        raise typer.BadParameter(
            f"{'--derive' if derive else '--noise'} is for a translator, and {run} is a classifier"
        )
    if out is not None:
        require_parent(out)
    predict_classes(load_trained(run, device), images, batch_size or 64, out, sheet)
