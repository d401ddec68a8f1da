"""Pairs to look at: what went in, what came out, what should have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from feedline.train.evaluate import evaluating
from feedline.train.plots import plot_sheet
from feedline.transforms import Compose
from feedline.transforms.showable import showable
from feedline.types import Image

_ACROSS = 2  # pairs in a row
_TILES = (112, 256)


@dataclass(frozen=True)
class Shown:
    """One pair as HxWxC uint8 pictures; None is what there is not (yet)."""

    name: str
    input: Image
    output: Image | None = None
    target: Image | None = None

    def tiles(self) -> list[tuple[str, Image]]:
        """Captions and pictures, from left to right."""
        tiles = [(f"input {self.name}", self.input)]
        if self.output is not None:
            tiles.append((f"output{self._difference(self.output)}", self.output))
        return tiles if self.target is None else [*tiles, ("target", self.target)]

    def _difference(self, output: Image) -> str:
        if self.target is None or self.target.shape != output.shape:
            return ""
        return f", off by {np.abs(output.astype(np.int16) - self.target).mean():.1f} of 255"


def pair_sheet(pairs: Sequence[Shown], title: str = "", across: int = _ACROSS) -> bytes:
    """What there is of each pair beside each other, ``across`` pairs in a row, as PNG."""
    tiles = [tile for pair in pairs for tile in pair.tiles()]
    longest = max((max(picture.shape[:2]) for _, picture in tiles), default=0)
    return plot_sheet(
        [picture for _, picture in tiles],
        [caption for caption, _ in tiles],
        title=title,
        columns=across * max(len(tiles) // max(len(pairs), 1), 1),
        tile=min(max(longest, _TILES[0]), _TILES[1]),
    )


def picture(image: torch.Tensor, steps: Compose) -> Image:
    """A CxHxW tensor behind these steps as HxWx3 uint8; of more than four channels the first three."""
    shown = image[:3] if image.shape[0] > 4 else image
    return showable(shown.detach().float().cpu(), steps.transforms)[0]


def visible(image: Image, high: float | None = None) -> Image:
    """An HxWxC picture as HxWx3 uint8; of more than four channels the first three, white at ``high``."""
    white = high or (1.0 if image.dtype.kind == "f" else float(np.iinfo(image.dtype).max))
    pixels = image[:, :, :3] if image.shape[2] > 4 else image
    return showable((pixels / white).astype(np.float32))[0]


def translated(model: nn.Module, inputs: Sequence[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Each CxHxW through the network alone, in evaluation mode; the mode of its parts is put back."""
    with evaluating(model), torch.inference_mode():
        return [model(image[None].to(device))[0].cpu() for image in inputs]
