"""A trained network with all that is needed to use it."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from feedline._atomic import write_whole
from feedline.errors import CheckpointError

FORMAT = "feedline checkpoint"
VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """Weights, and what must go with them.

    Attributes:
        model: the architecture's name.
        input_shape: (channels, height, width) of one image behind the preprocessing.
        classes: names of the classes, in the order of the logits.
        mode: the mode in which images are decoded.
        preprocessing: the transforms of evaluation, as data.
        weights: the model's state dict.
        epoch: how many epochs it has seen.
        metrics: what it reached in the last of them.
        progress: optimiser and schedule, for going on; empty where that is not meant.
        data: what tells these data and this split from others.
    """

    model: str
    input_shape: list[int]
    classes: list[str]
    mode: str
    preprocessing: list[dict[str, Any]]
    weights: dict[str, Any]
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    data: str = ""


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Writes it, whole or not at all."""
    content = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}
    stream = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, **content}, stream)
    write_whole(path, stream.getvalue())


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Reads it to the CPU; nothing in the file is executed.

    Raises:
        CheckpointError: no such file, not a checkpoint of feedline's, or of a later version.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise CheckpointError(f"no such checkpoint: {name}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(name, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:
        raise CheckpointError(f"{name} is not a checkpoint of feedline's: it does not load as weights alone") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise CheckpointError(f"{name} is a checkpoint of another program: it does not say {FORMAT!r}")
    version = content.pop("version", None)
    if version != VERSION:
        raise CheckpointError(f"{name} is of version {version}; this feedline reads version {VERSION}")
    try:
        return Checkpoint(**content)
    except TypeError as error:
        raise CheckpointError(f"{name} is incomplete: {error}") from error
