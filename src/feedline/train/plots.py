"""Pictures of a run, drawn without a screen and without pyplot's global state."""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from feedline.train.rows import EpochRow, Row
from feedline.types import Image

_RIGHT, _WRONG, _PLAIN, _LINED = "#1a7f37", "#c62828", "#222222", "#999999"
_NUMBERED = 20  # classes up to which a confusion matrix carries its counts
_NAMED = 60  # classes up to which it carries their names
_DPI = 110
_GAP, _LINE, _TITLE, _LETTER = 10, 14, 32, 7  # of a sheet, in pixels
_TITLE_LINE, _TITLE_LETTER = 18, 8


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
    plot_feeding(feeding, epochs, rows)
    over_epochs(loss, accuracy, feeding)
    return as_png(figure)


def over_epochs(*charts: Axes) -> None:
    """Charts whose horizontal axis is the epoch."""
    for axes in charts:
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)


def plot_feeding(axes: Axes, epochs: list[int], rows: Sequence[EpochRow]) -> None:
    """Images a second, and the share of the time that was waited for them."""
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
    return as_png(figure)


def plot_sheet(
    images: Image | Sequence[Image],
    captions: Sequence[str],
    right: Sequence[bool] | None = None,
    title: str = "",
    *,
    columns: int = 8,
    tile: int = 140,
    frame: bool = False,
) -> bytes:
    """Images in rows, captions green or red where ``right`` says, as PNG.

    Args:
        images: HxWxC uint8 each, not necessarily of one shape.
        captions: one an image, of at most two lines; what is longer is cut.
        right: whether a caption is green.
        title: above all, in as many lines as it needs.
        columns: images in a row, at most.
        tile: pixels of an image's longer side; one that has so many already is shown as it is.
        frame: whether a grey line is around each image that has a caption; it may be white as the paper.
    """
    words = [_wrapped(caption, max(round(tile / _LETTER), 2)) for caption in _legible(captions)]
    columns = min(columns, max(1, len(images)))
    rows = max(1, math.ceil(len(images) / columns))
    heading, head = _heading(title, columns * (tile + _GAP))
    foot = _LINE * max((word.count("\n") + 1 for word in words), default=1) + _GAP
    high = max((max(round(tile * image.shape[0] / max(image.shape[:2])), 1) for image in images), default=tile)
    width, height = columns * (tile + _GAP) + _GAP, head + rows * (high + foot) + _GAP
    figure = Figure(figsize=(width / _DPI, height / _DPI))
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        left, bottom = _GAP + column * (tile + _GAP), height - head - (row + 1) * (high + foot)
        tall, wide = (max(round(side * tile / max(image.shape[:2])), 1) for side in image.shape[:2])
        axes = figure.add_axes(((left + (tile - wide) // 2) / width, bottom / height, wide / width, tall / height))
        _show(axes, image, small=tile >= max(image.shape[:2]))
        if frame and captions[place]:
            figure.add_artist(_around(axes.get_position(), width, height))
        color = _PLAIN if right is None else _RIGHT if right[place] else _WRONG
        middle = (left + tile / 2) / width, (bottom + tall + 4) / height
        figure.text(*middle, words[place], fontsize=8, color=color, ha="center", va="bottom", linespacing=1)
    figure.text(0.5, 1 - 6 / height, heading, fontsize=10, ha="center", va="top")
    return as_png(figure)


def _around(box: Bbox, width: int, height: int) -> Rectangle:
    """A line of one pixel, outside of what it is around."""
    corner = box.x0 - 0.5 / width, box.y0 - 0.5 / height
    sides = box.width + 1 / width, box.height + 1 / height
    return Rectangle(corner, *sides, fill=False, edgecolor=_LINED, linewidth=72 / _DPI, snap=False)


def _heading(title: str, width: int) -> tuple[str, int]:
    """The title in lines of so many pixels, and how high they are."""
    lines = textwrap.wrap(title, max(width // _TITLE_LETTER, 1))
    return "\n".join(lines), _TITLE + (len(lines) - 1) * _TITLE_LINE if lines else 0


def _wrapped(caption: str, letters: int) -> str:
    lines = [part for line in caption.split("\n") for part in (textwrap.wrap(line, letters) or [""])]
    if len(lines) > 2:
        lines = [lines[0], lines[1][: letters - 1] + "\N{HORIZONTAL ELLIPSIS}"]
    return "\n".join(lines)


def _show(axes: Axes, image: Image, small: bool) -> None:
    """Pixels as squares where there are fewer than are shown, else averaged."""
    axes.axis("off")
    interpolation = "nearest" if small else "antialiased"
    if image.shape[2] in (1, 2):
        axes.imshow(image[:, :, 0], cmap="gray", vmin=0, vmax=255, interpolation=interpolation, aspect="auto")
    else:
        axes.imshow(image, interpolation=interpolation, aspect="auto")


def _legible(names: Sequence[str]) -> list[str]:
    """Names of files and folders may hold bytes that are no text."""
    return [name.encode("utf-8", "replace").decode() for name in names]


def as_png(figure: Figure) -> bytes:
    """The figure's bytes; dollar signs in its texts are dollar signs."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in another script is drawn as boxes
        figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return stream.getvalue()
