"""Sheets of what the network really saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.utils.data import default_collate

from feedline.train.plots import plot_confusion, plot_sheet
from feedline.train.preprocess import showable
from feedline.train.runs import Run
from feedline.transforms import Compose

_MOST = 40  # pictures on a sheet


class Pictures:
    """``train_batch.png`` from the first batch that is trained on; the others when the run is over."""

    def __init__(self, run: Run, classes: Sequence[str], transform: Compose) -> None:
        self._run = run
        self._classes = classes
        self._transform = transform

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED(once=1), self._first_batch)

    def _first_batch(self, engine: Engine) -> None:
        if (self._run.path / "train_batch.png").exists():  # a run that goes on
            return
        images, labels = cast(Any, engine.state.batch)
        pixels = showable(images[:_MOST], self._transform)
        captions = [self._caption(label) for label in labels[:_MOST].tolist()]
        title = "the first training batch, as the network saw it"
        self._run.write("train_batch.png", plot_sheet(pixels, captions, title=title))

    def _caption(self, label: int | list[float]) -> str:
        """Of its class, or of the two that have the largest shares in it, with these."""
        if isinstance(label, int):
            return self._classes[label]
        largest = sorted(range(len(label)), key=lambda each: -label[each])[:2]
        return " + ".join(f"{self._classes[each]} {label[each]:.0%}" for each in largest if label[each] > 0)

    def predictions(self, model: nn.Module, dataset: Any, device: torch.device) -> None:
        """``val_batch_pred.png``: validation images, evenly spaced, with what they are and what the network says.

        Args:
            model: the network.
            dataset: map-style, of (image, label).
            device: where the network is.
        """
        spread = np.unique(np.linspace(0, len(dataset) - 1, _MOST).astype(np.int64))
        images, numbers = default_collate([dataset[index] for index in spread.tolist()])
        labels = numbers.tolist()
        model.eval()
        with torch.inference_mode():
            guesses = model(images.to(device)).argmax(dim=1).tolist()
        captions = [
            self._classes[label] if label == guess else f"{self._classes[label]}, not {self._classes[guess]}"
            for label, guess in zip(labels, guesses, strict=True)
        ]
        right = [label == guess for label, guess in zip(labels, guesses, strict=True)]
        title = "validation images: the class, and in red what the network took it for"
        self._run.write("val_batch_pred.png", plot_sheet(showable(images, self._transform), captions, right, title))

    def confusion(self, counts: torch.Tensor) -> None:
        """``confusion_matrix.png``."""
        self._run.write("confusion_matrix.png", plot_confusion(counts, self._classes))
