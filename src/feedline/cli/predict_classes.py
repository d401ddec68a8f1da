"""What a trained classifier takes images for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
import typer

from feedline._atomic import write_whole
from feedline.cli.trained import Trained
from feedline.codecs import decode
from feedline.errors import DataError, DecodeError
from feedline.train.plots import plot_sheet
from feedline.train.preprocess import showable
from feedline.types import Mode

_SHEET = 64  # pictures on the sheet


@dataclass(frozen=True)
class Guess:
    """One image: the class that the network takes it for, how surely (0..1), and the image as it saw it."""

    path: Path
    name: str
    probability: float
    image: torch.Tensor


def predict_classes(
    trained: Trained, images: list[Path], batch_size: int, out: Path | None, sheet: Path | None
) -> None:
    """A line an image, and where that is wanted a table and a sheet.

    Raises:
        DataError: there were images that cannot be decoded; all others are done.
    """
    guesses, broken = [], 0
    for start in range(0, len(images), batch_size):
        paths = images[start : start + batch_size]
        loaded = list(_load(paths, trained))
        broken += len(paths) - len(loaded)
        for guess in _guess(loaded, trained):
            typer.echo(f"{guess.probability:.4f}  {guess.name}  {guess.path}")
            guesses.append(guess)
    if out is not None:
        write_whole(out, _csv(guesses))
    if sheet is not None and guesses:
        shown = guesses[:_SHEET]
        pixels = showable(torch.stack([guess.image for guess in shown]), trained.transform)
        write_whole(sheet, plot_sheet(pixels, [f"{guess.name} {100 * guess.probability:.0f} %" for guess in shown]))
    if broken:
        raise DataError(f"{broken} of {len(images)} images could not be decoded")


def _load(paths: list[Path], trained: Trained) -> Iterator[tuple[Path, torch.Tensor]]:
    """Preprocessed images; those that cannot be read are named and passed over."""
    mode = cast(Mode, trained.about.mode)
    for path in paths:
        try:
            yield path, trained.transform(decode(path.read_bytes(), mode, dtype="uint8"))
        except DecodeError as error:
            typer.echo(f"broken: {error.at(str(path), None)}", err=True)
        except OSError as error:
            typer.echo(f"broken: {path}: {error.strerror or error}", err=True)


def _guess(loaded: list[tuple[Path, torch.Tensor]], trained: Trained) -> Iterator[Guess]:
    if not loaded:
        return
    images = torch.stack([image for _, image in loaded])
    shares, numbers = trained.logits(images).softmax(dim=1).max(dim=1)
    for (path, image), share, number in zip(loaded, shares.tolist(), numbers.tolist(), strict=True):
        yield Guess(path, trained.about.classes[number], share, image)


def _csv(guesses: list[Guess]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "class", "probability"))
    writer.writerows((str(guess.path), guess.name, f"{guess.probability:.6f}") for guess in guesses)
    return text.getvalue()
