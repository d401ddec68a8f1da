"""A sheet of the same validation pairs after each epoch."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from ignite.engine import Engine, Events
from torch import nn

from feedline.train.events import RunEvents, told
from feedline.train.runs import Run
from feedline.train.translation.sheets import Shown, pair_sheet, picture, translated
from feedline.transforms import Compose

FOLDER = "epochs"
_PAIRS = 8
_FIRST = 12  # pairs of the first batch that are shown


class PairPictures:
    """``epochs/0001.png`` and so on, and ``train_batch.png`` from the first batch.

    Args:
        run: where they go.
        dataset: map-style, of (input, target): the validation pairs, of which up to eight are shown, evenly spaced.
        transform: what they have gone through, for undoing it.
        model: the generator.
        device: where it is.
    """

    def __init__(self, run: Run, dataset: Any, transform: Compose, model: nn.Module, device: torch.device) -> None:
        self._run, self._transform, self._model, self._device = run, transform, model, device
        places = np.unique(np.linspace(0, len(dataset) - 1, _PAIRS).astype(np.int64))
        self._places: list[int] = places.tolist()
        self._dataset = dataset
        self._pairs: list[tuple[torch.Tensor, torch.Tensor]] = []

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED(once=1), self._first_batch)
        engine.add_event_handler(RunEvents.EPOCH_JUDGED, self._epoch)

    def draw(self, name: str, title: str) -> None:
        """The sheet of what the generator makes now."""
        self._pairs = self._pairs or [self._dataset[place] for place in self._places]
        outputs = translated(self._model, [pair[0] for pair in self._pairs], self._device)
        shown = [
            self._shown(place, *pair, output)
            for place, pair, output in zip(self._places, self._pairs, outputs, strict=True)
        ]
        self._run.write(name, pair_sheet(shown, title))

    def _shown(self, place: int, one: torch.Tensor, other: torch.Tensor, output: torch.Tensor) -> Shown:
        return Shown(str(place), *(picture(each, self._transform) for each in (one, output, other)))

    def _epoch(self, engine: Engine) -> None:
        row = told(engine).row
        (self._run.path / FOLDER).mkdir(exist_ok=True)
        self.draw(f"{FOLDER}/{row.epoch:04d}.png", f"validation pairs after epoch {row.epoch}: {row.words}")

    def _first_batch(self, engine: Engine) -> None:
        if (self._run.path / "train_batch.png").exists():  # a run that goes on
            return
        inputs, targets = cast(Any, engine.state.batch)
        shown = [
            Shown(str(place), picture(inputs[place], self._transform), target=picture(targets[place], self._transform))
            for place in range(min(_FIRST, len(inputs)))
        ]
        title = "the first training batch, as the network saw it"
        self._run.write("train_batch.png", pair_sheet(shown, title))
