"""``feedline evaluate``: how good a trained network is on other images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from feedline._atomic import require_parent
from feedline.cli.evaluate_classes import evaluate_classes
from feedline.cli.evaluate_pairs import evaluate_pairs
from feedline.cli.trained import load_trained, task_of_run
from feedline.cli.translator import load_translator


def evaluate(
    run: Annotated[Path, typer.Argument(help="Run folder, or a checkpoint file.")],
    data: Annotated[str, typer.Argument(help="Folder of class folders, store, .npz or .npy file, or `glyphs`; pairs.")],
    split: Annotated[str | None, typer.Option(help="Of a store, or a folder of splits: train, val or test.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images at a time, of a classifier: 256.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Threads that feed.")] = 2,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    out: Annotated[
        Path | None, typer.Option(help="PNG file for the confusion matrix; of a translator, for pairs and outputs.")
    ] = None,
    pair: Annotated[str | None, typer.Option(help="Of a translator: where the B of DATA's images are.")] = None,
    mask: Annotated[str | None, typer.Option(help="Of a translator: where the masks of DATA's images are.")] = None,
) -> None:
    """Judge a trained network on all images of DATA: loss, accuracy, and accuracy for each class.

    A network that was trained to translate is judged by L1, PSNR and SSIM of its outputs and DATA's targets.
    """
    if out is not None:
        require_parent(out)
    if task_of_run(run) == "translate":
        if batch_size is not None:
            raise typer.BadParameter("--batch-size is for a classifier: images of differing sizes go one by one")
        evaluate_pairs(load_translator(run, device), data, split, pair, mask, workers, out)
        return
    if pair is not None or mask is not None:
        option = "--mask" if pair is None else "--pair"
        raise typer.BadParameter(f"{option} is for a translator, and {run} is a classifier")
    evaluate_classes(load_trained(run, device), data, split, batch_size or 256, workers, out)
