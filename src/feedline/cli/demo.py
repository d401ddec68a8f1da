"""``feedline demo``: what feedline does, on data that everybody has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import typer

from feedline._atomic import write_whole
from feedline.cli.pair_parts import PairParts, pair_parts
from feedline.cli.settings import TranslateSettings, place_of_data
from feedline.cli.translate import train_translator
from feedline.cli.translator import Translator, load_translator
from feedline.train.plots import plot_sheet
from feedline.train.translation import TranslationOutcome
from feedline.train.translation.baselines import filled
from feedline.train.translation.sheets import visible
from feedline.types import Image

app = typer.Typer(name="demo", help="What feedline does, on data that everybody has.", no_args_is_help=True)

_LETTERS = 16
_ACROSS = 2


@app.callback()
def demo() -> None:
    """What feedline does, on data that everybody has."""


@app.command()
def pix2pix(
    data: Annotated[str, typer.Argument(help="Anything that opens: shapes, light on dark.")] = "glyphs",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training pairs.")] = 6,
    workers: Annotated[int, typer.Option(min=0, help="Threads that feed.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Split, order and initial weights.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="New run folder; by default runs/pix2pix.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result alone.")] = False,
) -> None:
    """Learn to make letters of their outlines: a small U-Net against a small PatchGAN, in minutes on a CPU.

    It ends with a sheet, demo.png, and says how far off it is from letters of typefaces that it never saw: beside what
    handing on the outlines, and filling what they enclose, would reach.
    """
    settings = _settings(data, epochs, workers, seed, device)
    outcome = train_translator(settings, out, None, quiet, name="pix2pix")
    if outcome.judgement is None:
        typer.echo(f"to go on: feedline train --resume {outcome.run.path}")
        raise KeyboardInterrupt
    parts = pair_parts(replace(settings, check=False), quiet=True)
    for line in _said(outcome, parts):
        typer.echo(line)
    write_whole(outcome.run.path / "demo.png", _sheet(load_translator(outcome.run.path, "cpu"), parts))
    typer.echo(f"report: {outcome.run.path / 'report.html'}\nsheet: {outcome.run.path / 'demo.png'}")


def _settings(data: str, epochs: int, workers: int, seed: int, device: str) -> TranslateSettings:
    """A quarter of pix2pix's width, batches and a rate that a few minutes suffice with."""
    return TranslateSettings(
        data=place_of_data(data),
        derive="outlines",
        width=0.25,
        dropout=0.0,
        discriminator=1,
        batch_size=16,
        lr=1e-3,
        augment="none",
        epochs=epochs,
        workers=workers,
        seed=seed,
        device=device,
    )


def _said(outcome: TranslationOutcome, parts: PairParts) -> list[str]:
    """The network beside what needs no learning."""
    judgement = outcome.judgement
    assert judgement is not None
    words = [f"off by {judgement.l1:.4f} in the mean (L1 on -1..1) on {len(parts.val):,} pairs that it never saw"]
    if judgement.copy_l1 is not None:
        words.append(f"handing on the outlines as they are: {judgement.copy_l1:.4f}")
    if _can_be_filled(parts):
        differences = [_l1(filled(one), other) for one, other in _pairs(parts, range(len(parts.val)))]
        words.append(f"filling what they enclose: {np.mean(differences):.4f}")
    return words


def _sheet(translator: Translator, parts: PairParts) -> bytes:
    """Outlines, what is enclosed, what the network makes, the letter: of validation pairs, evenly spaced."""
    places = np.unique(np.linspace(0, len(parts.val) - 1, _LETTERS).astype(np.int64))
    tiles: list[tuple[str, Image]] = []
    for one, other in _pairs(parts, places):
        tiles.append(("outlines", one))
        tiles += [("enclosed", filled(one))] if _can_be_filled(parts) else []
        tiles += [("network", translator(one)), ("letter", other)]
    pictures = [visible(tile) for _, tile in tiles]
    title = "outlines, what they enclose, what the network makes of them, and the letter"
    columns = _ACROSS * len(tiles) // len(places)
    return plot_sheet(pictures, [caption for caption, _ in tiles], title=title, columns=columns, tile=96)


def _can_be_filled(parts: PairParts) -> bool:
    return all((side.channels, side.dtype) == (1, "uint8") for side in (parts.input, parts.target))


def _pairs(parts: PairParts, places: Iterable[int]) -> Iterator[tuple[Image, Image]]:
    """Outlines and letters of validation pairs, as they are."""
    for place in places:
        record = parts.val.record(int(place))
        yield cast(Image, record.data), cast(Image, record.partner)


def _l1(one: Image, other: Image) -> float:
    """The mean absolute difference where black is -1 and white is 1."""
    return float(np.abs(one.astype(np.float64) - other).mean() * 2 / 255)
