"""A trained network with all that is needed to use it."""

from __future__ import annotations

import io
import os
import warnings
from dataclasses import dataclass, field, fields
from typing import IO, Any, TypeVar, overload

import torch

from feedline._atomic import write_whole
from feedline.errors import CheckpointError

FORMAT = "feedline checkpoint"
VERSION = 1

C = TypeVar("C", bound="AnyCheckpoint")


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


@dataclass(frozen=True)
class TranslationCheckpoint:
    """Weights of a network from images to images, and what must go with them.

    Attributes:
        generator: what :func:`feedline.nn.generator` needs: name, in_channels, out_channels, width, norm, dropout.
        direction: "AtoB" or "BtoA".
        derive: how inputs were made from their targets; None where they are files.
        input: what inputs are: channels, dtype, mode, high.
        target: what targets are.
        preprocessing: the transforms of evaluation, as data.
        weights: the generator's state dict.
        epoch: how many epochs it has seen.
        metrics: what it reached in the last of them.
        progress: discriminator, optimisers and schedule, for going on; empty where that is not meant.
        data: what tells these data and this split from others.
        mask: whether B is a mask, whose numbers are never mixed.
    """

    generator: dict[str, Any]
    direction: str
    derive: str | None
    input: dict[str, Any]
    target: dict[str, Any]
    preprocessing: list[dict[str, Any]]
    weights: dict[str, Any]
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    mask: bool = False


AnyCheckpoint = Checkpoint | TranslationCheckpoint
_TASKS: dict[str, type[AnyCheckpoint]] = {"classify": Checkpoint, "translate": TranslationCheckpoint}


def save_checkpoint(path: str | os.PathLike[str], checkpoint: AnyCheckpoint) -> None:
    """Writes it, whole or not at all."""
    content = {each.name: getattr(checkpoint, each.name) for each in fields(checkpoint)}
    stream = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, "task": _task_of(type(checkpoint)), **content}, stream)
    write_whole(path, stream.getvalue())


@overload
def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint: ...


@overload
def load_checkpoint(path: str | os.PathLike[str], kind: type[C]) -> C: ...


def load_checkpoint(path: str | os.PathLike[str], kind: type[Any] = Checkpoint) -> Any:
    """Reads one of this kind to the CPU; nothing in the file is executed.

    Raises:
        CheckpointError: no such file, not a checkpoint of feedline's, of a later version, or for another task.
    """
    found = read_checkpoint(path)
    if not isinstance(found, kind):
        has, task = _task_of(type(found)), _task_of(kind)
        raise CheckpointError(f"{os.fspath(path)} is of a network trained to {has}; this needs one trained to {task}")
    return found


def read_checkpoint(path: str | os.PathLike[str]) -> AnyCheckpoint:
    """Reads one of any kind to the CPU; nothing in the file is executed.

    Raises:
        CheckpointError: as :func:`load_checkpoint`.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise CheckpointError(f"no such checkpoint: {name}")
    with open(name, "rb") as stream:
        content = _loaded(stream, name)
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise CheckpointError(f"{name} is a checkpoint of another program: it does not say {FORMAT!r}")
    version = content.pop("version", None)
    if version != VERSION:
        raise CheckpointError(f"{name} is of version {version}; this feedline reads version {VERSION}")
    task = content.pop("task", "classify")  # before there were others, none was written
    if task not in _TASKS:
        raise CheckpointError(f"{name} is for the task {task!r}; this feedline knows {', '.join(_TASKS)}")
    try:
        return _TASKS[task](**content)
    except TypeError as error:
        raise CheckpointError(f"{name} is incomplete: {error}") from error


def _loaded(stream: IO[bytes], name: str) -> Any:
    """What is in an open file; of a damaged one torch may raise anything, OSError too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(f"{name} is not a checkpoint of feedline's: it does not load as weights alone") from error


def _task_of(kind: type[Any]) -> str:
    return next(task for task, known in _TASKS.items() if known is kind)
