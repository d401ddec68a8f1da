"""A run or a checkpoint on disk, as a network that is ready to use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from feedline import nn
from feedline.errors import CheckpointError
from feedline.train import Checkpoint, Run, load_checkpoint, pick_device
from feedline.train.checkpoint import TranslationCheckpoint, read_checkpoint
from feedline.transforms import Compose, from_recipe


@dataclass(frozen=True)
class Trained:
    """A network with its weights, on its device, in evaluation mode; and the preprocessing that it was trained with."""

    about: Checkpoint
    path: Path
    model: torch.nn.Module
    transform: Compose
    device: torch.device

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """NxCxHxW float32 -> N x classes, on the CPU."""
        with torch.inference_mode():
            logits: torch.Tensor = self.model(images.to(self.device)).cpu()
        return logits


def load_trained(run: Path, device: str) -> Trained:
    """From a run folder (its best weights) or a checkpoint file.

    Raises:
        RunError, CheckpointError: there is none, or one that this program does not understand.
    """
    path = run if run.is_file() else Run(run).checkpoint()
    about = load_checkpoint(path)
    try:
        model = nn.build(about.model, about.input_shape, len(about.classes))
        model.load_state_dict(about.weights)
    except (ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not hold the weights of its {about.model!r}: {error}") from error
    place = pick_device(device)
    arguments: dict[str, Any] = {"memory_format": torch.channels_last}
    return Trained(about, path, model.to(place, **arguments).eval(), from_recipe(about.preprocessing), place)


def task_of_run(run: Path) -> str:
    """What the network of a run folder or a checkpoint was trained to do: "classify" or "translate".

    Raises:
        RunError, CheckpointError: as :func:`load_trained`.
    """
    path = run if run.is_file() else Run(run).checkpoint()
    return "translate" if isinstance(read_checkpoint(path), TranslationCheckpoint) else "classify"
