"""Pictures of a run, drawn without a screen and without pyplot's global state."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from feedline.train.runs import Row
from feedline.types import Image

_RIGHT, _WRONG, _PLAIN = "#1a7f37", "#c62828", "#222222"
_NUMBERED = 20  # classes up to which a confusion matrix carries its counts
_NAMED = 60  # classes up to which it carries their names


def plot_results(rows: Sequence[Row]) -> bytes:
    """Losses, accuracy and feeding over the epochs, as PNG."""
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    loss, accuracy, feeding = figure.subplots(1, 3)
    epochs = [row.epoch for row in rows]
    loss.plot(epochs, [row.train_loss for row in rows], ".-", label="training")
    loss.plot(epochs, [row.val_loss for row in rows], ".-", label="validation")
    loss.set_title("loss (cross-entropy)")
    loss.legend()
    accuracy.plot(epochs, [100 * row.val_accuracy for row in rows], ".-", color=_RIGHT)
    accuracy.set_title(f"validation accuracy, best {max(100 * row.val_accuracy for row in rows):.2f} %")
    _plot_feeding(feeding, epochs, rows)
    for axes in (loss, accuracy, feeding):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    return _png(figure)


def _plot_feeding(axes: Axes, epochs: list[int], rows: Sequence[Row]) -> None:
    axes.plot(epochs, [row.images_per_second for row in rows], ".-")
    axes.set_ylim(bottom=0)
    axes.set_title("images a second, and share of time waited for data", fontsize="medium")
    share = axes.twinx()
    share.plot(epochs, [100 * row.data_wait_share for row in rows], ".--", color=_WRONG)
    share.set_ylim(0, 100)
    share.set_ylabel("waited (%)", color=_WRONG)


def plot_confusion(confusion: torch.Tensor, classes: Sequence[str]) -> bytes:
    """Counts of (true, predicted), each row coloured by its shares, as PNG."""
    classes = _legible(classes)
    counts = confusion.numpy().astype(np.int64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(4 + 0.35 * len(classes), 16)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{int(counts.trace()):,} of {int(counts.sum()):,} right")
    if len(classes) <= _NAMED:
        axes.set_xticks(range(len(classes)), classes, rotation=90 if max(map(len, classes)) > 2 else 0)
        axes.set_yticks(range(len(classes)), classes)
    if len(classes) <= _NUMBERED:
        for row, column in zip(*np.nonzero(counts), strict=True):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color)
    return _png(figure)


def plot_sheet(images: Image, captions: Sequence[str], right: Sequence[bool] | None = None, title: str = "") -> bytes:
    """Images (NxHxWxC uint8) in rows of at most eight, captions green or red where ``right`` says, as PNG."""
    captions = _legible(captions)
    columns = min(8, max(1, len(images)))
    rows = max(1, math.ceil(len(images) / columns))
    figure = Figure(figsize=(1.35 * columns, 1.6 * rows + 0.5), layout="constrained")
    grid = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    for place, axes in enumerate(grid):
        axes.axis("off")
        if place < len(images):
            _show(axes, images[place])
            color = _PLAIN if right is None else _RIGHT if right[place] else _WRONG
            axes.set_title(captions[place], fontsize=8, color=color)
    if title:
        figure.suptitle(title, fontsize=10)
    return _png(figure)


def _show(axes: Axes, image: Image) -> None:
    if image.shape[2] in (1, 2):
        axes.imshow(image[:, :, 0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    else:
        axes.imshow(image, interpolation="nearest")


def _legible(names: Sequence[str]) -> list[str]:
    """Names of files and folders may hold bytes that are no text."""
    return [name.encode("utf-8", "replace").decode() for name in names]


def _png(figure: Figure) -> bytes:
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in another script is drawn as boxes
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
