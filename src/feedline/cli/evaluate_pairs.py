"""How near a trained translator's outputs are to the targets of other pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import typer

from feedline._atomic import write_whole
from feedline.cli.pair_parts import opened_pairs
from feedline.cli.translator import Translator
from feedline.loader import DataLoader
from feedline.pairing import require_alike
from feedline.pairs import PairDataset
from feedline.train.translation import Shown, judge_translation, pair_sheet
from feedline.train.translation.sheets import picture, translated

_SHEET = 12  # pairs on the sheet


def evaluate_pairs(
    translator: Translator,
    data: str,
    split: str | None,
    pair: str | None,
    mask: str | None,
    workers: int,
    out: Path | None,
) -> None:
    """L1, PSNR and SSIM, as in training; where that is wanted a sheet of inputs, outputs and targets.

    Raises:
        DataError: what lies there are no pairs, or of another kind than the network was trained on.
    """
    about = translator.about
    sides = translator.input, translator.target
    modes = tuple(side.mode for side in sides)
    how: dict[str, Any] = {"pair": pair, "mask": mask, "derive": about.derive, "modes": modes}
    found = opened_pairs(data, split=split, direction=about.direction, **how)
    require_alike((found.input, found.target), sides, data)
    pairs = PairDataset(
        found.source, translator.transform, derive=about.derive, direction=found.how.direction, sides=sides
    )
    loader: DataLoader[Any] = DataLoader(pairs, 1, num_workers=workers)
    judgement = judge_translation(translator.model, loader, translator.device)
    ssim = "" if judgement.ssim is None else f", SSIM {judgement.ssim:.4f}"
    typer.echo(f"{len(pairs):,} pairs, L1 {judgement.l1:.4f} on -1..1, PSNR {judgement.psnr:.2f} dB{ssim}")
    if judgement.copy_l1 is not None:
        typer.echo(f"to hand on the input as it is would be off by {judgement.copy_l1:.4f} (L1)")
    if out is not None:
        write_whole(out, _sheet(translator, pairs))
        typer.echo(f"sheet: {out}")


def _sheet(translator: Translator, pairs: PairDataset) -> bytes:
    """Some pairs, evenly spaced."""
    places = np.unique(np.linspace(0, len(pairs) - 1, _SHEET).astype(np.int64)).tolist()
    sides = [pairs[place] for place in places]
    outputs = translated(translator.model, [one for one, _ in sides], translator.device)
    shown = [
        Shown(str(place), *(picture(image, translator.transform) for image in (one, output, other)))
        for place, (one, other), output in zip(places, sides, outputs, strict=True)
    ]
    return pair_sheet(shown, "pairs, and what the network makes of the input")
