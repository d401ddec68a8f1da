"""A trained translator on disk, as something that makes pictures of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch

from feedline import nn
from feedline.cli.side_words import side_words
from feedline.codecs import decode
from feedline.codecs.mask import decode_mask
from feedline.decoded_pairs import Moves
from feedline.deriving import derived
from feedline.errors import CheckpointError, DataError
from feedline.pairing import How
from feedline.rng import Key
from feedline.sides import Side
from feedline.train import Run, pick_device
from feedline.train.checkpoint import TranslationCheckpoint, load_checkpoint
from feedline.transforms import Compose, from_recipe
from feedline.transforms.showable import unnormalized
from feedline.types import Image, Mode

_COLOURS: dict[int, Mode] = {3: "RGB", 4: "RGBA"}
_TYPES = {"uint8": np.uint8, "uint16": np.uint16, "float32": np.float32}


@dataclass(frozen=True)
class Translator:
    """A generator with its weights, on its device; what goes in and comes out, and the preprocessing."""

    about: TranslationCheckpoint
    path: Path
    model: torch.nn.Module
    transform: Compose
    device: torch.device
    input: Side
    target: Side

    def read(self, data: bytes | Path, derive: bool = False) -> Image:
        """A picture, encoded or a file, as the input that the network was trained on, HxWxC.

        Args:
            data: the picture.
            derive: makes the input from it, as it was made in training.

        Raises:
            DecodeError: it cannot be decoded.
            DataError: it has other channels or another type.
        """
        if self.about.mask and self.about.direction == "BtoA":
            return self._required(decode_mask(data if isinstance(data, bytes) else data.read_bytes()))
        image = _decoded(data, self.target if derive else self.input)
        if derive and self.about.derive is not None:
            image = derived(image, self.about.derive)
        return self._required(image)

    def _required(self, image: Image) -> Image:
        found = image.shape[2], str(image.dtype)
        if found != (self.input.channels, self.input.dtype):
            raise DataError(
                f"it is {side_words(found[0], found[1])}, and the network was trained on "
                f"{side_words(self.input.channels, self.input.dtype)}"
            )
        if self.about.mask and self.about.direction == "BtoA" and image.max() > self.input.high:
            raise DataError(
                f"it has the number {image.max()}, and the masks that the network was trained on had none above "
                f"{self.input.high:g}"
            )
        return image

    def __call__(self, image: Image) -> Image:
        """The translation of one input, HxWxC -> HxWxK of the type of the targets, of the input's height and width."""
        numbers = self.numbers(image)
        with torch.inference_mode():
            made = self.model(numbers[None].to(self.device)).cpu()[0]
        shares = unnormalized(made, self.transform.transforms).clamp(0, 1).permute(1, 2, 0).numpy()
        return self._stored(self._resized(shares, image.shape[0], image.shape[1]))

    def numbers(self, image: Image) -> torch.Tensor:
        """As in training: CxHxW float32."""
        if not (self.about.mask and self.about.direction == "BtoA"):
            return cast(torch.Tensor, self.transform(image))
        other = np.zeros((*image.shape[:2], self.target.channels), _TYPES[self.target.dtype])
        moves = Moves(self.transform, How(direction="BtoA"))
        return cast(torch.Tensor, moves((image, other), Key(), self.input, None)[0])

    def _resized(self, shares: Image, height: int, width: int) -> Image:
        """Back to the size that the input had; a mask without mixing its numbers."""
        if shares.shape[:2] == (height, width):
            return shares
        smaller = height * width < shares.shape[0] * shares.shape[1]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        if self.about.mask and self.about.direction == "AtoB":
            way = cv2.INTER_NEAREST
        return cv2.resize(shares, (width, height), interpolation=way).reshape(height, width, -1)

    def _stored(self, shares: Image) -> Image:
        """Numbers of 0..1 as targets hold them."""
        scaled = shares * np.float32(self.target.high)
        if self.target.dtype == "float32":
            return np.ascontiguousarray(scaled, np.float32)
        return np.ascontiguousarray(np.floor(scaled + 0.5).astype(_TYPES[self.target.dtype]))


def _decoded(data: bytes | Path, side: Side) -> Image:
    """As its side says; greys become colours, and 16 bits 8, where that is what the side has."""
    mode = side.mode
    if mode == "unchanged" and side.dtype == "uint8" and side.channels in _COLOURS:
        mode = _COLOURS[side.channels]
    return decode(data, mode, dtype=None if mode == "unchanged" else "uint8")


def load_translator(run: Path, device: str, noise: int | None = None) -> Translator:
    """From a run folder (its best weights) or a checkpoint file.

    Args:
        run: one of them.
        device: where to compute.
        noise: a seed; dropout stays on, which is the generator's only noise, and draws from it.

    Raises:
        RunError, CheckpointError: there is none, or one that this program does not understand.
    """
    path = run if run.is_file() else Run(run).checkpoint()
    about = load_checkpoint(path, TranslationCheckpoint)
    try:
        model = nn.generator(**about.generator)
        model.load_state_dict(about.weights)
        sides = Side(**about.input), Side(**about.target)
    except (ValueError, RuntimeError, TypeError) as error:
        raise CheckpointError(f"{path} does not hold the weights of its {about.generator}: {error}") from error
    place = pick_device(device)
    model.to(place).eval()
    if noise is not None and not about.generator.get("dropout"):
        raise DataError(f"{path} has no noise to leave on: it was trained without dropout")
    if noise is not None:
        torch.manual_seed(noise)
        for part in model.modules():
            if isinstance(part, torch.nn.Dropout):
                part.train()
    return Translator(about, path, model, from_recipe(about.preprocessing), place, *sides)
