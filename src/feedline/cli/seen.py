"""A network of a run, and how an image gets to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
import typer

from feedline.cli.demonstration import demonstration
from feedline.cli.trained import load_trained, task_of_run
from feedline.cli.translator import load_translator
from feedline.codecs import decode
from feedline.errors import DataError, DecodeError
from feedline.sides import Side
from feedline.transforms import Compose
from feedline.types import Image, Mode

_DRAWN = {1: cv2.COLOR_RGB2GRAY, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGB2BGRA}
"""By channels, how the landscape becomes what OpenCV writes."""


@dataclass(frozen=True)
class Network:
    """A network of a run, how its images are read, and what they go through: all that ``feedline show`` asks of a run.

    Attributes:
        channels, dtype: of what ``read`` reads.
        prepared: of what it gave makes CxHxW float32.
    """

    model: torch.nn.Module
    input_shape: list[int] | None
    read: Callable[[bytes | Path], Image]
    channels: int
    dtype: str
    prepared: Callable[[Image], torch.Tensor]
    transform: Compose
    device: torch.device

    def seen(self, image: Path | None) -> torch.Tensor:
        """An image (or the drawn landscape) as the network gets it: CxHxW float32.

        Raises:
            DecodeError: it cannot be decoded.
            DataError: the network takes other images.
        """
        try:
            pixels = self.read(landscape(self.channels, self.dtype) if image is None else image)
        except DecodeError as error:
            raise error if image is None else error.at(str(image), None) from error
        except DataError as error:
            name = "the drawn landscape, which stands in where no image is given" if image is None else str(image)
            raise DataError(f"{name}: {error}") from error
        return self.prepared(pixels)


def network_of_run(run: Path, device: str, derive: bool = False) -> Network:
    """From a run folder or a checkpoint: the one place that knows what kinds of runs there are.

    Raises:
        typer.BadParameter: ``derive`` where nothing was derived in training.
        RunError, CheckpointError: there is no network.
    """
    if task_of_run(run) == "translate":
        return _translating(run, device, derive)
    if derive:
        raise typer.BadParameter(f"--derive is for a translator, and {run} is a classifier")
    trained = load_trained(run, device)
    mode = cast(Mode, trained.about.mode)
    shape = trained.about.input_shape
    return Network(
        trained.model,
        shape,
        lambda data: decode(data, mode, dtype="uint8"),
        shape[0],
        "uint8",
        lambda image: cast(torch.Tensor, trained.transform(image)),
        trained.transform,
        trained.device,
    )


def _translating(run: Path, device: str, derive: bool) -> Network:
    translator = load_translator(run, device)
    if derive and translator.about.derive is None:
        raise typer.BadParameter(f"--derive makes inputs as in training, and {run} learnt from inputs of files")
    given: Side = translator.target if derive else translator.input
    return Network(
        translator.model,
        None,
        lambda data: translator.read(data, derive),
        given.channels,
        given.dtype,
        translator.numbers,
        translator.transform,
        translator.device,
    )


def landscape(channels: int = 3, dtype: str = "uint8") -> bytes:
    """The drawn landscape, as PNG.

    Raises:
        DataError: it is not drawn in such pixels.
    """
    if channels not in _DRAWN or dtype != "uint8":
        takes = f"the network takes {channels} of {dtype}"
        raise DataError(f"it has 1, 3 or 4 channels of uint8, and {takes}: give an image")
    drawn = cv2.cvtColor(np.asarray(demonstration().data), _DRAWN[channels])
    return cv2.imencode(".png", drawn)[1].tobytes()
